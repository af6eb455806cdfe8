import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import { decodeErrorDetails } from "../../staging/error-details.ts";
import { describeError, UserError } from "../../staging/errors.ts";
import { deniedAction, permissionsHint } from "../../staging/policies/denial.ts";
import { shellQuoted } from "../../staging/shell.ts";
import { environmentOfStack } from "../../staging/stack-name.ts";
import { commandLine, commandsIn, engineShell } from "../command-line.ts";
import { fullStackName } from "./backend.ts";
import { explainFullDisk } from "./disk-full.ts";
import { explainPassphrase } from "./passphrase.ts";
import type { EngineRun } from "./process.ts";
import { explainSetupText } from "./setup-failure.ts";
import { explainTakenBucket } from "./taken-bucket.ts";

/** The server of the plugins' requests. `endpoint` is undefined for AWS's own endpoints. */
export interface EngineCloud {
  readonly endpoint: string | undefined;
  /** Whether the server is spawn's local cloud. */
  readonly isEmbedded: boolean;
}

/** Collects the messages of an update, and reduces those of a failed one to a single error. */
export class UpdateLog {
  /** Structured errors of our own plugins and programs. */
  readonly #details: { urn: string; error: UserError }[] = [];
  /** Error messages of the engine and of other plugins. */
  readonly #texts: { urn: string; message: string }[] = [];
  readonly #stack: string;
  readonly #operation: string;
  readonly #cloud: EngineCloud;

  constructor(stack: string, operation: string, cloud: EngineCloud) {
    this.#stack = stack;
    this.#operation = operation;
    this.#cloud = cloud;
  }

  add(event: EngineEvent): void {
    const { message, severity, urn = "", ephemeral } = event.diagnosticEvent ?? {};
    if (message === undefined) return;
    const error = ephemeral ? decodeErrorDetails(message) : undefined;
    if (error !== undefined) this.#details.push({ urn, error });
    else if (severity === "error") this.#texts.push({ urn, message: clean(message) });
  }

