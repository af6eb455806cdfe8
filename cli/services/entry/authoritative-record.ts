import { entryStackName } from "../../../staging/entry.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { CorruptRecordError, recordItem, type StagingRecord } from "../../../staging/record.ts";
import type { EntryContext } from "../../context.ts";
import { openSession } from "../../engine/session.ts";
import { readStateOrBackup } from "../../engine/state.ts";
import { absentEntry } from "./absent.ts";
import { catchCorrupt, findRecord } from "./records.ts";
import { recordInState } from "./state-record.ts";
import { readUnfinished } from "./upload/unfinished.ts";

/** The correct record of an entry. */
export interface AuthoritativeRecord {
  readonly record: StagingRecord;
  /** How the item in the table differs; undefined if it does not, or if the state cannot tell. */
  readonly damage: "deleted" | "changed" | undefined;
}

/**
 * The record that an entry's stack wrote, whatever the table has. The item in the table counts if the stack's state has no record: for
 * a declared entry, and while a killed update is not completed.
 * @throws InputError if there is neither
 * @throws CorruptRecordError if there is only a corrupt item
 */
export async function authoritativeRecord(
  context: EntryContext,
  id: StagingId,
): Promise<AuthoritativeRecord> {
  const tables = await context.tables();
  const { entryProject } = await openSession(context);
  const stack = entryStackName(context.environmentName, id);
  const [item, state] = await Promise.all([
    catchCorrupt(findRecord(tables, id)),
    readStateOrBackup(entryProject, stack),
  ]);
  const own = state.pending.length > 0 ? undefined : await recordInState(context, state.resources, id);
  if (own === undefined) {
    if (item instanceof CorruptRecordError) throw item;
    if (item === undefined) throw await absentEntry(context, id);
    return { record: item, damage: undefined };
  }
  if (item === undefined) {
    // An unfinished upload or deletion has no record, either.
    if ((await readUnfinished(stack)) !== undefined) throw await absentEntry(context, id);
    return { record: own, damage: "deleted" };
  }
  return { record: own, damage: isSame(item, own) ? undefined : "changed" };
}

const isSame = (item: StagingRecord | CorruptRecordError, own: StagingRecord): boolean =>
  !(item instanceof CorruptRecordError) &&
  JSON.stringify(recordItem(item)) === JSON.stringify(recordItem(own));
