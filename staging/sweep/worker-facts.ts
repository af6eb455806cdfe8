import { TTL_TAG } from "../classes.ts";
import { bucketOf, type EnvironmentSettings } from "../environment.ts";
import type { Region } from "../regions.ts";
import type { SweepId } from "./id.ts";
import { LOG_TTL_DAYS, type LogPlace } from "./names.ts";
import type { SweepDataset, SweepSpec } from "./spec.ts";

/**
 * What a worker knows from its start; it is the same in all regions. Everything else is in the sweeps table: the command, its time limit,
 * the retries, the deadline and where results go in the item `meta`, parameters in the items of the indices.
 */
export interface WorkerFacts {
  readonly sweepId: SweepId;
  /** The sweeps table; all tables are in `tableRegion`. */
  readonly table: string;
  readonly tableRegion: Region;
  /** The table that counts downloads of datasets of the sweep's own account. */
  readonly usageTable: string;
  readonly datasets: readonly SweepDataset[];
  /** The bucket for logs, of each region of the sweep. */
  readonly logBuckets: readonly LogPlace[];
  /** The object tag by which a lifecycle rule of that bucket removes a log. */
  readonly logTtlTag: { readonly key: string; readonly value: string };
}

/**
 * What the workers of a sweep know.
 * @throws InputError when the environment has no bucket in a region of the sweep
 */
export function workerFacts(spec: SweepSpec, environment: EnvironmentSettings): WorkerFacts {
  const { id, datasets } = spec;
  const { sweepsTable, tableRegion, usageTable } = environment;
  return {
    ...{ sweepId: id, table: sweepsTable, tableRegion, usageTable, datasets },
    logBuckets: logPlaces(spec, environment),
    logTtlTag: { key: TTL_TAG, value: String(LOG_TTL_DAYS) },
  };
}

/** Where the workers of each region write their logs. @throws InputError when the environment has no bucket there */
export const logPlaces = (
  { regions }: Pick<SweepSpec, "regions">,
  environment: EnvironmentSettings,
): LogPlace[] => regions.map(({ region }) => ({ region, bucket: bucketOf(environment, region) }));

/** The scripts of `worker/`, as they are in the repository. */
export interface WorkerTemplates {
  /** `boot.sh`: the user data themselves. */
  readonly boot: string;
  /** `worker.sh`: claims and runs indices. */
  readonly worker: string;
  /** `stage.sh`: downloads a dataset. */
  readonly stage: string;
}
