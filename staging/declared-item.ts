import { defaultDestination } from "./destination.ts";
import { type EntrySpec, ITEM_NAME, storedName } from "./entry.ts";
import { omitUndefined, undefinedIfEmpty } from "./omit.ts";

/**
 * The item of `spawn:entries` that declares an existing entry.
 * @param source the source as the file names it
 */
export function itemOf(spec: EntrySpec, name: string, source: string): Record<string, unknown> {
  const { id, filename, exclude, followLinks, noSha256, requestPayer, bandwidthLimit } = spec;
  const { multipart, timeoutSeconds } = spec;
  const { regions, destination, ttl, sweepId, replication, allowAccounts } = spec;
  return omitUndefined({
    ...{ name, id, source, filename, exclude: undefinedIfEmpty(exclude) },
    ...{ followLinks: followLinks || undefined, noSha256: noSha256 || undefined },
    ...{
      requestPayer: requestPayer || undefined,
      multipart: multipart || undefined,
      timeout: timeoutSeconds,
    },
    // Exact: 10^6 bits have at most six decimals in bytes.
    bandwidthLimit: bandwidthLimit === undefined ? undefined : `${(bandwidthLimit * 8) / 1e6}Mbit/s`,
    regions: [...regions],
    dest: destination === defaultDestination(storedName(spec)) ? undefined : destination,
    ttl: Number(ttl),
    sweep: sweepId,
    replication: replication === "rule" ? undefined : replication,
    allowAccounts: undefinedIfEmpty(allowAccounts),
  });
}

/** A name for the item of an entry: that of its data, with a number if another item has it. */
export function freeItemName(spec: EntrySpec, taken: ReadonlySet<string>): string {
  const plain = storedName(spec)
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 59);
  const base = ITEM_NAME.test(plain) ? plain : "entry";
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}-${number}`;
  return name;
}
