import { EXPIRATION, REPLICATION, STAGED_DATA } from "../../staging/resources/tokens.ts";
import { importState } from "./pending.ts";
import type { EngineSettings } from "./process.ts";
import { exportStack } from "./state.ts";

/** Types of resources that depend on the content of a source. */
const CONTENT_TYPES: readonly string[] = [STAGED_DATA, REPLICATION, EXPIRATION];

/**
 * Makes the next update of an entry's stack check its source and every region again, though the state records them as done: it
 * writes the resources as incomplete. It does so for all of them, since a rule may have replicated an intermediate content of
 * the source, even if the source now matches the replica's state.
 * @throws UserError when the state can be neither read nor written
 */
export async function reopenData(settings: EngineSettings, stack: string): Promise<void> {
  const state = await exportStack(settings, stack);
  const resources = state?.deployment?.resources;
  if (state?.deployment == null || !resources?.some(({ type }) => CONTENT_TYPES.includes(type))) return;
  state.deployment.resources = resources.map((resource) =>
    CONTENT_TYPES.includes(resource.type)
      ? { ...resource, ...{ outputs: resource.inputs ?? {}, initErrors: ["the source has changed"] } }
      : resource,
  );
  await importState(settings, stack, state);
}
