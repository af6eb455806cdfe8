import { rm } from "node:fs/promises";
import { type SweepId, sweepStackName } from "../../../staging/sweep/id.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { settingsFile } from "../../engine/entry-project.ts";
import { takeOverDeadLocks } from "../../engine/lock.ts";
import { settlePending } from "../../engine/pending.ts";
import { repairState } from "../../engine/repair.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import { listStacks } from "../../engine/stacks.ts";
import { removeSetAside } from "../../engine/state-file.ts";
import { runUpdate, type UpdateOptions } from "../../engine/update.ts";
import { refuseProtected } from "../entry/delete-guards.ts";
import { cancelRun } from "./cancel.ts";
import { CorruptSweepItem } from "./corrupt-item.ts";
import { isListed, unlist } from "./items.ts";
import { endLaunch, refuseOfLaunching } from "./launch-journal.ts";
import type { SweepProgress } from "./progress.ts";
import type { Remain } from "./remains/remain.ts";
import { findSweepRemains, removeSweepRemains } from "./remains/remains.ts";
import { rowsFile, settingsHere } from "./settings.ts";
import { sweepTable } from "./tables.ts";
import { lookAtSweep, noSweep } from "./watch.ts";

/** A sweep that `sweep delete` can delete. */
export interface DeletableSweep {
  readonly id: SweepId;
  /** Undefined where it has no items, or where they cannot be read. */
  readonly progress: SweepProgress | undefined;
  /** Why they cannot be read. A deletion needs the id alone. */
  readonly corrupt?: CorruptSweepItem;
  readonly hasStack: boolean;
}

/** @throws InputError where neither the table, nor the backend, nor this machine knows the sweep */
export async function findDeletableSweep(
  context: SessionSource & Pick<Context, "clientConfig" | "environmentName" | "iam" | "tables">,
  id: SweepId,
): Promise<DeletableSweep> {
  const table = await sweepTable(context);
  const { entryProject } = await openSession(context);
  const [stacks, listed, here] = await Promise.all([
    listStacks(entryProject),
    isListed(table, id),
    settingsHere(context, id),
  ]);
  const hasStack = stacks.includes(sweepStackName(context.environmentName, id));
  if (!listed && !hasStack && here === undefined && (await remainsOf(context, id)).length === 0)
    throw noSweep(context.environmentName, id);
  try {
    return { id, hasStack, progress: listed ? await lookAtSweep(table, id) : undefined };
  } catch (error) {
    if (!(error instanceof CorruptSweepItem)) throw error;
    return { id, hasStack, progress: undefined, corrupt: error };
  }
}

/** What AWS has of the sweep without a stack: of a launch that was cut off, or whose state is lost. */
async function remainsOf(
  context: Pick<Context, "clientConfig" | "environmentName" | "iam" | "settings">,
  id: SweepId,
  progress?: SweepProgress,
): Promise<Remain[]> {
  const [{ buckets }, here] = await Promise.all([context.settings(), settingsHere(context, id)]);
  return await findSweepRemains(context, id, [
    ...buckets.keys(),
    ...(progress?.meta.regions ?? []),
    ...(here?.spec.regions ?? []).map(({ region }) => region),
  ]);
}

/**
 * Deletes a sweep: its workers end, its open indices are cancelled, and its role, its groups and its stack go. Its items stay until they
 * expire, so that a worker which ends a moment later writes to no item that is gone; lists do not show it any more. Its logs stay until they
 * expire.
 */
export async function deleteSweep(
  context: Pick<Context, "connection" | "clientConfig" | "environmentName" | "iam" | "tables"> &
    SessionSource,
  { id, progress, hasStack }: DeletableSweep,
  options: UpdateOptions,
): Promise<void> {
  const { environmentName: environment } = context;
  const { entryProject: project } = await openSession(context, options.signal);
  const stack = sweepStackName(environment, id);
  if (progress?.meta.startedAt === undefined) await refuseOfLaunching(stack, id);
  if (hasStack) {
    await takeOverDeadLocks(project, stack, options);
    await repairState(project, stack, { whenLost: "set aside", onNote: options.onNote });
    const { exists, resources } = await settlePending(project, stack, "adopt", async () => undefined);
    const again = commandLine(`spawn sweep delete ${id} --yes`, environment);
    refuseProtected(stack, resources, { what: id, again, environment });
    if (exists) await runUpdate(project, stack, { kind: "destroy", remove: true }, options);
  }
  // Of a launch that was cut off, the stack does not know that indices are open.
  if (progress !== undefined) await cancelRun(context, progress.meta, options);
  await removeSweepRemains(await remainsOf(context, id, progress), options);
  await unlist(await sweepTable(context), id);
  await removeSetAside(project, stack);
  for (const file of [settingsFile(project.project, stack), rowsFile(project.project, id)])
    await rm(file, { force: true });
  await endLaunch(stack);
}
