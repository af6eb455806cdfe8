import { TTL_TAG } from "../classes.ts";
import { bucketOf, type EnvironmentSettings } from "../environment.ts";
import type { Region } from "../regions.ts";
import type { SweepId } from "./id.ts";
import type { Retries } from "./index-state.ts";
import { LOG_TTL_DAYS, type LogPlace } from "./names.ts";
import type { SweepDataset, SweepSpec } from "./spec.ts";

/** What a worker knows from its start. The command and the parameters are in the sweeps table: user data are small, and readable on the instance. */
export interface WorkerFacts {
  readonly sweepId: SweepId;
  readonly sweepName: string;
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
  /** See {@link SweepSpec.results}. */
  readonly results?: string;
  /** For the command of one index. Absent: until the deadline. */
  readonly timeoutSeconds?: number;
  readonly retries: Retries;
}

/**
 * What the workers of a sweep know.
 * @throws InputError when the environment has no bucket in a region of the sweep
 */
export function workerFacts(spec: SweepSpec, environment: EnvironmentSettings): WorkerFacts {
  const { id, name, datasets, results, timeoutSeconds, retries } = spec;
  const { sweepsTable, tableRegion, usageTable } = environment;
  return {
    ...{ sweepId: id, sweepName: name, table: sweepsTable, tableRegion, usageTable, datasets, retries },
    logBuckets: logPlaces(spec, environment),
    logTtlTag: { key: TTL_TAG, value: String(LOG_TTL_DAYS) },
    ...(results === undefined ? {} : { results }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  };
}

/** Where the workers of each region write their logs. @throws InputError when the environment has no bucket there */
export const logPlaces = (
  { regions }: Pick<SweepSpec, "regions">,
  environment: EnvironmentSettings,
): LogPlace[] => regions.map(({ region }) => ({ region, bucket: bucketOf(environment, region) }));
