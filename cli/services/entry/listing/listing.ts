import { InputError, type UserError } from "../../../../staging/errors.ts";
import type { StagingRecord } from "../../../../staging/record.ts";
import { expiresAt } from "../../../../staging/ttl.ts";
import { allOf } from "../../common/pages.ts";
import { type StagingMetadata, toMetadata } from "../metadata.ts";
import { presenceJson, type RegionPresenceJson } from "../presence.ts";
import { getUsages, listRecordPages, type RecordFilter, type Tables } from "../records.ts";
import type { CheckPage } from "./list-presence.ts";

/** The sort keys of a list. */
export const SORTS = ["uploaded", "size", "expires", "name", "cost"] as const;
type Sort = (typeof SORTS)[number];

export interface ListOrder {
  readonly sort: Sort;
  /** Whether the order of {@link SORTS} is reversed. */
  readonly reverse: boolean;
  /** Maximum number of entries. @default all */
  readonly limit?: number | undefined;
}

/** @throws InputError unless `text` is one of {@link SORTS}, with an optional `-` that reverses the order */
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

/** Comparisons of two entries. The newest, the largest, the first to expire and the most expensive come first. */
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

/** Entries of a page, if all had to be collected first. */
const PAGE = 500;

/**
 * The sorted records, a page at a time. By the time of upload they come in DynamoDB's order, and memory holds one page; for any other
 * order they are collected first.
 * @param onMalformed called for a record that cannot be read; the others are listed
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
  const all = await allOf(listRecordPages(tables, filter, onMalformed));
  const compare = COMPARISONS[sort];
  // Of equal entries the newest comes first in both directions, because the sort is stable.
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

/** An entry in the JSON output of `list`. `presence` exists if the regions were compared. */
export interface ListedMetadata extends StagingMetadata {
  readonly presence?: Readonly<Record<string, RegionPresenceJson>>;
}

/**
 * A list for programs: the pages of {@link sortedRecordPages}, each joined with its usage rows.
 * @param check compares the regions of the entries; it decides the size of the pages
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