  /** The error of an engine run with an exit code other than 0. */
  failure(run: EngineRun, interrupted: boolean): UserError {
    if (interrupted) return interruption();
    if (run.killedBy !== undefined) {
      return new UserError(
        `signal ${run.killedBy} ended the engine during the ${this.#operation} of ${this.#stack}`,
        {
          why: "A user killed it, or the system killed it because memory ran out.",
          fix: "Run the command again.",
        },
      );
    }
    const full = explainFullDisk([...this.#texts.map(({ message }) => message), run.stderr].join("\n"));
    if (full !== undefined) return full;
    const [cause, ...others] = this.#causes();
    const failure = cause ?? this.#describe(clean(lastError(run.stderr)));
    return others.length === 0 ? failure : withOtherFailures(failure, others);
  }

  /** Each cause once. The engine repeats the structured errors of our plugins as text, so those texts are left out. */
  #causes(): UserError[] {
    const detailed = new Set(this.#details.map(({ urn }) => urn));
    const causes = [
      ...this.#details.map(({ urn, error }) => ({ urn, error: this.#withFix(error) })),
      ...this.#texts
        .filter(({ urn, message }) => message !== "" && !CONSEQUENCE.test(message) && !detailed.has(urn))
        .map(({ urn, message }) => ({ urn, error: this.#describe(message) })),
    ];
    // Errors of resources take precedence over those of the program, which often only repeat them.
    const ofResources = causes.filter(({ urn }) => urn !== "" && !urn.includes("pulumi:pulumi:Stack::"));
    const chosen = (ofResources.length > 0 ? ofResources : causes.slice(0, 1)).map(({ error }) => error);
    return chosen.filter((error, index) => index === chosen.findIndex((other) => isSame(error, other)));
  }

  #withFix(error: UserError): UserError {
    return error.fix === undefined ? this.#describe(describeError(error), error) : error;
  }

  #describe(text: string, { message = oneLine(text), why }: Partial<UserError> = {}): UserError {
    const known =
      explainSetupText(text, process.env) ??
      explainPassphrase(text, this.#stack) ??
      explainTakenBucket(text, this.#stack) ??
      explainKnown(text, this.#stack, this.#cloud);
    if (known !== undefined) return known;
    return new UserError(message === "" ? `the ${this.#operation} of ${this.#stack} failed` : message, {
      ...(why === undefined ? {} : { why }),
      fix:
        deniedAction(text) === undefined
          ? "Run the command again with --verbose for the engine's log."
          : permissionsHint(text, commandsIn(environmentOfStack(this.#stack))),
    });
  }
}

/** Joins the lines of a message: our errors print a message on one line. */
const oneLine = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .join(" ");

const isSame = (one: UserError, other: UserError): boolean =>
  one.message === other.message && one.why === other.why && one.fix === other.fix;

/** The error of a command that the user interrupted. */
export const interruption = (): UserError => new UserError("interrupted", { exitCode: 130 });

/** Adds the messages of further failures, for example of other regions, to the first one. */
function withOtherFailures(failure: UserError, others: readonly UserError[]): UserError {
  const { message, code, why, fix, exitCode } = failure;
  const also = others.map((other) => other.message.split("\n", 1)[0]).join("; ");
  return new UserError(message, {
    why: [why, `Also: ${also}.`].filter(Boolean).join(" "),
    ...(code === undefined ? {} : { code }),
    ...(fix === undefined ? {} : { fix }),
    exitCode,
    cause: failure,
  });
}

/** Messages that only report that another operation failed. */
const CONSEQUENCE =
  /^(update failed|preview failed|resource operation failed|one or more errors occurred|error: update failed)/i;

/** Prefixes that each level of the engine adds to a provider's message. */
const WRAPPERS = [
  /^error:\s*/i,
  /^\d+ errors? occurred:\s*\*\s*/,
  /^sdk-v2\/provider2?\.go:\d+: sdk\.helper_schema: /,
  /^(creating|updating|deleting|reading|refreshing|diffing|checking) urn:pulumi:\S+?:\s*/,
  /^\S+ resource '[^']+'(: property \S+ value [\s\S]*?)? has a problem: /,
  /^rpc error: code = \w+ desc = /,
  /^Unhandled exception:\s*/,
  /^Error:\s*/,
];

function clean(message: string): string {
  let text = message.trim();
  for (let before = ""; before !== text; ) {
    before = text;
    for (const wrapper of WRAPPERS) text = text.replace(wrapper, "").trim();
  }
  const stackTrace = text.search(/\n\s+at /);
  return (stackTrace < 0 ? text : text.slice(0, stackTrace)).trim();
}

function lastError(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  return (
    lines.find((line) => line.startsWith("error:")) ?? lines.at(-1) ?? "the engine ended without a message"
  );
}

/**
 * The fix for a lock whose holder this machine cannot check. It uses the full stack name, because the engine accepts the short one
 * only in the project's folder.
 */
export const unlockFix = (stack: string): string =>
  `Wait for it to end, then run the command again. If it was killed: ${engineShell(environmentOfStack(stack))}; pulumi cancel --stack ${shellQuoted(fullStackName(stack))}`;

interface KnownFailure {
  readonly pattern: RegExp;
  readonly describe: (match: RegExpMatchArray, stack: string, cloud: EngineCloud) => UserError;
}

function explainKnown(text: string, stack: string, cloud: EngineCloud): UserError | undefined {
  for (const { pattern, describe } of KNOWN) {
    const match = text.match(pattern);
    if (match) return describe(match, stack, cloud);
  }
  return undefined;
}

/** Known failures of the engine itself. */
const KNOWN: readonly KnownFailure[] = [
  {
    pattern:
      /the stack is currently locked by \d+ lock\(s\)[\s\S]*?created by (?<user>\S+) \(pid (?<pid>\d+)\)/,
    describe: (match, stack) =>
      new UserError(`the stack ${stack} is locked`, {
        why: `Another update of the stack is running (process ${match.groups?.["pid"]}, started by ${match.groups?.["user"]}).`,
        fix: unlockFix(stack),
      }),
  },
  {
    pattern: /the stack is currently locked/,
    describe: (_match, stack) =>
      new UserError(`the stack ${stack} is locked`, {
        why: "Another update of the stack is running.",
        fix: unlockFix(stack),
      }),
  },
  {
    pattern: /no stack named '(?<stack>[^']+)' found/,
    describe: (match) =>
      new UserError(`there is no stack ${match.groups?.["stack"]}`, {
        fix: commandLine("spawn environment up", environmentOfStack(match.groups?.["stack"] ?? "")),
      }),
  },
  {
    pattern: /no resource plugin 'pulumi-resource-(?<name>[^']+)'/,
    describe: (match) =>
      new UserError(`the Pulumi plugin ${match.groups?.["name"]} is missing`, {
        why: "The engine could neither find nor download it.",
        fix: "spawn doctor",
      }),
  },
  {
    // From a port that this program serves to the engine: connection/engine-port.ts.
    pattern: /spawn refuses this connection: (?<reason>[^\n]+)/,
    describe: (match) =>
      new UserError("a plugin refused the engine's connection", {
        why: `A plugin serves only processes of its own user, and ${match.groups?.["reason"]?.trim() ?? ""}.`,
        fix: "Run the engine and its plugins as one user, and make /proc/net/tcp (Linux) or lsof (other systems) available, which tell the owner of a connection.",
      }),
  },
  {
    // gRPC's messages for a plugin whose process has ended.
    pattern:
      /error reading from server: EOF|transport: Error while dialing|transport is closing|the connection is draining|code = Unavailable/,
    describe: (_match, stack) =>
      new UserError(`a plugin of the engine ended during the update of ${stack}`, {
        why: "A user killed its process, or the system killed it because memory ran out.",
        fix: "Run the command again.",
      }),
  },
  {
    pattern: /ECONNREFUSED|connection refused|socket hang up|ECONNRESET/i,
    describe: (_match, _stack, { endpoint, isEmbedded }) =>
      new UserError(`${isEmbedded ? "the local cloud" : (endpoint ?? "AWS")} did not respond`, {
        why: "The connection was refused or reset.",
        fix: isEmbedded
          ? "spawn local up, then run the command again"
          : `Check ${endpoint === undefined ? "the network" : "AWS_ENDPOINT_URL and the network"}, then run the command again.`,
      }),
  },
];
