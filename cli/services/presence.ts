import type {
  Expected,
  RegionCopy,
  RegionPresence,
  RegionState,
} from "../../provider/transfer/presence/region.ts";
import type { StagingRecord } from "../../staging/record.ts";
import { isoSeconds } from "../../staging/ttl.ts";
import type { Context } from "../context.ts";

export type { RegionPresence, RegionState };

/**
 * Looks whether each region of an entry holds what its record says, without reading the data: see
 * `provider/transfer/presence/check.ts`.
 * @returns one result for each region, in the record's order; a region that cannot be asked is a result, not an error
 */
export async function regionPresence(
  context: Context,
  record: StagingRecord,
  signal: AbortSignal = new AbortController().signal,
): Promise<RegionPresence[]> {
  const { checkPresence } = await import("../../provider/transfer/presence/check.ts");
  return checkPresence(expectedOf(record), await copiesOf(context, record), signal);
}

/** Whether every region holds what was staged. */
export const isWhole = (regions: readonly RegionPresence[]): boolean =>
  regions.every(({ state }) => state === "whole");

/** What each region of an entry must hold. */
export const expectedOf = (record: StagingRecord): Expected => ({
  ...record,
  uploadedAt: isoSeconds(record.uploadedAt),
});

/** Where the copies of an entry are, the primary region first. */
export function copiesOf(context: Context, { regions, buckets }: StagingRecord): Promise<RegionCopy[]> {
  return Promise.all(
    regions.map(async (region, at) => ({
      region,
      bucket: buckets[at] ?? "",
      client: await context.s3(region),
    })),
  );
}
