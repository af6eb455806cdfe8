import { rm } from "node:fs/promises";
import { readTextIfThere } from "../../../files/read.ts";
import { spawnPaths } from "../../../local/paths.ts";
import {
  parseSweepSettingsFile,
  renderSweepSettings,
  type SweepSettings,
} from "../../../stacks/sweep-settings.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import { SWEEP_RUN } from "../../../staging/resources.ts";
import type { StackName } from "../../../staging/stack-name.ts";
import { newSweepId, parseLaunchedSweepId, type SweepId, sweepStackName } from "../../../staging/sweep/id.ts";
import type { Rows } from "../../../staging/sweep/rows.ts";
import type { SweepRows } from "../../../staging/sweep/spec.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { settingsFile, writeAtomically } from "../../engine/entry-project.ts";
import { takeOverDeadLocks } from "../../engine/lock.ts";
import { createStack } from "../../engine/new-stack.ts";
import { settlePending } from "../../engine/pending.ts";
import type { EngineSettings } from "../../engine/process.ts";
import { loadProgramServer } from "../../engine/program-server.ts";
import { repairState } from "../../engine/repair.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import type { StateResource } from "../../engine/state.ts";
import { runUpdate, type UpdateOptions } from "../../engine/update.ts";
import { explainSystemError } from "../../system-errors.ts";
import { findMeta, isListed } from "./items.ts";
import type { PreparedLaunch } from "./launch.ts";
import {
  beginLaunch,
  endLaunch,
  findEarlier,
  fingerprintOf,
  isLaunching,
  type LaunchJournal,
  takeOverLaunch,
} from "./launch-journal.ts";
import { startMachines } from "./machines.ts";
import { findSweepRemains, GROUP_TYPE, removeSweepRemains } from "./remains/remains.ts";
import { rowsFile } from "./settings.ts";
import { rowsText, sha256Of, specOf } from "./sweep-spec.ts";
import { sweepTable } from "./tables.ts";

/**
 * Starts a sweep: writes its rows and settings, and brings its stack up. The last step of that is the start itself.
 * @throws UserError when it fails; what exists by then stays, and the error says how to resume
 */
export async function startSweep(
  context: Pick<Context, "connection" | "environmentName" | "tables"> & SessionSource,
  launch: PreparedLaunch,
  options: UpdateOptions,
): Promise<SweepId> {
  const { settings: environment, parameters } = launch;
  await refuseSecond(context, launch);
  const { entryProject } = await openSession(context, options.signal);
  const id = newSweepId();
  const stack = sweepStackName(environment.name, id);
  options.signal?.throwIfAborted();
  await beginLaunch(stack, fingerprintOf(launch));
  await refuseConcurrent(context, launch, stack);
  const rows = rowsFile(entryProject.project, id);
  let isThere = false;
  try {
    const written = parameters.rows === undefined ? undefined : await writeRows(rows, parameters.rows);
    const settings = { spec: specOf(launch, id, written), environment };
    await writeAtomically(settingsFile(entryProject.project, stack), renderSweepSettings(settings));
    await Promise.all([createStack(entryProject, stack), loadProgram(), loadProgramServer()]);
    isThere = true;
    await bringUp(context, entryProject, stack, settings, options);
    return id;
  } catch (error) {
    if (!isThere) {
      for (const file of [settingsFile(entryProject.project, stack), rows]) await rm(file, { force: true });
      await endLaunch(stack);
    }
    throw error;
  }
}

/**
 * Resumes a launch that failed or was interrupted. A sweep that has started does not change.
 * @throws InputError when this machine has no such launch
 */
