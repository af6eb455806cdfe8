import { TTL_TAG } from "../classes.ts";
import { bucketOf, type EnvironmentSettings } from "../environment.ts";
import type { Region } from "../regions.ts";
import type { SweepId } from "./id.ts";
import { LOG_TTL_DAYS, type LogPlace } from "./names.ts";
import type { SweepDataset, SweepSpec } from "./spec.ts";

/**
 * Facts that a worker has from its start, the same in all regions. The sweeps table has everything else: the item
 * `meta` has the command, its time limit, the retries, the deadline and the destination of results; the items of the
 * indices have the parameters.
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
  /** The object tag by which a lifecycle rule of that bucket deletes a log. */
  readonly logTtlTag: { readonly key: string; readonly value: string };
}

/**
 * The facts for the workers of a sweep.
 * @throws InputError if the environment has no bucket in a region of the sweep
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

/** The location of the logs of each region's workers. @throws InputError if the environment has no bucket there */
export const logPlaces = (
  { regions }: Pick<SweepSpec, "regions">,
  environment: EnvironmentSettings,
): LogPlace[] => regions.map(({ region }) => ({ region, bucket: bucketOf(environment, region) }));

/** The scripts of `worker/`. */
export interface WorkerTemplates {
  /** `boot.sh`: the user data themselves. */
  readonly boot: string;
  /** `worker.sh`: claims and runs indices. */
  readonly worker: string;
  /** `stage.sh`: downloads a dataset. */
  readonly stage: string;
}
