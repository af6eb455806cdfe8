import { isIsoTime } from "./ttl.ts";
import { isRecord } from "./type-guards.ts";

/**
 * A row of the usage table: an entry and its use. It is opened when the entry is created, and closed instead of
 * deleted when the entry is deleted, so that cost reports include deleted entries.
 */
export interface UsageRow {
  readonly stagingId: string;
  /** Instances that downloaded the data, and the number of downloads. */
  readonly instanceCount: number;
  readonly downloadCount: number;
  readonly instancesByRegion: Readonly<Record<string, number>>;
  readonly closedAt: Date | undefined;
}

export const USAGE_KEY = "staging_id";
/** Counters that workers increment; the provider owns the other attributes. */
export const INSTANCE_COUNT = "instance_count";
export const DOWNLOAD_COUNT = "download_count";
/** Counter of one region: the region's code after this prefix. */
export const INSTANCES_IN_PREFIX = "instances_in_";

/** The maximum count of instances or downloads. */
const MAX_COUNT = 1_000_000_000;
/** The code of any AWS region, also one without staging. */
const REGION_CODE = /^[a-z]{2,3}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/;

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= MAX_COUNT;

const countersOf = (row: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(row).filter((attribute) => attribute.startsWith(INSTANCES_IN_PREFIX));

/** The first invalid counter of a row: not a count, or not a region; undefined if all are valid. */
export function wrongCounter(row: Readonly<Record<string, unknown>>): string | undefined {
  const byRegion = countersOf(row);
  return (
    [INSTANCE_COUNT, DOWNLOAD_COUNT, ...byRegion].find(
      (attribute) => row[attribute] !== undefined && !isCount(row[attribute]),
    ) ?? byRegion.find((attribute) => !REGION_CODE.test(attribute.slice(INSTANCES_IN_PREFIX.length)))
  );
}

/**
 * Parses a row, unmarshalled to plain values. Absent counters are zero: no worker has changed them yet. {@link
 * wrongCounter Invalid} counters are zero, too: every worker can write to the row, and a list must not fail because
 * of one.
 */
export function parseUsageRow(item: unknown): UsageRow {
  const row = isRecord(item) ? item : {};
  const count = (attribute: string): number => {
    const value = row[attribute];
    return isCount(value) ? value : 0;
  };
  const byRegion = countersOf(row)
    .map((attribute) => [attribute.slice(INSTANCES_IN_PREFIX.length), count(attribute)] as const)
    .filter(([region]) => REGION_CODE.test(region));
  const closed = isIsoTime(row["closed_at"]) ? row["closed_at"] : undefined;
  return {
    stagingId: String(row[USAGE_KEY] ?? ""),
    instanceCount: count(INSTANCE_COUNT),
    downloadCount: count(DOWNLOAD_COUNT),
    instancesByRegion: Object.fromEntries(byRegion),
    closedAt: closed === undefined ? undefined : new Date(closed),
  };
}