export async function resumeLaunch(
  context: Pick<Context, "connection" | "clientConfig" | "environmentName" | "iam" | "tables"> &
    SessionSource,
  id: SweepId,
  options: UpdateOptions,
): Promise<void> {
  const { entryProject } = await openSession(context, options.signal);
  const stack = sweepStackName(context.environmentName, id);
  const file = settingsFile(entryProject.project, stack);
  const text = await readTextIfThere(file);
  if (text === undefined) {
    throw new InputError(`there is no launch of ${id} to resume on this machine`, {
      why: "It was deleted, or another machine launched it, or its settings file is gone.",
      fix: `To see what there is: ${commandLine("spawn sweep list", context.environmentName)}. To remove what it has left: ${commandLine(`spawn sweep delete ${id} --yes`, context.environmentName)}`,
    });
  }
  const settings = parseSweepSettingsFile(text, file);
  await takeOverLaunch(stack, id);
  await takeOverDeadLocks(entryProject, stack, options);
  await repairState(entryProject, stack, { whenLost: "refuse", onNote: options.onNote });
  const { exists, resources } = await settlePending(entryProject, stack, "again", async () => undefined);
  await removeCutOff(context, settings, resources, options);
  if (!exists) await createStack(entryProject, stack);
  await bringUp(context, entryProject, stack, settings, options);
}

/**
 * Removes what AWS has of a launch and the stack does not: the update would fail, since it is there already. Nothing runs on it.
 * @throws UserError for a sweep that has started, and whose stack lacks something: its workers may be busy, or it is half deleted
 */
async function removeCutOff(
  context: Pick<Context, "clientConfig" | "environmentName" | "iam" | "settings" | "tables">,
  { spec }: SweepSettings,
  resources: readonly StateResource[],
  options: UpdateOptions,
): Promise<void> {
  const { id } = spec;
  const meta = await findMeta(await sweepTable(context), id);
  if (meta?.startedAt === undefined) {
    const regions = spec.regions.map(({ region }) => region);
    await removeSweepRemains(await findSweepRemains(context, id, regions, resources), options);
    return;
  }
  const command = (text: string): string => commandLine(`spawn sweep ${text}`, context.environmentName);
  if (meta.cancelledAt !== undefined) {
    throw new InputError(`${id} was cancelled`, {
      why: "There is no launch to resume.",
      fix: `To run what was cancelled: ${command(`retry ${id}`)}. To remove it: ${command(`delete ${id} --yes`)}`,
    });
  }
  // The last resource is made when all others are there.
  const groups = resources.filter(({ type }) => type === GROUP_TYPE);
  if (resources.some(({ type }) => type === SWEEP_RUN) || groups.length === spec.regions.length) return;
  throw new UserError(`${id} has started, and its stack is not whole`, {
    why: "The state of the stack was lost, or its deletion was interrupted. Workers need neither the stack nor this machine.",
    fix: `To see it: ${command(`info ${id}`)}. To remove it: ${command(`delete ${id} --yes`)}`,
  });
}

async function bringUp(
  context: Pick<Context, "connection" | "environmentName" | "settings" | "tables">,
  project: EngineSettings,
  stack: StackName,
  settings: SweepSettings,
  options: UpdateOptions,
): Promise<void> {
  const { sweepProgram } = await loadProgram();
  try {
    const regions = settings.spec.regions.map(({ region }) => region);
    await startMachines(context, regions, options);
    await runUpdate(project, stack, { kind: "up", program: sweepProgram(settings) }, options);
  } catch (error) {
    throw await withSweep(context, error, settings);
  }
}

/** Forgets what this machine kept of a launch: the user has the ID. */
export const forgetLaunch = (context: Pick<Context, "environmentName">, id: SweepId): Promise<void> =>
  endLaunch(sweepStackName(context.environmentName, id));

/** The program brings Pulumi's SDK, which takes longer to load than all else of a command. */
const loadProgram = () => import("../../../stacks/sweep-program.ts");

async function writeRows(file: string, rows: Rows): Promise<SweepRows> {
  const text = rowsText(rows);
  await writeAtomically(file, text);
  return { file, sha256: sha256Of(text) };
}

/**
 * Makes sure that no second sweep starts by mistake: after an interruption, users and scripts run the same command again.
 * @throws UserError when an earlier launch of the same sweep is running, or was interrupted
 */
