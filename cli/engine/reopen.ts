import { EXPIRATION, REPLICATION, STAGED_DATA } from "../../staging/resources.ts";
import { importState } from "./pending.ts";
import type { EngineSettings } from "./process.ts";
import { exportStack } from "./state.ts";

/** What depends on the content of a source. */
const OF_CONTENT: readonly string[] = [STAGED_DATA, REPLICATION, EXPIRATION];

/**
 * Makes the next update of an entry's stack look at its source and at every region again, though the state has them as done:
 * the resources are written as if they had failed half way. All of them, since a rule may have replicated what was in the
 * source meanwhile, even where the source is now what the replica's state says.
 * @throws UserError when the state can be neither read nor written
 */
export async function reopenData(settings: EngineSettings, stack: string): Promise<void> {
  const state = await exportStack(settings, stack);
  const resources = state?.deployment?.resources;
  if (state?.deployment == null || !resources?.some(({ type }) => OF_CONTENT.includes(type))) return;
  state.deployment.resources = resources.map((resource) =>
    OF_CONTENT.includes(resource.type)
      ? { ...resource, ...{ outputs: resource.inputs ?? {}, initErrors: ["the source has changed"] } }
      : resource,
  );
  await importState(settings, stack, state);
}
