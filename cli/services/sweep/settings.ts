import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { undefinedIf } from "../../../connection/errors/failure.ts";
import { readTextIfThere } from "../../../files/read.ts";
import { spawnPaths } from "../../../local/paths.ts";
import { SWEEP_SETTINGS, type SweepSettings } from "../../../stacks/sweep-settings.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import { SWEEP_RUN } from "../../../staging/resources/tokens.ts";
import { type SweepId, sweepStackName } from "../../../staging/sweep/id.ts";
import { type Rows, rowAt, rowJson } from "../../../staging/sweep/rows.ts";
import type { SweepRows } from "../../../staging/sweep/spec.ts";
import { isRecord } from "../../../staging/type-guards.ts";
import { commandLine } from "../../command-line.ts";
import { settingsFile, writeAtomically } from "../../engine/entry-project.ts";
import type { StateResource } from "../../engine/state.ts";

/*
 * The inputs of a sweep's stack: two files on the machine that launched it, and after the first complete update an output of the stack.
 */

const settingsPath = (environment: string, id: SweepId): string =>
  settingsFile(spawnPaths().stacks, sweepStackName(environment, id));

export const rowsFile = (folder: string, id: SweepId): string => join(folder, `${id}.rows.jsonl`);

/** Writes the settings file. Plain `pulumi` reads it, too. @throws InputError if it could not be read again */
export async function writeSettings(settings: SweepSettings): Promise<void> {
  const file = settingsPath(settings.environment.name, settings.spec.id);
  const text = SWEEP_SETTINGS.render(settings);
  SWEEP_SETTINGS.parseFile(text, file);
  await writeAtomically(file, text);
}

/** Writes the rows as JSON lines. */
export async function writeRows(id: SweepId, rows: Rows): Promise<SweepRows> {
  const text = rowsText(rows);
  const file = rowsFile(spawnPaths().stacks, id);
  await writeAtomically(file, text);
  return { file, sha256: sha256Of(text) };
}

/** One JSON object of strings per index. */
export const rowsText = (rows: Rows): string =>
  rows.values.map((_, index) => `${rowJson(rowAt(rows, index))}\n`).join("");

export const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Deletes the files of a sweep on this machine. */
export async function removeFiles(environment: string, id: SweepId): Promise<void> {
  for (const file of [settingsPath(environment, id), rowsFile(spawnPaths().stacks, id)])
    await rm(file, { force: true });
}

/** Whether this machine has a settings file of the sweep, readable or not. */
export const hasSettings = async (environment: string, id: SweepId): Promise<boolean> =>
  (await readTextIfThere(settingsPath(environment, id))) !== undefined;

/** The settings file of a sweep that this machine launched; undefined without one. @throws InputError if it is damaged */
export async function readSettings(environment: string, id: SweepId): Promise<SweepSettings | undefined> {
  const file = settingsPath(environment, id);
  const text = await readTextIfThere(file);
  return text === undefined ? undefined : SWEEP_SETTINGS.parseFile(text, file);
}

/** {@link readSettings}, for commands that work without the file: undefined also for a damaged one. */
export async function settingsHere(environment: string, id: SweepId): Promise<SweepSettings | undefined> {
  return await undefinedIf((error) => error instanceof InputError, readSettings(environment, id));
}

/**
 * The inputs of a sweep's stack. The state takes precedence over the file of this machine: another machine may have retried the sweep.
 * @throws UserError if neither has them
 */
export async function settingsOf(
  environment: string,
  id: SweepId,
  resources: readonly StateResource[],
): Promise<SweepSettings> {
  const settings = settingsInState(id, resources) ?? (await settingsHere(environment, id));
  if (settings !== undefined) return settings;
  throw new UserError(`the settings of ${id} are not on this machine`, {
    why: "Its launch did not complete, so the stack's state does not have them; only the machine that launched it does.",
    fix: `On that machine: ${commandLine(`spawn launch --resume ${id}`, environment)}`,
  });
}

function settingsInState(id: SweepId, resources: readonly StateResource[]): SweepSettings | undefined {
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const values = stack?.outputs?.["settings"];
  if (!isRecord(values)) return undefined;
  const settings = SWEEP_SETTINGS.parseValues(values, `the state of ${id}`);
  return settings.spec.id === id ? settings : undefined;
}

/** The generation in the stack's state; 0 without one. */
export function generationIn(resources: readonly StateResource[]): number {
  const generation = resources.find(({ type }) => type === SWEEP_RUN)?.inputs?.["generation"];
  return typeof generation === "number" ? generation : 0;
}
