import type { EntrySpec } from "./entry.ts";
import { settingsFileName } from "./environment.ts";
import { InputError } from "./errors.ts";
import { expiresAt, isoSeconds, MAX_TTL_DAYS, MS_PER_DAY, type TtlDays } from "./ttl.ts";

/** The TTL of an entry in a stack's state. */
export interface HeldTtl {
  readonly stagingId: string;
  readonly uploadedAt: Date;
  readonly ttl: TtlDays;
}

/** A declared entry whose data S3 has deleted, or will delete at the next midnight. */
export interface ExpiredEntry {
  readonly item: string;
  readonly stagingId: string;
  readonly expiredAt: Date;
}

type Declared = Pick<EntrySpec, "id" | "declaredAs" | "ttl" | "keep">;

/**
 * The declared entries that have expired. An update does not stage them again: nothing in the file or in the stack's state has
 * changed.
 * @param entries the entries that the file declares, with their IDs in the state
 */
export const expiredEntries = (
  held: readonly HeldTtl[],
  entries: readonly Pick<EntrySpec, "id" | "declaredAs">[],
  now: Date,
): ExpiredEntry[] =>
  entries.flatMap(({ id, declaredAs: item = id }) => {
    const own = held.find(({ stagingId }) => stagingId === id);
    const expiredAt = own && expiresAt(own.uploadedAt, own.ttl);
    return expiredAt !== undefined && expiredAt <= now ? [{ item, stagingId: id, expiredAt }] : [];
  });

/**
 * The entries with the TTLs that an update sets. Each update renews the TTL of an item with `keep`: it ends `ttl` days after the begun
 * day of the entry's age, so updates on one day are equal. An expired entry keeps its TTL, because no update can revive it.
 * @throws InputError if an item's TTL has already ended and the entry has not expired: every update would fail
 */
export const withRenewedTtls = <Entry extends Declared>(
  entries: readonly Entry[],
  held: readonly HeldTtl[],
  now: Date,
  environment: string,
): Entry[] =>
  entries.map((entry) => {
    const own = held.find(({ stagingId }) => stagingId === entry.id);
    if (own === undefined) return entry;
    if (expiresAt(own.uploadedAt, own.ttl) <= now) return { ...entry, ttl: own.ttl };
    if (entry.keep)
      return { ...entry, ttl: Math.min(MAX_TTL_DAYS, ageInDays(own, now) + entry.ttl) as TtlDays };
    if (expiresAt(own.uploadedAt, entry.ttl) <= now) throw endedTtl(entry, own, now, environment);
    return entry;
  });

function endedTtl(
  { id, declaredAs = id, ttl }: Declared,
  own: HeldTtl,
  now: Date,
  environment: string,
): InputError {
  const file = settingsFileName(environment);
  return new InputError(
    `${file}: spawn:entries: item ${declaredAs}: a TTL of ${ttl} ${ttl === 1 ? "day" : "days"} has already ended for ${id}`,
    {
      why: `The TTL counts from the upload at ${isoSeconds(own.uploadedAt)}, so the data would expire at once. Nothing was changed.`,
      fix: `Write ttl: ${ageInDays(own, now) + 1} or more. To delete the data now, remove the item.`,
    },
  );
}

const ageInDays = ({ uploadedAt }: HeldTtl, now: Date): number =>
  Math.max(0, Math.floor((now.getTime() - uploadedAt.getTime()) / MS_PER_DAY));

/** Warnings of a preview or an update about declared entries that have expired, or that it can no longer renew. */
export function expiryWarnings(
  entries: readonly Declared[],
  held: readonly HeldTtl[],
  now: Date,
  environment: string,
): string[] {
  const expired = expiredEntries(held, entries, now);
  const ending = entries.flatMap((entry) => {
    const own = held.find(({ stagingId }) => stagingId === entry.id);
    if (!entry.keep || own === undefined || ageInDays(own, now) + entry.ttl <= MAX_TTL_DAYS) return [];
    if (expired.some(({ stagingId }) => stagingId === entry.id)) return [];
    return [describeEnding(entry, expiresAt(own.uploadedAt, MAX_TTL_DAYS as TtlDays), environment)];
  });
  return [...expired.map((entry) => describeExpired(entry, environment)), ...ending];
}

/** @param environment whose file declares the entry */
export const describeExpired = ({ item, stagingId, expiredAt }: ExpiredEntry, environment: string): string =>
  `the item ${item} of spawn:entries (${stagingId}) expired on ${dayOf(expiredAt)}: S3 deletes its data, and no update stages ` +
  `them again. To stage them again, give the item another name in Pulumi.${environment}.yaml.`;

const describeEnding = ({ id, declaredAs = id }: Declared, end: Date, environment: string): string =>
  `the item ${declaredAs} of spawn:entries (${id}) expires on ${dayOf(end)} in spite of keep: true, because a TTL ends at most ` +
  `${MAX_TTL_DAYS} days after the upload. Before that day, add an item with another name and the same source to Pulumi.${environment}.yaml, update, ` +
  `and then remove the item ${declaredAs}.`;

const dayOf = (date: Date): string => isoSeconds(date).slice(0, 10);
