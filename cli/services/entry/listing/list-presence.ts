import { UserError } from "../../../../staging/errors.ts";
import type { StagingRecord } from "../../../../staging/record.ts";
import type { Context } from "../../../context.ts";
import { type RegionPresence, regionPresence } from "../presence.ts";
import { bucketsOfRecord, findRecord } from "../records.ts";

/** Entries that are compared at the same time: two requests per region for a file, a listing per region for a directory. */
const ENTRIES_IN_FLIGHT = 8;

/** An entry of a list, with the presence of its data in each region. */
export interface CheckedRecord extends StagingRecord {
  readonly presence: readonly RegionPresence[];
}

/** Compares the regions of an entry with its record. */
export type Look = (record: StagingRecord, signal: AbortSignal) => Promise<RegionPresence[]>;
/** Reads the record again; undefined if it was deleted. */
type Reread = (record: StagingRecord) => Promise<StagingRecord | undefined>;

/** Compares the entries of one page, and yields them one by one in their order. */
export type CheckPage = (page: readonly StagingRecord[]) => AsyncGenerator<CheckedRecord[]>;

/** The comparison of `stage info`, for every entry of a list. */
export function pageCheck(context: Pick<Context, "anyBucketsS3" | "store" | "tables">): CheckPage {
  const look: Look = (record, signal) => regionPresence(context, record, signal);
  const reread: Reread = async ({ stagingId }) => findRecord(await context.tables(), stagingId);
  return (page) => checkPage(page, look, reread);
}

/**
 * Compares a bounded number of entries at the same time. Memory holds the page and that number of results. An entry that was deleted
 * after the listing is left out.
 */
export async function* checkPage(
  page: readonly StagingRecord[],
  look: Look,
  reread: Reread,
  limit = ENTRIES_IN_FLIGHT,
): AsyncGenerator<CheckedRecord[]> {
  const stop = new AbortController();
  const running: Promise<CheckedRecord | undefined>[] = [];
  let next = 0;
  try {
    while (next < page.length || running.length > 0) {
      for (; next < page.length && running.length < limit; next += 1) {
        const task = checkEntry(page[next] as StagingRecord, look, reread, stop.signal);
        // A rejection before its turn must not end the process.
        task.catch(() => undefined);
        running.push(task);
      }
      const checked = await running.shift();
      if (checked !== undefined) yield [checked];
    }
  } finally {
    stop.abort();
    await Promise.allSettled(running);
  }
}

/** A list lags behind the table, so a damaged entry is compared again with its current record. */
async function checkEntry(
  record: StagingRecord,
  look: Look,
  reread: Reread,
  signal: AbortSignal,
): Promise<CheckedRecord | undefined> {
  const found = await lookAt(record, look, signal);
  if (!found.some(isDamaged)) return { ...record, presence: found };
  const current = await reread(record);
  if (current === undefined) return undefined;
  const isSame = String(current.regions) === String(record.regions);
  return { ...current, presence: isSame ? found : await lookAt(current, look, signal) };
}

const isDamaged = ({ state }: RegionPresence): boolean => state === "missing" || state === "different";

/** If an entry cannot be compared, the others still are. */
async function lookAt(record: StagingRecord, look: Look, signal: AbortSignal): Promise<RegionPresence[]> {
  try {
    return await look(record, signal);
  } catch (error) {
    signal.throwIfAborted();
    const { unreachable } = await import("../../../../provider/transfer/verify/region.ts");
    if (error instanceof UserError && error.exitCode !== 1) throw error;
    return bucketsOfRecord(record).map((place) => unreachable(place, error));
  }
}
