import type { EngineEvent, ResOutputsEvent } from "@pulumi/pulumi/automation/events.js";
import type { PulumiFn } from "@pulumi/pulumi/automation/workspace.js";
import { isOnLocalCloud } from "../../connection/variables.ts";
import { UserError } from "../../staging/errors.ts";
import { decodeProgress, type Progress } from "../../staging/progress.ts";
import { environmentOfStack } from "../../staging/stack-name.ts";
import { sweepOfStack } from "../../staging/sweep/id.ts";
import { commandLine } from "../command-line.ts";
import { type EngineCloud, UpdateLog } from "./failure.ts";
import { findActiveCommand, type Heartbeat, startHeartbeat } from "./heartbeat.ts";
import { commandLineTag, takeOverDeadLocks } from "./lock.ts";
import { type StartedPlugin, startPlugin } from "./plugin.ts";
import { type EngineSettings, runEngine } from "./process.ts";
import { hostProgram } from "./program-server.ts";

/** One completed step of an update. */
export interface ResourceChange {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

export interface UpdateOptions {
  /** Interrupts the update, which then fails with exit code 130. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress, urn: string) => void;
  /** Called after each creation, update or deletion of a resource. */
  readonly onChange?: (change: ResourceChange) => void;
  /** Receives notes and warnings of the program and the provider, for the user. */
  readonly onNote?: (message: string, severity: "info" | "warning") => void;
  /** Receives every event, for `--verbose`. */
  readonly onEvent?: (event: EngineEvent) => void;
}

export interface UpdateResult {
  /** The stack's outputs, empty after a `destroy`. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Number of resources per operation: create, update, delete, same, … */
  readonly changes: Readonly<Record<string, number>>;
  readonly durationSeconds: number;
}

type Operation =
  | {
      readonly kind: "up" | "preview";
      /** Loads the program, while the engine starts. */
      readonly program: () => PulumiFn | Promise<PulumiFn>;
      /** Whether the engine refreshes the state first. */
      readonly refresh?: boolean;
      /** Whether a failure does not stop the creation of independent resources. */
      readonly continueOnError?: boolean;
      /** URNs of the resources to update. @default all */
      readonly targets?: readonly string[];
    }
  /** Compares the state with AWS and changes neither. `targets`: URNs to compare. @default all */
  | { readonly kind: "refresh"; readonly previewOnly: true; readonly targets?: readonly string[] }
  | { readonly kind: "destroy"; readonly remove: boolean };

/** spawn puts its own plugins on PATH by design. */
const EXPECTED_WARNING = /^using pulumi-(resource|language)-\S+ from \$PATH/;

const STACK_TYPE = "pulumi:pulumi:Stack";

/**
 * Runs one update of one stack in one engine process.
 * @throws UserError with the cause and the fix
 */
export async function runUpdate(
  settings: EngineSettings,
  stack: string,
  operation: Operation,
  options: UpdateOptions = {},
): Promise<UpdateResult> {
  options.signal?.throwIfAborted();
  const isReadOnly = operation.kind === "preview" || operation.kind === "refresh";
  if (!isReadOnly) await takeOverDeadLocks(settings, stack, options);
  let refusal: unknown;
  const program =
    "program" in operation
      ? await hostProgram(operation.program, (error) => {
          refusal ??= error;
        })
      : undefined;
  const log = new UpdateLog(stack, operation.kind, engineCloud(settings));
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
      const change = toResourceChange(event.resOutputsEvent);
      if (change.type === STACK_TYPE) result.outputs = { ...change.outputs };
      else if (change.op !== "same") options.onChange?.(change);
    }
    if (event.summaryEvent) {
      result.changes = { ...event.summaryEvent.resourceChanges };
      result.durationSeconds = event.summaryEvent.durationSeconds;
    }
  };
  const url = settings.env["PULUMI_BACKEND_URL"];
  const heartbeat = isReadOnly ? undefined : await startUpdateHeartbeat(settings, stack);
  const beating = { ...settings, env: { ...settings.env, ...heartbeat?.env } };
  let plugin: StartedPlugin | undefined;
  try {
    plugin = await startPlugin(beating, options.signal);
    const { ready } = plugin;
    if (needsPluginFirst(operation)) await ready;
    const run = await runEngine(
      { ...beating, env: { ...beating.env, ...plugin.env } },
      engineArguments(operation, stack, program?.address),
      {
        onEvent,
        // On a full disk this record is missing. Other commands then cannot identify the holder, and keep the lock.
        onStart: (pid) => {
          program?.load(ready);
          heartbeat?.engineStarted(pid).catch(() => undefined);
        },
        signal: AbortSignal.any([options.signal, heartbeat?.lost].filter((one) => one !== undefined)),
      },
    );
    if (heartbeat?.lost.aborted === true) throw await takeOverError(url, stack);
    if (run.exitCode !== 0) {
      const isAborted = options.signal?.aborted ?? false;
      throw (
        (isAborted ? undefined : refusal) ??
        log.failure({ ...run, stderr: `${plugin.stderr()}\n${run.stderr}` }, isAborted)
      );
    }
    return result;
  } finally {
    program?.close();
    await plugin?.stop();
    await heartbeat?.stop();
  }
}

