import { UserError } from "../../../staging/errors.ts";
import type { StackName } from "../../../staging/stack-name.ts";
import { parseLaunchedSweepId, type SweepId } from "../../../staging/sweep/id.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { findMeta, isListed } from "./items.ts";
import type { LaunchRequest } from "./launch.ts";
import { nextCommands } from "./launch-error.ts";
import { endLaunch, findEarlier, fingerprintOf, isLaunching, type LaunchJournal } from "./launch-journal.ts";
import { hasSettings } from "./settings.ts";
import { sweepTable } from "./tables.ts";

/**
 * Prevents a second sweep by mistake: after an interruption, users and scripts run the same command again.
 * @throws UserError if an earlier launch of the same sweep is running, or was interrupted
 */
export async function refuseSecond(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  request: LaunchRequest,
): Promise<void> {
  const { environmentName: environment } = context;
  const earlier = await findEarlier(environment, fingerprintOf(request));
  if (earlier === undefined) return;
  const { stack, journal } = earlier;
  const id = idOf(stack, environment);
  if (await isLaunching(journal)) throw alreadyLaunching(journal, id, environment);
  const table = await sweepTable(context);
  const canResume = await hasSettings(environment, id);
  // Without a settings file, the sweep may be running or deleted.
  if (!canResume && !(await isListed(table, id))) {
    await endLaunch(stack);
    return;
  }
  const found = await findMeta(table, id);
  if (found?.startedAt !== undefined) {
    await endLaunch(stack);
    throw new UserError(`an earlier launch of the same sweep has started ${id}`, {
      why: "It was interrupted before it printed the ID. No second sweep was started.",
      fix: `To see it: ${commandLine(`spawn sweep info ${id}`, environment)}. To start a second one, run the same command again.`,
    });
  }
  throw new UserError(`an earlier launch of the same sweep was not completed: ${id}`, {
    why: "No second sweep was started.",
    fix: nextCommands(id, environment, canResume),
  });
}

/**
 * Two launches that begin at the same moment do not see each other's journal at first. Each one that then sees the other's stops, maybe both.
 * @param own the stack of this launch, whose journal is deleted before the error
 * @throws UserError if another launch of the same sweep is running
 */
export async function refuseConcurrent(
  environment: string,
  request: LaunchRequest,
  own: StackName,
): Promise<void> {
  const other = await findEarlier(environment, fingerprintOf(request), own);
  if (other === undefined || !(await isLaunching(other.journal))) return;
  await endLaunch(own);
  throw alreadyLaunching(other.journal, idOf(other.stack, environment), environment);
}

/** @throws InputError unless the stack is that of a sweep */
const idOf = (stack: StackName, environment: string): SweepId =>
  parseLaunchedSweepId(stack.slice(`${environment}.`.length));

const alreadyLaunching = ({ pid }: LaunchJournal, id: SweepId, environment: string): UserError =>
  new UserError(`process ${pid} is launching the same sweep, as ${id}`, {
    fix: `Wait for it to end, then: ${commandLine("spawn sweep list", environment)}`,
  });
