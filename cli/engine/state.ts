import { UserError } from "../../staging/errors.ts";
import { isRecord } from "../../staging/type-guards.ts";
import { explainFullDisk } from "./disk-full.ts";
import { explainPassphrase } from "./passphrase.ts";
import { type EngineRun, type EngineSettings, reasonOf, runEngine } from "./process.ts";
import { readBackup, readStateFile, type StateFile } from "./state-file.ts";

/** A resource as the state has it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** Whether the engine has replaced it and is still to delete it. */
  readonly delete?: boolean;
  /** Whether the engine refuses to delete it. */
  readonly protect?: boolean;
  /** Whether the engine forgets it instead of deleting it. */
  readonly retainOnDelete?: boolean;
}

/** What a stack's state holds. */
export interface StackState {
  readonly exists: boolean;
  readonly resources: readonly StateResource[];
  /** Operations that a killed engine had begun. */
  readonly pending: readonly { readonly type: string; readonly resource: StateResource }[];
  /** The damaged file of the state; undefined if the state can be read. */
  readonly damaged?: Extract<StateFile, { kind: "damaged" }>;
}

const NOTHING = { exists: false, resources: [], pending: [] } as const;

/**
 * Reads a stack's state. Changes nothing.
 * @throws UserError when the backend cannot be read
 */
export async function readState(settings: EngineSettings, stack: string): Promise<StackState> {
  const file = await readStateFile(settings, stack);
  if (file === undefined) return fromExport(await exportStack(settings, stack));
  if (file.kind === "absent") return NOTHING;
  if (file.kind === "damaged") return { ...NOTHING, exists: true, damaged: file };
  return fromDeployment(file.deployment);
}

/**
 * Reads a stack's state or, where that is damaged, the engine's newest backup of it, in which at most the last step is missing.
 * For commands that only want to know what it owns, and change nothing about it. `damaged` is set where there is no backup either.
 */
export async function readStateOrBackup(settings: EngineSettings, stack: string): Promise<StackState> {
  const state = await readState(settings, stack);
  if (state.damaged === undefined) return state;
  const backup = await readBackup(state.damaged.file, stack);
  return backup === undefined ? state : fromDeployment(backup);
}

/** An exported stack; what of it is not named here stays as it is when it is imported again. */
export interface ExportedStack {
  /** Null of a stack that has never been updated. */
  readonly deployment: {
    resources?: StateResource[];
    pending_operations?: { readonly type: string; readonly resource: StateResource }[];
  } | null;
}

/** @returns undefined where there is no such stack */
export async function exportStack(
  settings: EngineSettings,
  stack: string,
): Promise<ExportedStack | undefined> {
  const run = await runEngine(settings, ["stack", "export", "--stack", stack]);
  if (run.exitCode === 0) return JSON.parse(run.stdout) as ExportedStack;
  if (/no stack named/.test(run.stderr)) return undefined;
  throw unusableState(stack, "read", run);
}

export function unusableState(stack: string, what: "read" | "written", run: EngineRun): UserError {
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
  return {
    exists: true,
    resources: (Array.isArray(resources) ? resources : []).filter(isResource),
    pending: (Array.isArray(pending) ? pending : []).filter(isOperation),
  };
}

const isResource = (value: unknown): value is StateResource =>
  isRecord(value) && typeof value["urn"] === "string" && typeof value["type"] === "string";

const isOperation = (value: unknown): value is { type: string; resource: StateResource } =>
  isRecord(value) && typeof value["type"] === "string" && isResource(value["resource"]);
