import type { EngineSettings } from "../../engine/process.ts";
import { damagedStateError } from "../../engine/repair.ts";
import { readStateOrBackup, type StateResource } from "../../engine/state.ts";

/** The resources in the state of a stack, or in its backup. @throws UserError if both are damaged */
export async function resourcesOf(project: EngineSettings, stack: string): Promise<readonly StateResource[]> {
  const { resources, damaged } = await readStateOrBackup(project, stack);
  if (damaged !== undefined) throw damagedStateError(stack, damaged);
  return resources;
}
