import { newSweepId, type SweepId, sweepStackName } from "../../../staging/sweep/id.ts";
import type { Context } from "../../context.ts";
import type { SessionSource } from "../../engine/session.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { refuseConcurrent, refuseSecond } from "./earlier-launch.ts";
import type { PreparedLaunch } from "./launch.ts";
import { launchError } from "./launch-error.ts";
import { beginLaunch, endLaunch, fingerprintOf } from "./launch-journal.ts";
import { removeFiles, writeRows, writeSettings } from "./settings.ts";
import { openSweepStack } from "./stack.ts";
import { specOf } from "./sweep-spec.ts";

/**
 * Starts a sweep: writes its rows and settings, then creates its stack. The last resource of the stack starts the workers.
 * @param openStack replaced by tests
 * @throws UserError if it fails. If the stack exists by then, everything stays, and the error names the command that resumes
 */
export async function startSweep(
  context: Pick<Context, "connection" | "environmentName" | "tables"> & SessionSource,
  launch: PreparedLaunch,
  options: UpdateOptions,
  openStack = openSweepStack,
): Promise<SweepId> {
  const { settings: environment, parameters } = launch;
  await refuseSecond(context, launch);
  const id = newSweepId();
  const stack = await openStack(context, id, options);
  options.signal?.throwIfAborted();
  await beginLaunch(stack.name, fingerprintOf(launch));
  await refuseConcurrent(context.environmentName, launch, stack.name);
  let isCreated = false;
  try {
    const rows = parameters.rows === undefined ? undefined : await writeRows(id, parameters.rows);
    const settings = { spec: specOf(launch, id, rows), environment };
    await writeSettings(settings);
    await stack.create();
    isCreated = true;
    await stack.up(settings);
    return id;
  } catch (error) {
    if (isCreated) throw await launchError(context, id, error);
    await removeFiles(context.environmentName, id);
    await endLaunch(stack.name);
    throw error;
  }
}

/** Deletes the journal of a launch: the user has the ID. */
export const forgetLaunch = (context: Pick<Context, "environmentName">, id: SweepId): Promise<void> =>
  endLaunch(sweepStackName(context.environmentName, id));
