import { UserError } from "../../../staging/errors.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import { commandLine, commandsIn } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { explainSystemError } from "../../system-errors.ts";
import { sentences } from "../common/sentences.ts";
import { findMeta } from "./items.ts";
import { sweepTable } from "./tables.ts";

/** The error of a failed launch, with the state of the sweep and the commands that follow. */
export async function launchError(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  id: SweepId,
  error: unknown,
): Promise<unknown> {
  const known = error instanceof UserError ? error : explainSystemError(error);
  if (known === undefined) return error;
  const { environmentName: environment } = context;
  known.inEnvironment(commandsIn(environment));
  const isStarted = await hasStarted(context, id);
  const state = `The sweep ${id} has ${isStarted ? "" : "not "}started.`;
  const next = isStarted
    ? `To see it: ${commandLine(`spawn sweep info ${id}`, environment)}`
    : nextCommands(id, environment, true);
  return new UserError(known.message, {
    why: sentences(known.why, state),
    fix: sentences(known.fix, next),
    exitCode: known.exitCode,
    cause: error,
  });
}

/** The commands for a launch that has not started. @param canResume whether this machine has its settings */
export function nextCommands(id: SweepId, environment: string, canResume: boolean): string {
  const resume = `To resume it: ${commandLine(`spawn launch --resume ${id}`, environment)}. `;
  return `${canResume ? resume : ""}To delete it: ${commandLine(`spawn sweep delete ${id} --yes`, environment)}`;
}

/** False if the table does not respond; a resumed launch checks again. */
async function hasStarted(context: Pick<Context, "settings" | "tables">, id: SweepId): Promise<boolean> {
  try {
    return (await findMeta(await sweepTable(context), id))?.startedAt !== undefined;
  } catch {
    return false;
  }
}
