import { entryStackName } from "../../../staging/entry.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { CorruptRecordError, recordItem, type StagingRecord } from "../../../staging/record.ts";
import type { EntryContext } from "../../context.ts";
import { openSession } from "../../engine/session.ts";
import { readStateOrBackup } from "../../engine/state.ts";
import { absentEntry } from "./absent.ts";
import { findRecord, orCorrupt } from "./records.ts";
import { recordInState } from "./state-record.ts";
import { readUnfinished } from "./upload/unfinished.ts";

/** A record as it should be. */
export interface TrueRecord {
  readonly record: StagingRecord;
  /** What has become of the item in the table; undefined where it is right, or nobody can tell. */
  readonly damage: "deleted" | "changed" | undefined;
}

/**
 * The record of an entry as its stack wrote it, whatever the table has. Where the stack's state cannot tell, the item in the table
 * counts: of a declared entry, and while an update that was killed is not completed.
 * @throws InputError when there is neither
 * @throws CorruptRecordError when there is only an item that cannot be right
 */
export async function trueRecord(context: EntryContext, id: StagingId): Promise<TrueRecord> {
  const tables = await context.tables();
  const { entryProject } = await openSession(context);
  const stack = entryStackName(context.environmentName, id);
  const [item, state] = await Promise.all([
    orCorrupt(findRecord(tables, id)),
    readStateOrBackup(entryProject, stack),
  ]);
  const own = state.pending.length > 0 ? undefined : await recordInState(context, state.resources, id);
  if (own === undefined) {
    if (item instanceof CorruptRecordError) throw item;
    if (item === undefined) throw await absentEntry(context, id);
    return { record: item, damage: undefined };
  }
  if (item === undefined) {
    // An upload or a deletion that did not end has no record, either.
    if ((await readUnfinished(stack)) !== undefined) throw await absentEntry(context, id);
    return { record: own, damage: "deleted" };
  }
  return { record: own, damage: isSame(item, own) ? undefined : "changed" };
}

const isSame = (item: StagingRecord | CorruptRecordError, own: StagingRecord): boolean =>
  !(item instanceof CorruptRecordError) &&
  JSON.stringify(recordItem(item)) === JSON.stringify(recordItem(own));