/**
 * Whether the engine can use the plugin before it runs a program. Otherwise the program waits for the plugin, so that the engine does not
 * reach its time limit on a slow machine.
 */
const needsPluginFirst = (operation: Operation): boolean =>
  !("program" in operation) || operation.refresh === true;

async function startUpdateHeartbeat({ env, objects }: EngineSettings, stack: string): Promise<Heartbeat> {
  if (objects === undefined) return await startHeartbeat(env["PULUMI_BACKEND_URL"], stack);
  const { recordCommandInBucket } = await import("./bucket-lock.ts");
  return recordCommandInBucket(objects, stack);
}

/** This machine was suspended or disconnected from the backend until another command took over the stack. */
async function takeOverError(url: string | undefined, stack: string): Promise<UserError> {
  const active = await findActiveCommand(url, stack);
  const environment = environmentOfStack(stack);
  const lists =
    sweepOfStack(stack) === undefined
      ? `${commandLine("spawn stage list", environment)}, ${commandLine("spawn stage list --incomplete", environment)}`
      : commandLine("spawn sweep list", environment);
  return new UserError(`another command has taken over the stack ${stack}`, {
    why: `The heartbeat of this command paused for too long. ${active === undefined ? "The other command has ended." : `Process ${active.pid} on ${active.host} now updates the stack.`}`,
    fix: `Wait for the other command to end, then check the result: ${lists}`,
  });
}

function engineCloud({ env }: EngineSettings): EngineCloud {
  const endpoint = env["AWS_ENDPOINT_URL"] || undefined;
  return { endpoint, isEmbedded: isOnLocalCloud(env) };
}

function engineArguments(operation: Operation, stack: string, client: string | undefined): string[] {
  const args = [operation.kind, "--json", "--stack", stack];
  if ("targets" in operation) args.push(...(operation.targets ?? []).flatMap((urn) => ["--target", urn]));
  if (operation.kind === "refresh") {
    args.push("--preview-only");
  } else if (operation.kind !== "preview") args.push("--yes", "--skip-preview");
  if (client !== undefined) args.push(`--client=${client}`, "--exec-kind", "auto.inline");
  if ("refresh" in operation && operation.refresh) args.push("--refresh");
  if ("continueOnError" in operation && operation.continueOnError) args.push("--continue-on-error");
  args.push("--exec-agent", commandLineTag(process.pid));
  if (operation.kind === "destroy" && operation.remove) args.push("--remove");
  return args;
}

function toResourceChange(event: ResOutputsEvent): ResourceChange {
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
