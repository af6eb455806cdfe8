import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPLICATION, STAGED_DATA, SWEEP_RUN, USAGE_ROW } from "../../staging/resources.ts";
import { type EngineSettings, runEngine } from "./process.ts";
import { damagedState } from "./repair.ts";
import { type ExportedStack, exportStack, readState, type StateResource, unusableState } from "./state.ts";

export type { StateResource } from "./state.ts";

/**
 * What becomes of creations that a kill cut off. They may have got anywhere, from nothing to the end.
 * `again`: they are forgotten, and the next update creates them again, which goes on where the first one stopped.
 * `adopt`: they are taken into the state as if they had failed half way, for a `destroy` to delete what they left.
 */
export type Cut = "again" | "adopt";

/** Types of resources that may have left something behind, with the id that their creation gives. */
const IDS: Readonly<Record<string, (inputs: Readonly<Record<string, unknown>>) => string>> = {
  [STAGED_DATA]: ({ region, stagingId }) => `${region}/${stagingId}`,
  [REPLICATION]: ({ region, stagingId }) => `${region}/${stagingId}`,
  [USAGE_ROW]: ({ table, stagingId }) => `${table}/${stagingId}`,
  [SWEEP_RUN]: ({ sweepId }) => String(sweepId),
};

/** What was found in a stack's state. */
export interface Settled {
  /** Whether there is a stack of that name. */
  readonly exists: boolean;
  /** The resources whose creation was cut off. */
  readonly creating: readonly StateResource[];
  /** All resources, now that it is settled. */
  readonly resources: readonly StateResource[];
}

/**
 * Clears the operations that an engine which was killed has left as pending. Editing the state takes two starts of the
 * engine, 0.6 s; a `refresh --clear-pending-creates` also starts the plugins and asks for every resource.
 * @param beforeForgetting is told of creations that were cut off, for what the engine cannot undo, while the state still has them:
 * where it fails, or is killed, the next attempt is told of them again
 * @throws UserError when the state can be neither read nor written
 */
export async function settlePending(
  settings: EngineSettings,
  stack: string,
  cut: Cut,
  beforeForgetting: (creating: readonly StateResource[]) => Promise<void>,
): Promise<Settled> {
  const found = await readState(settings, stack);
  if (found.damaged !== undefined) throw damagedState(stack, found.damaged);
  if (found.pending.length === 0) return { exists: found.exists, creating: [], resources: found.resources };
  // To be written again, it is read by the engine, which knows all that belongs to a state.
  const state = await exportStack(settings, stack);
  if (state === undefined) return { exists: false, creating: [], resources: [] };
  const deployment = state.deployment ?? {};
  const pending = deployment.pending_operations ?? [];
  const creating = pending.filter(({ type }) => type === "creating").map(({ resource }) => resource);
  await beforeForgetting(creating);
  if (cut === "adopt") {
    const known = new Set(deployment.resources?.map(({ urn }) => urn));
    const adopted = creating.filter(({ urn }) => !known.has(urn)).flatMap(asFailedHalfWay);
    deployment.resources = [...(deployment.resources ?? []), ...adopted];
  }
  delete deployment.pending_operations;
  await importState(settings, stack, state);
  return { exists: true, creating, resources: deployment.resources ?? [] };
}

/** The resource as the provider would have left it with a partial failure: its inputs are its outputs. */
function asFailedHalfWay(resource: StateResource): StateResource[] {
  const idOf = IDS[resource.type];
  if (idOf === undefined) return [];
  const inputs = resource.inputs ?? {};
  const initErrors = ["the engine was killed while it was being created"];
  return [{ ...resource, ...{ id: idOf(inputs), outputs: inputs, initErrors } }];
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
    if (run.exitCode !== 0) throw unusableState(stack, "written", run);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