export async function refuseSecond(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  launch: PreparedLaunch,
): Promise<void> {
  const { environmentName: environment } = context;
  const earlier = await findEarlier(environment, fingerprintOf(launch));
  if (earlier === undefined) return;
  const { stack, journal } = earlier;
  const id = idOf(stack, environment);
  if (await isLaunching(journal)) throw alreadyLaunching(journal, id, environment);
  const table = await sweepTable(context);
  const hasSettings = (await readTextIfThere(settingsFile(spawnPaths().stacks, stack))) !== undefined;
  // The settings file may have been lost, and the sweep may run.
  if (!hasSettings && !(await isListed(table, id))) {
    await endLaunch(stack); // It has been deleted.
    return;
  }
  const found = await findMeta(table, id);
  if (found?.startedAt !== undefined) {
    await endLaunch(stack);
    throw new UserError(`an earlier launch of the same sweep has started ${id}`, {
      why: "It was interrupted before it could tell the ID. No second sweep was started.",
      fix: `To see it: ${commandLine(`spawn sweep info ${id}`, environment)}. To start a second one, run the same command again.`,
    });
  }
  throw new UserError(`an earlier launch of the same sweep was not completed: ${id}`, {
    why: "No second sweep was started.",
    fix: hasSettings ? ways(id, environment) : wayToRemove(id, environment),
  });
}

/**
 * Two launches that begin at the same moment do not see each other's journal at first. Each that sees the other's then stops, maybe both.
 * @throws UserError then; nothing is left of this one
 */
async function refuseConcurrent(
  { environmentName: environment }: Pick<Context, "environmentName">,
  launch: PreparedLaunch,
  own: StackName,
): Promise<void> {
  const other = await findEarlier(environment, fingerprintOf(launch), own);
  if (other === undefined || !(await isLaunching(other.journal))) return;
  await endLaunch(own);
  throw alreadyLaunching(other.journal, idOf(other.stack, environment), environment);
}

/** @throws InputError unless the stack is one of a sweep */
const idOf = (stack: StackName, environment: string): SweepId =>
  parseLaunchedSweepId(stack.slice(`${environment}.`.length));

const alreadyLaunching = ({ pid }: LaunchJournal, id: SweepId, environment: string): UserError =>
  new UserError(`process ${pid} is launching the same sweep, as ${id}`, {
    fix: `Wait for it to end, then: ${commandLine("spawn sweep list", environment)}`,
  });

const ways = (id: SweepId, environment: string): string =>
  `To resume it: ${commandLine(`spawn launch --resume ${id}`, environment)}. ${wayToRemove(id, environment)}`;

const wayToRemove = (id: SweepId, environment: string): string =>
  `To remove it: ${commandLine(`spawn sweep delete ${id} --yes`, environment)}`;

/** The same error with the state of the sweep and the commands for it. */
async function withSweep(
  context: Pick<Context, "environmentName" | "settings" | "tables">,
  error: unknown,
  { spec: { id } }: SweepSettings,
): Promise<unknown> {
  const known = error instanceof UserError ? error : explainSystemError(error);
  if (known === undefined) return error;
  const { environmentName: environment } = context;
  const isStarted = await hasStarted(context, id);
  return new UserError(known.message, {
    why: [
      sentence(known.why),
      isStarted ? `The sweep ${id} has started.` : `The sweep ${id} has not started.`,
    ]
      .filter(Boolean)
      .join(" "),
    fix: [
      sentence(known.fix),
      isStarted ? `To see it: ${commandLine(`spawn sweep info ${id}`, environment)}` : ways(id, environment),
    ]
      .filter(Boolean)
      .join(" "),
    exitCode: known.exitCode,
    cause: error,
  });
}

/** False if the table does not answer; resuming finds out. */
async function hasStarted(context: Pick<Context, "settings" | "tables">, id: SweepId): Promise<boolean> {
  try {
    return (await findMeta(await sweepTable(context), id))?.startedAt !== undefined;
  } catch {
    return false;
  }
}

const sentence = (text: string | undefined): string | undefined =>
  text === undefined || /[.!?]$/.test(text) ? text : `${text}.`;
