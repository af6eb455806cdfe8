import * as v from "valibot";
import { UserError } from "../../staging/errors.ts";
import { isRecord } from "../../staging/type-guards.ts";
import { explainFullDisk } from "./disk-full.ts";
import { explainPassphrase } from "./passphrase.ts";
import { type EngineRun, type EngineSettings, reasonOf, runEngine } from "./process.ts";
import { readBackup, readStateFile, type StateFile } from "./state-file.ts";

/** A member that is no mapping counts as empty. */
const VALUES = v.exactOptional(v.fallback(v.custom<Readonly<Record<string, unknown>>>(isRecord), {}));
const FLAG = v.exactOptional(v.boolean());

/** A resource in the state. */
const RESOURCE = v.object({
  urn: v.string(),
  type: v.string(),
  inputs: VALUES,
  outputs: VALUES,
  /** Whether the engine has replaced the resource and must still delete the old one. */
  delete: FLAG,
  /** Whether the engine refuses to delete the resource. */
  protect: FLAG,
  /** Whether a deletion only removes the resource from the state. */
  retainOnDelete: FLAG,
});
export type StateResource = Readonly<v.InferOutput<typeof RESOURCE>>;

/** An operation that a killed engine did not finish. */
const OPERATION = v.object({ type: v.string(), resource: RESOURCE });
type Operation = Readonly<v.InferOutput<typeof OPERATION>>;

/** The state of a stack. */
interface StackState {
  readonly exists: boolean;
  readonly resources: readonly StateResource[];
  readonly pending: readonly Operation[];
  /** The damaged file of the state; undefined if the state can be read. */
  readonly damaged?: Extract<StateFile, { kind: "damaged" }>;
}

const NOTHING = { exists: false, resources: [], pending: [] } as const;

/**
 * Reads a stack's state.
 * @throws UserError if the backend cannot be read
 */
export async function readState(settings: EngineSettings, stack: string): Promise<StackState> {
  const file = await readStateFile(settings, stack);
  if (file === undefined) return fromExport(await exportStack(settings, stack));
  if (file.kind === "absent") return NOTHING;
  if (file.kind === "damaged") return { ...NOTHING, exists: true, damaged: file };
  return fromDeployment(file.deployment);
}

/**
 * Reads a stack's state or, if it is damaged, its newest backup, which lacks at most the last step. For commands that only list the
 * stack's resources. `damaged` is set if there is no backup either.
 */
export async function readStateOrBackup(settings: EngineSettings, stack: string): Promise<StackState> {
  const state = await readState(settings, stack);
  if (state.damaged === undefined) return state;
  const backup = await readBackup(state.damaged.file, stack);
  return backup === undefined ? state : fromDeployment(backup);
}

/** An exported stack. Undeclared properties survive the import unchanged. */
export interface ExportedStack {
  /** Null for a stack that has never been updated. */
  readonly deployment: { resources?: StateResource[]; pending_operations?: Operation[] } | null;
}
const DEPLOYMENT = v.object({
  resources: v.exactOptional(v.array(RESOURCE)),
  pending_operations: v.exactOptional(v.array(OPERATION)),
});
const isExport = (value: unknown): value is ExportedStack =>
  v.is(v.object({ deployment: v.nullable(DEPLOYMENT) }), value);

/** @returns undefined if the stack does not exist */
export async function exportStack(
  settings: EngineSettings,
  stack: string,
): Promise<ExportedStack | undefined> {
  const run = await runEngine(settings, ["stack", "export", "--stack", stack]);
  const exported: unknown = run.exitCode === 0 ? JSON.parse(run.stdout) : undefined;
  if (isExport(exported)) return exported;
  if (/no stack named/.test(run.stderr)) return undefined;
  throw stateAccessError(stack, "read", run);
}

export function stateAccessError(stack: string, what: "read" | "written", run: EngineRun): UserError {
  const full = explainFullDisk(run.stderr);
  if (full !== undefined) return full;
  const passphrase = explainPassphrase(run.stderr, stack);
  if (passphrase !== undefined) return passphrase;
  return new UserError(`the state of ${stack} cannot be ${what}`, {
    why: reasonOf(run),
    fix: "spawn doctor",
  });
}

const fromExport = (exported: ExportedStack | undefined): StackState =>
  exported === undefined ? NOTHING : fromDeployment(exported.deployment);

function fromDeployment(deployment: unknown): StackState {
  const { resources, pending_operations: pending } = isRecord(deployment) ? deployment : {};
  return { exists: true, resources: valid(RESOURCE, resources), pending: valid(OPERATION, pending) };
}

/** The items of a list that a schema describes. */
const valid = <const S extends v.GenericSchema>(schema: S, items: unknown): v.InferOutput<S>[] =>
  (Array.isArray(items) ? items : []).flatMap((item) => {
    const result = v.safeParse(schema, item);
    return result.success ? [result.output] : [];
  });
