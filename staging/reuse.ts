import type { EntrySpec } from "./entry.ts";
import { storedName } from "./entry.ts";
import type { StagingRecord } from "./record.ts";
import { expiresAt, MS_PER_DAY, type TtlDays } from "./ttl.ts";

/** The minimum share of the requested TTL that a reused entry must have left. */
const TTL_SHARE = 0.9;

/**
 * Whether an entry with the same data can replace an upload: the same name, destination, sweep and readers, every
 * region, and at least {@link TTL_SHARE} of the TTL left.
 * @returns the mismatch, as text; undefined if the entry fits
 */
export function reuseMismatch(record: StagingRecord, wanted: EntrySpec, now: Date): string | undefined {
  const name = storedName(wanted);
  if (record.filename !== name) return `its name is ${record.filename}, not ${name}`;
  const lacking = wanted.regions.filter((region) => !record.regions.includes(region));
  if (lacking.length > 0) return `it is not in ${lacking.join(", ")}`;
  if (record.destination !== wanted.destination) {
    return `its destination is ${record.destination}, not ${wanted.destination}`;
  }
  if (record.sweepId !== wanted.sweepId) {
    return record.sweepId === undefined
      ? `it does not belong to the sweep ${wanted.sweepId}`
      : `it belongs to the sweep ${record.sweepId}`;
  }
  const readers = [...record.allowAccounts].sort().join(", ");
  if (readers !== [...wanted.allowAccounts].sort().join(", ")) {
    return readers === "" ? "it is not shared with these accounts" : `it is shared with ${readers}`;
  }
  return expiryMismatch(record, wanted.ttl, now);
}

/**
 * Whether an entry has at least {@link TTL_SHARE} of a TTL left.
 * @returns the mismatch, as text; undefined if it has
 */
export function expiryMismatch(
  { uploadedAt, ttl }: Pick<StagingRecord, "uploadedAt" | "ttl">,
  wanted: TtlDays,
  now: Date,
): string | undefined {
  const left = expiresAt(uploadedAt, ttl).getTime() - now.getTime();
  if (left >= TTL_SHARE * wanted * MS_PER_DAY) return undefined;
  const days = Math.max(0, Math.floor((left / MS_PER_DAY) * 10) / 10);
  return `it expires in ${days} days, and ${TTL_SHARE * 100} % of ${wanted} days are required`;
}
