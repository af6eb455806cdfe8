import { InputError, type UserError } from "../../../../staging/errors.ts";
import type { StagingRecord } from "../../../../staging/record.ts";
import { expiresAt } from "../../../../staging/ttl.ts";
import { type StagingMetadata, toMetadata } from "../metadata.ts";
import { presenceJson, type RegionPresenceJson } from "../presence.ts";
import { getUsages, listRecordPages, type RecordFilter, type Tables } from "../records.ts";
import type { CheckPage } from "./list-presence.ts";

/** By what a list can be sorted. */
export const SORTS = ["uploaded", "size", "expires", "name", "cost"] as const;
export type Sort = (typeof SORTS)[number];

export interface ListOrder {
  readonly sort: Sort;
  /** The other way round than {@link SORTS} sort by themselves. */
  readonly reverse: boolean;
  /** How many entries at most; undefined: all. */
  readonly limit?: number | undefined;
}

/** @throws InputError unless `text` is one of {@link SORTS}, perhaps with `-` before it, which turns the order round */
export function parseSort(text: string): Pick<ListOrder, "sort" | "reverse"> {
  const reverse = text.startsWith("-");
  const name = reverse ? text.slice(1) : text;
  const sort = SORTS.find((known) => known === name);
  if (sort !== undefined) return { sort, reverse };
  throw new InputError(`a list cannot be sorted by "${text}"`, {
    why: `It can be by ${SORTS.join(", ")}, and with - before it the other way round.`,
    fix: "--sort size",
  });
}

/** How two entries stand to each other. The newest, the largest, the soonest to expire and the dearest come first. */
const COMPARISONS: Readonly<Record<Sort, (a: StagingRecord, b: StagingRecord) => number>> = {
  uploaded: (a, b) => b.uploadedAt.getTime() - a.uploadedAt.getTime(),
  size: (a, b) => b.sizeBytes - a.sizeBytes,
  expires: (a, b) => expiryOf(a) - expiryOf(b),
  name: (a, b) => a.filename.localeCompare(b.filename, "en", { numeric: true }),
  cost: (a, b) => costOf(b) - costOf(a),
};

const expiryOf = ({ uploadedAt, ttl }: StagingRecord): number => expiresAt(uploadedAt, ttl).getTime();

/** US dollars from the upload to the expiry. */
const costOf = ({ cost, ttl }: StagingRecord): number => cost.replication + cost.storagePerDay * ttl;

/** Entries of a page once they had to be collected. */
const PAGE = 500;

/**
 * The records in an order, a page at a time. By the time of upload they come as DynamoDB has them, without being held in
 * memory; in any other order they are collected first.
 * @param onMalformed told of a record that cannot be read; the others are listed all the same
 */
export async function* sortedRecordPages(
  tables: Tables,
  filter: RecordFilter,
  { sort, reverse, limit = Number.POSITIVE_INFINITY }: ListOrder,
  onMalformed: (error: UserError) => void,
): AsyncGenerator<StagingRecord[]> {
  if (sort === "uploaded") {
    const pages = listRecordPages(tables, { ...filter, oldestFirst: reverse, limit }, onMalformed);
    yield* firstOf(pages, limit);
    return;
  }
  const all: StagingRecord[] = [];
  for await (const page of listRecordPages(tables, filter, onMalformed)) all.push(...page);
  const compare = COMPARISONS[sort];
  // The newest of equal ones comes first in both directions: the sort keeps the order in which they came.
  all.sort(reverse ? (a, b) => compare(b, a) : compare);
  const end = Math.min(limit, all.length);
  for (let at = 0; at < end; at += PAGE) yield all.slice(at, Math.min(end, at + PAGE));
}

async function* firstOf<T>(pages: AsyncIterable<T[]>, limit: number): AsyncGenerator<T[]> {
  let left = limit;
  for await (const page of pages) {
    yield page.length <= left ? page : page.slice(0, left);
    left -= page.length;
    if (left <= 0) return;
  }
}

/** An entry as `list` prints it for programs. `presence` is there where the regions were looked at. */
export interface ListedMetadata extends StagingMetadata {
  readonly presence?: Readonly<Record<string, RegionPresenceJson>>;
}

/**
 * A list for programs: the pages of {@link sortedRecordPages}, each joined with its usage rows.
 * @param check looks at the regions of the entries; their pages are then as small as those that it yields
 */
export async function* listMetadataPages(
  tables: Tables,
  filter: RecordFilter,
  order: ListOrder,
  now: () => Date,
  onMalformed: (error: UserError) => void,
  deleting: ReadonlySet<string> = new Set(),
  check?: CheckPage,
): AsyncGenerator<ListedMetadata[]> {
  for await (const page of sortedRecordPages(tables, filter, order, onMalformed)) {
    const usages = await getUsages(
      tables,
      page.map(({ stagingId }) => stagingId),
    );
    const describe = (record: StagingRecord): StagingMetadata =>
      toMetadata(record, usages.get(record.stagingId), now(), deleting.has(record.stagingId));
    if (check === undefined) {
      yield page.map(describe);
      continue;
    }
    for await (const checked of check(page)) {
      yield checked.map((record) => ({ ...describe(record), presence: presenceJson(record.presence) }));
    }
  }
}
