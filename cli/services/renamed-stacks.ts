import type { StagingId } from "../../staging/ids.ts";
import { PROJECT_NAME } from "../engine/entry-project.ts";
import { type EngineSettings, runEngine } from "../engine/process.ts";
import { readStateOrBackup, type StateResource } from "../engine/state.ts";
import { stacksFolder, stacksIn } from "../engine/state-file.ts";
import { idsIn } from "./delete-guards.ts";

/** A stack whose state holds an entry under another name than the entry's own. */
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
    if (stack === own) continue;
    const { resources } = await readStateOrBackup(project, stack);
    const ids = idsIn(resources);
    if (ids.length === 1 && ids[0] === id && !holdsEnvironment(resources)) found.push({ stack, resources });
  }
  return found;
}

/** The environment's own stack may hold one declared entry and nobody else's. */
const holdsEnvironment = (resources: readonly StateResource[]): boolean =>
  resources.some(({ type }) => type === "spawn:index:StagingEnvironment");

/** Makes the engine forget a stack whose entry is gone. Touches no resource. */
export async function forgetStack(project: EngineSettings, stack: string): Promise<boolean> {
  const name = `organization/${PROJECT_NAME}/${stack}`;
  const run = await runEngine(project, ["stack", "rm", "--force", "--yes", "--stack", name]);
  return run.exitCode === 0;
}
