import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPLICATION, STAGED_DATA, SWEEP_RUN, USAGE_ROW } from "../../staging/resources/tokens.ts";
import { type EngineSettings, runEngine } from "./process.ts";
import { damagedStateError } from "./repair.ts";
import { type ExportedStack, exportStack, readState, type StateResource, stateAccessError } from "./state.ts";

export type { StateResource } from "./state.ts";

/**
 * How to treat creations that a kill interrupted at an unknown point.
 * `recreate`: remove them from the state. The next update creates the resources, and resumes from the existing data.
 * `adopt`: add them to the state as partial failures. A `destroy` then deletes their data.
 */
export type PendingCreations = "recreate" | "adopt";

/** Types whose interrupted creation can leave data, with the ID that a creation assigns. */
const RESOURCE_IDS: Readonly<Record<string, (inputs: Readonly<Record<string, unknown>>) => string>> = {
  [STAGED_DATA]: ({ region, stagingId }) => `${region}/${stagingId}`,
  [REPLICATION]: ({ region, stagingId }) => `${region}/${stagingId}`,
  [USAGE_ROW]: ({ table, stagingId }) => `${table}/${stagingId}`,
  [SWEEP_RUN]: ({ sweepId }) => String(sweepId),
};

/** A stack's state after its pending operations were cleared. */
export interface ClearedStack {
  /** Whether the stack exists. */
  readonly exists: boolean;
  /** Resources whose creation was interrupted. */
  readonly creating: readonly StateResource[];
  /** All resources of the new state. */
  readonly resources: readonly StateResource[];
}

/**
 * Clears the pending operations of a killed engine from the state. This takes two engine starts, 0.6 s. The alternative,
 * `refresh --clear-pending-creates`, also starts the plugins and reads every resource.
 * @param beforeClearing receives the interrupted creations, to undo what the engine cannot undo. It runs before the state changes,
 * so it runs again after a failure
 * @throws UserError if the state cannot be read or written
 */
export async function clearPendingOperations(
  settings: EngineSettings,
  stack: string,
  policy: PendingCreations,
  beforeClearing: (creating: readonly StateResource[]) => Promise<void>,
): Promise<ClearedStack> {
  const found = await readState(settings, stack);
  if (found.damaged !== undefined) throw damagedStateError(stack, found.damaged);
  if (found.pending.length === 0) return { exists: found.exists, creating: [], resources: found.resources };
  // Only the engine exports the whole state, which the import needs.
  const state = await exportStack(settings, stack);
  if (state === undefined) return { exists: false, creating: [], resources: [] };
  const deployment = state.deployment ?? {};
  const pending = deployment.pending_operations ?? [];
  const creating = pending.filter(({ type }) => type === "creating").map(({ resource }) => resource);
  await beforeClearing(creating);
  if (policy === "adopt") {
    const known = new Set(deployment.resources?.map(({ urn }) => urn));
    const adopted = creating.filter(({ urn }) => !known.has(urn)).flatMap(toPartialFailure);
    deployment.resources = [...(deployment.resources ?? []), ...adopted];
  }
  delete deployment.pending_operations;
  await importState(settings, stack, state);
  return { exists: true, creating, resources: deployment.resources ?? [] };
}

/** The resource as the provider returns it after a partial failure: its outputs are its inputs. */
function toPartialFailure(resource: StateResource): StateResource[] {
  const resourceId = RESOURCE_IDS[resource.type];
  if (resourceId === undefined) return [];
  const inputs = resource.inputs ?? {};
  const initErrors = ["the engine was killed while it was being created"];
  return [{ ...resource, ...{ id: resourceId(inputs), outputs: inputs, initErrors } }];
}

export async function importState(
  settings: EngineSettings,
  stack: string,
  state: ExportedStack,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "spawn-state-"));
  try {
    const file = join(folder, "state.json");
    await writeFile(file, JSON.stringify(state));
    const run = await runEngine(settings, ["stack", "import", "--stack", stack, "--file", file]);
    if (run.exitCode !== 0) throw stateAccessError(stack, "written", run);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
