import { join } from "node:path";
import { readTextIfThere } from "../../../files/read.ts";
import { spawnPaths } from "../../../local/paths.ts";
import {
  parseSweepSettingsFile,
  parseSweepValues,
  type SweepSettings,
} from "../../../stacks/sweep-settings.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import { SWEEP_RUN } from "../../../staging/resources.ts";
import { type SweepId, sweepStackName } from "../../../staging/sweep/id.ts";
import { isRecord } from "../../../staging/type-guards.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { settingsFile } from "../../engine/entry-project.ts";
import type { StateResource } from "../../engine/state.ts";

/** The rows of a sweep on the machine that launched it. */
export const rowsFile = (folder: string, id: SweepId): string => join(folder, `${id}.rows.jsonl`);

/** The settings of a sweep that this machine launched; undefined for one of another machine, and where the file is damaged. */
export async function settingsHere(
  context: Pick<Context, "environmentName">,
  id: SweepId,
): Promise<SweepSettings | undefined> {
  const file = settingsFile(spawnPaths().stacks, sweepStackName(context.environmentName, id));
  const text = await readTextIfThere(file);
  if (text === undefined) return undefined;
  try {
    return parseSweepSettingsFile(text, file);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/**
 * What a sweep's stack is made from, as its state tells it, and else as the file of this machine does: another machine may have retried it.
 * @throws UserError where neither has it
 */
export async function settingsOf(
  context: Pick<Context, "environmentName">,
  id: SweepId,
  resources: readonly StateResource[],
): Promise<SweepSettings> {
  const settings = settingsInState(id, resources) ?? (await settingsHere(context, id));
  if (settings !== undefined) return settings;
  throw new UserError(`what ${id} was launched with is not known on this machine`, {
    why: "Its launch did not end, so the stack's state does not tell, and its settings file is on the machine that launched it.",
    fix: `On that machine: ${commandLine(`spawn launch --resume ${id}`, context.environmentName)}`,
  });
}

function settingsInState(id: SweepId, resources: readonly StateResource[]): SweepSettings | undefined {
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const values = stack?.outputs?.["settings"];
  if (!isRecord(values)) return undefined;
  const settings = parseSweepValues(values, `the state of ${id}`);
  return settings.spec.id === id ? settings : undefined;
}

/** The generation that the stack's state has; 0 where it has none. */
export function generationIn(resources: readonly StateResource[]): number {
  const generation = resources.find(({ type }) => type === SWEEP_RUN)?.inputs?.["generation"];
  return typeof generation === "number" ? generation : 0;
}
