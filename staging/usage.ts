import { isRecord } from "./environment.ts";

/**
 * A row of the usage table: what an entry was and who used it. It is opened when the entry is made and closed, not
 * deleted, when it goes, so that cost reports count entries deleted since.
 */
export interface UsageRow {
  readonly stagingId: string;
  /** Instances that fetched the data, and downloads that they made. */
  readonly instanceCount: number;
  readonly downloadCount: number;
  readonly instancesByRegion: Readonly<Record<string, number>>;
  readonly closedAt: Date | undefined;
}

export const USAGE_KEY = "staging_id";
/** Counters that workers bump; the row's other attributes are the provider's. */
export const INSTANCE_COUNT = "instance_count";
export const DOWNLOAD_COUNT = "download_count";
/** Counter of one region: the region's code after this prefix. */
export const INSTANCES_IN_PREFIX = "instances_in_";

/** Parses a row, unmarshalled to plain values. Counters that are absent are zero: nobody has bumped them yet. */
export function parseUsageRow(item: unknown): UsageRow {
  const row = isRecord(item) ? item : {};
  const count = (attribute: string): number => {
    const value = row[attribute];
    return typeof value === "number" ? value : 0;
  };
  const byRegion = Object.keys(row)
    .filter((attribute) => attribute.startsWith(INSTANCES_IN_PREFIX))
    .map((attribute) => [attribute.slice(INSTANCES_IN_PREFIX.length), count(attribute)] as const);
  const closed = row["closed_at"];
  return {
    stagingId: String(row[USAGE_KEY] ?? ""),
    instanceCount: count(INSTANCE_COUNT),
    downloadCount: count(DOWNLOAD_COUNT),
    instancesByRegion: Object.fromEntries(byRegion),
    closedAt: typeof closed === "string" ? new Date(closed) : undefined,
  };
}
