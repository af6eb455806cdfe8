import type { EngineEvent, ResOutputsEvent } from "@pulumi/pulumi/automation/events.js";
import type { PulumiFn } from "@pulumi/pulumi/automation/workspace.js";
import { isOnLocalCloud } from "../../connection/variables.ts";
import { UserError } from "../../staging/errors.ts";
import { decodeProgress, type Progress } from "../../staging/progress.ts";
import { sweepOfStack } from "../../staging/sweep/id.ts";
import { type EngineCloud, UpdateLog } from "./failure.ts";
import { type Heartbeat, startHeartbeat, workerOf } from "./heartbeat.ts";
import { startedBy, takeOverDeadLocks } from "./lock.ts";
import { type EngineSettings, runEngine } from "./process.ts";
import { hostProgram } from "./program-server.ts";

/** One finished step of an update. */
export interface ResourceChange {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

export interface UpdateOptions {
  /** Interrupts the update; it then ends with the error of exit code 130, which is also the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress, urn: string) => void;
  /** After each resource that was created, updated or deleted. */
  readonly onChange?: (change: ResourceChange) => void;
  /** Notes and warnings for people, of the program and of the provider. */
  readonly onNote?: (message: string, severity: "info" | "warning") => void;
  /** Every event as it comes, for `--verbose`. */
  readonly onEvent?: (event: EngineEvent) => void;
}

export interface UpdateResult {
  /** The stack's outputs; empty after a `destroy`. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** How many resources each operation touched: create, update, delete, same, … */
  readonly changes: Readonly<Record<string, number>>;
  readonly durationSeconds: number;
}

export type Operation =
  | {
      readonly kind: "up" | "preview";
      readonly program: PulumiFn;
      /** Whether the engine refreshes the state before it compares. */
      readonly refresh?: boolean;
      /** Whether resources that do not depend on one that failed are made all the same. */
      readonly continueOnError?: boolean;
    }
  /** Compares the state with AWS, and changes neither. `targets`: the URNs to look at; absent: all. */
  | { readonly kind: "refresh"; readonly previewOnly: true; readonly targets?: readonly string[] }
  | { readonly kind: "destroy"; readonly remove: boolean };

/** Plugins of our own are found on PATH by design. */
const EXPECTED_WARNING = /^using pulumi-(resource|language)-\S+ from \$PATH/;

const STACK_TYPE = "pulumi:pulumi:Stack";

/**
 * Runs one update of one stack in one engine process.
 * @throws UserError that names the one cause that matters and its remedy
 */
export async function runUpdate(
  settings: EngineSettings,
  stack: string,
  operation: Operation,
  options: UpdateOptions = {},
): Promise<UpdateResult> {
  options.signal?.throwIfAborted();
  const onlyLooks = operation.kind === "preview" || operation.kind === "refresh";
  if (!onlyLooks) await takeOverDeadLocks(settings, stack, options);
  let refusal: UserError | undefined;
  const program =
    "program" in operation
      ? await hostProgram(operation.program, (error) => {
          refusal ??= error;
        })
      : undefined;
  const log = new UpdateLog(stack, operation.kind, cloudOf(settings));
  const result = {
    outputs: {} as Record<string, unknown>,
    changes: {} as Record<string, number>,
    durationSeconds: 0,
  };
  const onEvent = (event: EngineEvent) => {
    options.onEvent?.(event);
    log.add(event);
    const progress = event.diagnosticEvent && decodeProgress(event.diagnosticEvent.message);
    if (progress) options.onProgress?.(progress, event.diagnosticEvent?.urn ?? "");
    else if (event.diagnosticEvent) note(event.diagnosticEvent, options);
    if (event.resOutputsEvent) {
      const change = changeOf(event.resOutputsEvent);
      if (change.type === STACK_TYPE) result.outputs = { ...change.outputs };
      else if (change.op !== "same") options.onChange?.(change);
    }
    if (event.summaryEvent) {
      result.changes = { ...event.summaryEvent.resourceChanges };
      result.durationSeconds = event.summaryEvent.durationSeconds;
    }
  };
  const url = settings.env["PULUMI_BACKEND_URL"];
  const heartbeat = onlyLooks ? undefined : await heartbeatOf(settings, stack);
  try {
    const run = await runEngine(
      { ...settings, env: { ...settings.env, ...heartbeat?.env } },
      argumentsOf(operation, stack, program?.address),
      {
        onEvent,
        // If the disk is full, other commands cannot tell who holds the lock, and leave it alone.
        onStart: (pid) => void heartbeat?.engineStarted(pid).catch(() => undefined),
        signal: AbortSignal.any([options.signal, heartbeat?.lost].filter((one) => one !== undefined)),
      },
    );
    if (heartbeat?.lost.aborted === true) throw await takenOver(url, stack);
    if (run.exitCode !== 0) {
      const isAborted = options.signal?.aborted ?? false;
      throw (isAborted ? undefined : refusal) ?? log.failure(run, isAborted);
    }
    return result;
  } finally {
    program?.close();
    await heartbeat?.stop();
  }
}

async function heartbeatOf({ env, objects }: EngineSettings, stack: string): Promise<Heartbeat> {
  if (objects === undefined) return await startHeartbeat(env["PULUMI_BACKEND_URL"], stack);
  const { noteWorkerInBucket } = await import("./bucket-lock.ts");
  return noteWorkerInBucket(objects, stack);
}

/** This machine was asleep, or cut off from the backend, for so long that another command took the stack over. */
async function takenOver(url: string | undefined, stack: string): Promise<UserError> {
  const worker = await workerOf(url, stack);
  const isSweep = sweepOfStack(stack) !== undefined;
  return new UserError(`another command has taken over the stack ${stack}`, {
    why: `This one gave no sign of life for a while. ${worker === undefined ? "The other one has ended." : `Process ${worker.pid} on ${worker.host} works on it now.`}`,
    fix: `Wait for it to end, then look: ${isSweep ? "spawn sweep list" : "spawn stage list, spawn stage list --incomplete"}`,
  });
}

function cloudOf({ env }: EngineSettings): EngineCloud {
  const endpoint = env["AWS_ENDPOINT_URL"] || undefined;
  return { endpoint, isEmbedded: isOnLocalCloud(env) };
}

function argumentsOf(operation: Operation, stack: string, client: string | undefined): string[] {
  const args = [operation.kind, "--json", "--stack", stack];
  if (operation.kind === "refresh") {
    args.push("--preview-only", ...(operation.targets ?? []).flatMap((urn) => ["--target", urn]));
  } else if (operation.kind !== "preview") args.push("--yes", "--skip-preview");
  if (client !== undefined) args.push(`--client=${client}`, "--exec-kind", "auto.inline");
  if ("refresh" in operation && operation.refresh) args.push("--refresh");
  if ("continueOnError" in operation && operation.continueOnError) args.push("--continue-on-error");
  args.push("--exec-agent", startedBy(process.pid));
  if (operation.kind === "destroy" && operation.remove) args.push("--remove");
  return args;
}

function changeOf(event: ResOutputsEvent): ResourceChange {
  const { op, urn, type, new: created, old } = event.metadata;
  const state = created ?? old;
  return { op, urn, type, inputs: state?.inputs ?? {}, outputs: state?.outputs ?? {} };
}

function note(event: NonNullable<EngineEvent["diagnosticEvent"]>, options: UpdateOptions): void {
  if (event.ephemeral || EXPECTED_WARNING.test(event.message)) return;
  if (event.severity === "warning" || (event.severity === "info" && event.urn)) {
    options.onNote?.(event.message.trim(), event.severity);
  }
}
