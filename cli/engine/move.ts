import { UserError } from "../../staging/errors.ts";
import { fullStackName } from "./backend.ts";
import { takeOverDeadLocks } from "./lock.ts";
import { type EngineSettings, reasonOf, runEngine } from "./process.ts";
import type { UpdateOptions } from "./update.ts";

/** The stacks of a move. */
interface Move {
  readonly from: string;
  readonly to: string;
}

/**
 * Moves a component with its children from one stack to another. Changes no resource. The engine locks each stack while it writes it,
 * and writes the destination first: after a crash both stacks can have the component.
 * @param project whose folder has the settings file of the destination
 * @throws UserError if another command updates one of the stacks, or if nothing was moved
 */
export async function moveComponent(
  project: EngineSettings,
  urn: string,
  { from, to }: Move,
  options: Pick<UpdateOptions, "onNote" | "signal"> = {},
): Promise<void> {
  options.signal?.throwIfAborted();
  // The engine reads both states without a lock, so an update that is running must end first.
  for (const stack of [from, to]) await takeOverDeadLocks(project, stack, options);
  const stacks = ["--source", fullStackName(from), "--dest", fullStackName(to)];
  const run = await runEngine(project, ["state", "move", "--yes", ...stacks, urn]);
  if (run.exitCode === 0) return;
  throw new UserError(`the resources of ${from} could not be moved to ${to}`, {
    why: reasonOf(run),
    fix: "Run the same command again.",
  });
}
