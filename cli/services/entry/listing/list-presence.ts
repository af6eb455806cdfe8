import { UserError } from "../../../../staging/errors.ts";
import type { StagingRecord } from "../../../../staging/record.ts";
import type { Context } from "../../../context.ts";
import { type RegionPresence, regionPresence } from "../presence.ts";
import { findRecord } from "../records.ts";

/** Entries that are looked at side by side: two requests a region for a file, a listing a region for a directory. */
const ENTRIES_IN_FLIGHT = 8;

/** An entry of a list, with what each of its regions holds. */
export interface CheckedRecord extends StagingRecord {
  readonly presence: readonly RegionPresence[];
}

/** Looks what the regions of an entry hold. */
export type Look = (record: StagingRecord, signal: AbortSignal) => Promise<RegionPresence[]>;
/** Reads the record again; undefined where it is gone. */
export type Reread = (record: StagingRecord) => Promise<StagingRecord | undefined>;

/** Looks at the entries of one page, and yields them one by one in their order. */
export type CheckPage = (page: readonly StagingRecord[]) => AsyncGenerator<CheckedRecord[]>;

/** The look of `stage info`, for every entry of a list. */
export function pageCheck(context: Pick<Context, "anyBucketsS3" | "s3" | "tables">): CheckPage {
  const look: Look = (record, signal) => regionPresence(context, record, signal);
  const reread: Reread = async ({ stagingId }) => findRecord(await context.tables(), stagingId);
  return (page) => checkPage(page, look, reread);
}

/**
 * Looks at a bounded number of entries side by side. Memory holds the page and that number of results. An entry that was deleted
 * since it was listed is left out.
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
        // One that fails before its turn must not end the process.
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

/** Lists lag behind the table: what seems damaged is compared with the record as it is now. */
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

/** An entry that cannot be looked at stops no other. */
async function lookAt(record: StagingRecord, look: Look, signal: AbortSignal): Promise<RegionPresence[]> {
  try {
    return await look(record, signal);
  } catch (error) {
    signal.throwIfAborted();
    const { unreachable } = await import("../../../../provider/transfer/verify/region.ts");
    if (error instanceof UserError && error.exitCode !== 1) throw error;
    return record.regions.map((region, at) =>
      unreachable({ region, bucket: record.buckets[at] ?? "" }, error),
    );
  }
}
