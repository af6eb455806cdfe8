import type { StagingId } from "../../../staging/ids.ts";
import { sweepOfStack } from "../../../staging/sweep/id.ts";
import { fullStackName } from "../../engine/backend.ts";
import { type EngineSettings, runEngine } from "../../engine/process.ts";
import { readStateOrBackup, type StateResource } from "../../engine/state.ts";
import { stacksFolder, stacksIn } from "../../engine/state-file.ts";
import { idsIn } from "../entry/delete-guards.ts";

/** A stack that holds an entry, and does not have the name of that entry's stack. */
export interface RenamedStack {
  readonly stack: string;
  readonly resources: readonly StateResource[];
}

/**
 * Finds stacks that hold nothing but one entry and have another name than its own: somebody has renamed them. Only the
 * folder of a `file://` backend can be searched without an engine for each stack; elsewhere none is found.
 * @param own the name that the entry's stack should have
 */
export async function findRenamed(
  project: EngineSettings,
  id: StagingId,
  own: string,
): Promise<RenamedStack[]> {
  const folder = await stacksFolder(project);
  if (folder === undefined) return [];
  const found: RenamedStack[] = [];
  for (const stack of await stacksIn(folder)) {
    if (stack === own || sweepOfStack(stack) !== undefined) continue;
    const { resources } = await readStateOrBackup(project, stack);
    const ids = idsIn(resources);
    if (ids.length === 1 && ids[0] === id && !holdsEnvironment(resources)) found.push({ stack, resources });
  }
  return found;
}

/** The environment's own stack may hold a single declared entry, too. */
const holdsEnvironment = (resources: readonly StateResource[]): boolean =>
  resources.some(({ type }) => type === "spawn:index:StagingEnvironment");

/** Removes the stack of a deleted entry from the backend. Changes no resource. */
export async function forgetStack(project: EngineSettings, stack: string): Promise<boolean> {
  const run = await runEngine(project, ["stack", "rm", "--force", "--yes", "--stack", fullStackName(stack)]);
  return run.exitCode === 0;
}
