import type { Counts, DayCost, Entry, Presence, RegionPresence, Transfer } from "./snapshot.ts";
import { expiryOf } from "./time.ts";

/** The figures of one region. */
interface RegionSummary {
  readonly region: string;
  readonly bucket: string;
  readonly entries: number;
  readonly bytes: number;
  /** Entries whose data are missing, different or not reachable there. */
  readonly damaged: number;
}

/** The state of an entry's data in a region; undefined if they were not checked yet. Expired data may be missing. */
export function presenceIn(
  entry: Entry,
  region: string,
  presence: Presence | null,
  now: number,
): RegionPresence | undefined {
  const found = presence?.[entry.id]?.[region];
  const mayBeMissing = expiryOf(entry, now) === "expired" || entry.isDeleting;
  return found?.state === "missing" && mayBeMissing ? undefined : found;
}

export const isDamaged = (found: RegionPresence | undefined): boolean =>
  found !== undefined && found.state !== "whole";

/** Whether the data of an entry are damaged in a region. */
export const hasDamage = (entry: Entry, presence: Presence | null, now: number): boolean =>
  entry.regions.some((region) => isDamaged(presenceIn(entry, region, presence, now)));

/** The regions of the environment, then others that have entries. */
export function summariseRegions(
  regions: readonly { readonly region: string; readonly bucket: string }[],
  entries: readonly Entry[],
  presence: Presence | null,
  now: number,
): RegionSummary[] {
  const known = new Set(regions.map(({ region }) => region));
  const others = new Set(entries.flatMap((entry) => entry.regions).filter((region) => !known.has(region)));
  return [...regions, ...[...others].map((region) => ({ region, bucket: "" }))].map(({ region, bucket }) => {
    const there = entries.filter((entry) => entry.regions.includes(region));
    return {
      ...{ region, bucket, entries: there.length },
      bytes: there.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      damaged: there.filter((entry) => isDamaged(presenceIn(entry, region, presence, now))).length,
    };
  });
}

/** The arrived part of an upload in one region, from 0 to 1; undefined if the region does not respond. */
export function arrivedShare(
  { sizeBytes, fileCount }: Pick<Transfer, "sizeBytes" | "fileCount">,
  { bytes, files }: Transfer["regions"][number],
): number | undefined {
  if (bytes === null) return undefined;
  // Without bytes, only empty files can be counted.
  const [done, all] = sizeBytes > 0 ? [bytes, sizeBytes] : [files ?? 0, fileCount];
  return all === 0 ? 1 : Math.min(1, done / all);
}

/** The whole cost of a day. */
export const totalOf = ({ storage, replication, requests }: DayCost): number =>
  storage + replication + requests;

/** Indices that have ended. */
export const endedOf = ({ done, failed, cancelled }: Counts): number => done + failed + cancelled;
