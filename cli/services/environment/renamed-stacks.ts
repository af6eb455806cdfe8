import { stagingEnvironmentComponent } from "../../../staging/components/staging-environment.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { sweepOfStack } from "../../../staging/sweep/id.ts";
import { fullStackName } from "../../engine/backend.ts";
import { type EngineSettings, runEngine } from "../../engine/process.ts";
import { readStateOrBackup, type StateResource } from "../../engine/state.ts";
import { stacksFolder, stacksIn } from "../../engine/state-file.ts";
import { idsIn } from "../entry/delete-guards.ts";

const ENVIRONMENT_TYPES: ReadonlySet<string> = new Set([
  stagingEnvironmentComponent.type,
  stagingEnvironmentComponent.token,
]);

/** A stack that holds an entry under another name than its own. */
export interface RenamedStack {
  readonly stack: string;
  readonly resources: readonly StateResource[];
}

/**
 * Finds renamed stacks of an entry: they hold only this entry, under another name. It searches only a `file://` backend, because another
 * one needs an engine for each stack.
 * @param own the correct name of the entry's stack
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

/** The environment's own stack can hold a single declared entry, too. A program in any language declares the token. */
const holdsEnvironment = (resources: readonly StateResource[]): boolean =>
  resources.some(({ type }) => ENVIRONMENT_TYPES.has(type));

/** Removes the stack of a deleted entry from the backend. Changes no resource. */
export async function forgetStack(project: EngineSettings, stack: string): Promise<boolean> {
  const run = await runEngine(project, ["stack", "rm", "--force", "--yes", "--stack", fullStackName(stack)]);
  return run.exitCode === 0;
}
