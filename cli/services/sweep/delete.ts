import { rm } from "node:fs/promises";
import { type SweepId, sweepStackName } from "../../../staging/sweep/id.ts";
import { sweepResourceName } from "../../../staging/sweep/names.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { settingsFile } from "../../engine/entry-project.ts";
import { takeOverDeadLocks } from "../../engine/lock.ts";
import { settlePending } from "../../engine/pending.ts";
import { repairState } from "../../engine/repair.ts";
import { openSession } from "../../engine/session.ts";
import { listStacks } from "../../engine/stacks.ts";
import { removeSetAside } from "../../engine/state-file.ts";
import { runUpdate, type UpdateOptions } from "../../engine/update.ts";
import { refuseProtected } from "../delete-guards.ts";
import { cancelRun } from "./cancel.ts";
import { CorruptSweepItem, isListed, unlist } from "./items.ts";
import { endLaunch } from "./launch-journal.ts";
import type { SweepProgress } from "./progress.ts";
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
export async function findDeletableSweep(context: Context, id: SweepId): Promise<DeletableSweep> {
  const table = await sweepTable(context);
  const { entryProject } = await openSession(context);
  const [stacks, listed, here] = await Promise.all([
    listStacks(entryProject),
    isListed(table, id),
    settingsHere(context, id),
  ]);
  const hasStack = stacks.includes(sweepStackName(context.environmentName, id));
  if (!listed && !hasStack && here === undefined) throw noSweep(context.environmentName, id);
  try {
    return { id, hasStack, progress: listed ? await lookAtSweep(table, id) : undefined };
  } catch (error) {
    if (!(error instanceof CorruptSweepItem)) throw error;
    return { id, hasStack, progress: undefined, corrupt: error };
  }
}

/**
 * Deletes a sweep: its workers end, its open indices are cancelled, and its role, its groups and its stack go. Its items stay until they
 * expire, so that a worker which ends a moment later writes to no item that is gone; lists do not show it any more. Its logs stay until they
 * expire.
 */
export async function deleteSweep(
  context: Context,
  { id, progress, hasStack }: DeletableSweep,
  options: UpdateOptions,
): Promise<void> {
  const { environmentName: environment } = context;
  const { entryProject: project, settings } = await openSession(context, options.signal);
  const stack = sweepStackName(environment, id);
  if (hasStack) {
    await takeOverDeadLocks(project, stack, options);
    await repairState(project, stack, { whenLost: "set aside", onNote: options.onNote });
    const { exists, resources } = await settlePending(project, stack, "adopt", async () => undefined);
    const again = commandLine(`spawn sweep delete ${id} --yes`, environment);
    refuseProtected(stack, resources, { what: id, again, environment });
    if (exists) await runUpdate(project, stack, { kind: "destroy", remove: true }, options);
  } else {
    options.onNote?.(
      `The stack ${stack} is not in the backend. What AWS still has of the sweep is named ${sweepResourceName(settings, id)}: role, instance profile, and in each region a security group, a launch template and an Auto Scaling group.`,
      "warning",
    );
  }
  // Of a launch that was cut off, the stack does not know that indices are open.
  if (progress !== undefined) await cancelRun(context, progress.meta, options);
  await unlist(await sweepTable(context), id);
  await removeSetAside(project, stack);
  for (const file of [settingsFile(project.project, stack), rowsFile(project.project, id)])
    await rm(file, { force: true });
  await endLaunch(stack);
}
