import type { StagingId } from "../../../staging/ids.ts";
import { RECORD_TYPE } from "../../../staging/resources/tokens.ts";
import type { RemainsContext } from "../../context.ts";
import { takeOverDeadLocks } from "../../engine/lock.ts";
import { type ClearedStack, clearPendingOperations, type PendingCreations } from "../../engine/pending.ts";
import type { EngineSettings } from "../../engine/process.ts";
import { repairState } from "../../engine/repair.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import { readStateOrBackup } from "../../engine/state.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { ACCESS_POINT_TYPE, deleteAccessPoints, deleteCutAccessPoints } from "./access-points.ts";
import { findRemains } from "./remains/find.ts";
import { deleteRecord } from "./remains/remove.ts";
/** Prepares a stack for an update or a deletion, also if its last update was killed. */
export async function settleStack(
  context: RemainsContext,
  project: EngineSettings,
  stack: string,
  id: StagingId,
  cut: PendingCreations,
  options: UpdateOptions,
): Promise<ClearedStack> {
  await takeOverDeadLocks(project, stack, options);
  const repair = await repairState(project, stack, { whenLost: "set aside", onNote: options.onNote });
  const settled = await clearPendingOperations(project, stack, cut, async (creating) => {
    // The record may exist without being in the state: the engine would refuse to create it again.
    if (creating.some(({ type }) => type === RECORD_TYPE)) await deleteRecord(context, id);
    await deleteCutAccessPoints(context, creating);
  });
  // Resources of a lost state would collide with new ones; data are compared and resumed instead.
  if (cut === "recreate" && (repair !== "whole" || !settled.exists))
    await deleteUnknownPoints(context, id, settled);
  return settled;
}

/** Deletes access points of the entry that are not in the state: AWS would refuse to create them a second time. */
async function deleteUnknownPoints(
  context: RemainsContext,
  id: StagingId,
  { resources }: ClearedStack,
): Promise<void> {
  const known = new Set(
    resources.filter(({ type }) => type === ACCESS_POINT_TYPE).map(({ inputs }) => inputs?.["region"]),
  );
  const { accessPoints } = await findRemains(context, id);
  await deleteAccessPoints(
    context,
    accessPoints.filter(({ region }) => !known.has(region)),
  );
}

/** Whether a killed engine has left pending operations in the stack's state, which only an update completes. */
export async function hasPendingOperations(context: SessionSource, stack: string): Promise<boolean> {
  const { entryProject } = await openSession(context);
  return (await readStateOrBackup(entryProject, stack)).pending.length > 0;
}
