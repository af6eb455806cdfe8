import type { AccountId } from "./accounts.ts";
import type { Destination } from "./destination.ts";
import { InputError } from "./errors.ts";
import type { StagingRecord } from "./record.ts";
import type { Region, RegionList } from "./regions.ts";
import { expiresAt, isoSeconds, MAX_TTL_DAYS, MS_PER_DAY, type TtlDays } from "./ttl.ts";

/** The properties of a staged entry that can change without staging the data again. */
export type EntryState = Pick<StagingRecord, "regions" | "destination" | "ttl" | "sweepId" | "allowAccounts">;

/** The requested changes; absent properties stay unchanged. */
export interface EntryChanges {
  /** All regions that the entry should have, the primary region first. */
  readonly regions?: RegionList;
  readonly destination?: Destination;
  /** Total days from the upload. */
  readonly ttl?: TtlDays;
  /** `null`: no sweep. */
  readonly sweepId?: string | null;
  /** Empty: not shared. */
  readonly allowAccounts?: readonly AccountId[];
}

/**
 * The entry after the update.
 * @throws InputError if it has expired, would expire at once, or would lose its primary region
 */
export function changedState(record: StagingRecord, changes: EntryChanges, now: Date): EntryState {
  const { sweepId, ttl = record.ttl } = changes;
  refuseExpired(record, now);
  refuseEndedTtl(record, ttl, now);
  return {
    regions: changes.regions === undefined ? record.regions : changedRegions(record, changes.regions),
    destination: changes.destination ?? record.destination,
    ttl,
    sweepId: sweepId === undefined ? record.sweepId : (sweepId ?? undefined),
    allowAccounts: changes.allowAccounts ?? record.allowAccounts,
  };
}

/** The properties of an entry that differ; the order of a list does not matter. */
export function differences(before: EntryState, after: EntryState): readonly (keyof EntryState)[] {
  const names: readonly (keyof EntryState)[] = ["ttl", "regions", "destination", "sweepId", "allowAccounts"];
  return names.filter((name) => canonical(before[name]) !== canonical(after[name]));
}

/** The added and the removed regions. */
export function regionChanges(before: EntryState, after: EntryState): { added: Region[]; removed: Region[] } {
  return {
    added: after.regions.filter((region) => !before.regions.includes(region)),
    removed: before.regions.filter((region) => !after.regions.includes(region)),
  };
}

const canonical = (value: EntryState[keyof EntryState]): string =>
  JSON.stringify(Array.isArray(value) ? [...value].sort() : (value ?? null));

/** Remaining regions keep their order; new ones follow. */
function changedRegions(record: StagingRecord, wanted: RegionList): RegionList {
  const [primary, ...others] = record.regions;
  if (wanted[0] !== primary) {
    const rest = wanted.filter((region) => region !== primary);
    throw new InputError(`${primary} is the primary region of ${record.stagingId} and must come first`, {
      why: "The data were uploaded there, and replicas are copies of them. To move the data, stage them again.",
      fix: (spell) => spell("regions", [primary, ...rest]),
    });
  }
  const kept = others.filter((region) => wanted.includes(region));
  const added = wanted.filter((region) => !record.regions.includes(region));
  return [primary, ...kept, ...added];
}

function refuseExpired(record: StagingRecord, now: Date): void {
  const expiry = expiresAt(record.uploadedAt, record.ttl);
  if (expiry > now) return;
  throw new InputError(`${record.stagingId} has expired and cannot be changed`, {
    why: `Its TTL ended at ${isoSeconds(expiry)}; from then on, S3 can delete the data at any time.`,
    fix: (_spell, command) => `Stage the data again: ${command("spawn stage upload PATH")}`,
  });
}

function refuseEndedTtl({ stagingId, uploadedAt }: StagingRecord, ttl: TtlDays, now: Date): void {
  if (expiresAt(uploadedAt, ttl) > now) return;
  const least = Math.floor((now.getTime() - uploadedAt.getTime()) / MS_PER_DAY) + 1;
  throw new InputError(`a TTL of ${ttl} days has already ended for ${stagingId}`, {
    why: `The TTL counts from the upload at ${isoSeconds(uploadedAt)}, so the data would expire at once.`,
    fix: (spell, command) =>
      `${spell("ttl", Math.min(least, MAX_TTL_DAYS))} or more; to delete them now: ${command(`spawn stage delete ${stagingId}`)}`,
  });
}
