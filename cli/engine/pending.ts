import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../staging/errors.ts";
import { REPLICATION, STAGED_DATA, USAGE_ROW } from "../../staging/resources.ts";
import { type EngineRun, type EngineSettings, reasonOf, runEngine } from "./process.ts";

/** What is read and written of an exported stack; everything else stays as it is. */
interface ExportedStack {
  /** Null of a stack that has never been updated. */
  readonly deployment: {
    resources?: StateResource[];
    pending_operations?: { readonly type: string; readonly resource: StateResource }[];
  } | null;
}

/** A resource as the state has it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

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
  const exported = await runEngine(settings, ["stack", "export", "--stack", stack]);
  if (exported.exitCode !== 0) {
    if (/no stack named/.test(exported.stderr)) return { exists: false, creating: [], resources: [] };
    throw unusable(stack, "read", exported);
  }
  const state = JSON.parse(exported.stdout) as ExportedStack;
  const deployment = state.deployment ?? {};
  const pending = deployment.pending_operations ?? [];
  if (pending.length === 0) return { exists: true, creating: [], resources: deployment.resources ?? [] };
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

async function importState(settings: EngineSettings, stack: string, state: ExportedStack): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "spawn-state-"));
  try {
    const file = join(folder, "state.json");
    await writeFile(file, JSON.stringify(state));
    const run = await runEngine(settings, ["stack", "import", "--stack", stack, "--file", file]);
    if (run.exitCode !== 0) throw unusable(stack, "written", run);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function unusable(stack: string, what: "read" | "written", run: EngineRun): UserError {
  return new UserError(`the state of ${stack} cannot be ${what}`, {
    why: reasonOf(run),
    fix: "spawn doctor",
  });
}
