import type { SweepSettings } from "../../../stacks/sweep-settings.ts";
import type { Region } from "../../../staging/regions.ts";
import type { StackName } from "../../../staging/stack-name.ts";
import { type SweepId, sweepStackName } from "../../../staging/sweep/id.ts";
import type { Context } from "../../context.ts";
import { takeOverDeadLocks } from "../../engine/lock.ts";
import { createStack } from "../../engine/new-stack.ts";

import { type ClearedStack, clearPendingOperations } from "../../engine/pending.ts";

import { repairState } from "../../engine/repair.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import { listStacks } from "../../engine/stacks.ts";
import { removeDamagedFiles } from "../../engine/state-file.ts";
import { runUpdate, type UpdateOptions } from "../../engine/update.ts";

/** The stack of one sweep, as the commands of sweeps use it. */
export interface SweepStack {
  readonly name: StackName;
  /**
   * Takes over the locks of killed processes, repairs a damaged state, and clears pending operations.
   * @param next the operation that follows. A `destroy` also deletes resources whose creation was interrupted
   * @throws UserError if another process updates the stack, or if an update needs a state that is lost
   */
  recover(next: "up" | "destroy"): Promise<ClearedStack>;
  create(): Promise<void>;
  up(settings: SweepSettings): Promise<void>;
  destroy(): Promise<void>;
  /** Deletes a damaged state that {@link recover} moved aside. */
  removeDamagedFiles(): Promise<void>;
}

/** @throws UserError if there is no engine, or its backend cannot be reached */
export async function openSweepStack(
  context: Pick<Context, "connection" | "environmentName"> & SessionSource,
  id: SweepId,
  options: UpdateOptions,
): Promise<SweepStack> {
  const { entryProject: project } = await openSession(context, options.signal);
  const name = sweepStackName(context.environmentName, id);
  return {
    name,
    recover: async (next) => {
      await takeOverDeadLocks(project, name, options);
      const whenLost = next === "up" ? "refuse" : "set aside";
      await repairState(project, name, { whenLost, onNote: options.onNote });
      return await clearPendingOperations(
        project,
        name,
        next === "up" ? "recreate" : "adopt",
        async () => undefined,
      );
    },
    create: async () => {
      await createStack(project, name);
    },
    up: async (settings) => {
      const regions = settings.spec.regions.map(({ region }) => region);
      await startMachines(context, regions, options);
      const program = async () => (await import("../../../stacks/sweep-program.ts")).sweepProgram(settings);
      await runUpdate(project, name, { kind: "up", program }, options);
    },
    destroy: async () => {
      await runUpdate(project, name, { kind: "destroy", remove: true }, options);
    },
    removeDamagedFiles: () => removeDamagedFiles(project, name),
  };
}

/** Whether the backend has a stack of the sweep. */
export async function hasSweepStack(
  context: Pick<Context, "environmentName"> & SessionSource,
  id: SweepId,
): Promise<boolean> {
  const { entryProject } = await openSession(context);
  return (await listStacks(entryProject)).includes(sweepStackName(context.environmentName, id));
}

/**
 * Starts the machines of the local cloud, which are processes of this machine. Their Auto Scaling groups need them. Other servers
 * have their own machines.
 * @throws UserError if this machine cannot run them
 */
async function startMachines(
  context: Pick<Context, "connection">,
  regions: readonly Region[],
  { signal, onNote }: UpdateOptions,
): Promise<void> {
  if (!(await context.connection()).isLocalCloud) return;
  const { ensureMachines } = await import("../../../local/machines/machines.ts");
  await ensureMachines({ regions, signal, onProgress: ({ text }) => onNote?.(text, "info") });
}
