import type { StagingId } from "../../../staging/ids.ts";
import { RECORD_TYPE } from "../../../staging/resources.ts";
import type { Context } from "../../context.ts";
import { takeOverDeadLocks } from "../../engine/lock.ts";
import { type Cut, type Settled, settlePending } from "../../engine/pending.ts";
import type { EngineSettings } from "../../engine/process.ts";
import { repairState } from "../../engine/repair.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import { readStateOrBackup } from "../../engine/state.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { ACCESS_POINT_TYPE, deleteAccessPoints, deleteCutAccessPoints } from "./access-points.ts";
import { findRemains } from "./remains/find.ts";
import { deleteRecord } from "./remains/remove.ts";
/** Makes a stack whose last update was killed one that the engine can update or destroy. */
export async function settleStack(
  context: Pick<
    Context,
    "account" | "at" | "clientConfig" | "environmentName" | "s3" | "settings" | "tables"
  >,
  project: EngineSettings,
  stack: string,
  id: StagingId,
  cut: Cut,
  options: UpdateOptions,
): Promise<Settled> {
  await takeOverDeadLocks(project, stack, options);
  const repair = await repairState(project, stack, { whenLost: "set aside", onNote: options.onNote });
  const settled = await settlePending(project, stack, cut, async (creating) => {
    // One that may have been written without the engine's knowledge: it would refuse to write it again.
    if (creating.some(({ type }) => type === RECORD_TYPE)) await deleteRecord(context, id);
    await deleteCutAccessPoints(context, creating);
  });
  // Resources of a lost state would collide with new ones; data are compared and resumed instead.
  if (cut === "again" && (repair !== "whole" || !settled.exists))
    await deleteUnknownPoints(context, id, settled);
  return settled;
}

/** Deletes access points of the entry that the state does not have: AWS would refuse to make them a second time. */
async function deleteUnknownPoints(
  context: Pick<
    Context,
    "account" | "at" | "clientConfig" | "environmentName" | "s3" | "settings" | "tables"
  >,
  id: StagingId,
  { resources }: Settled,
): Promise<void> {
  const known = new Set(
    resources.filter(({ type }) => type === ACCESS_POINT_TYPE).map(({ inputs }) => inputs?.["region"]),
  );
  const { accessPoints } = await findRemains(context, id, "some");
  await deleteAccessPoints(
    context,
    accessPoints.filter(({ region }) => !known.has(region)),
  );
}

/** Whether an engine that was killed has left operations in the stack's state that only an update completes. */
export async function hasPendingOperations(context: SessionSource, stack: string): Promise<boolean> {
  const { entryProject } = await openSession(context);
  return (await readStateOrBackup(entryProject, stack)).pending.length > 0;
}
