import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import { parseDescription, UserError } from "../../staging/errors.ts";
import { commandLine } from "../command-line.ts";
import type { EngineRun } from "./process.ts";

/** What an update that failed has said, reduced to the one message that matters. */
export class UpdateLog {
  readonly #errors: { urn: string; message: string }[] = [];
  readonly #stack: string;
  readonly #operation: string;

  constructor(stack: string, operation: string) {
    this.#stack = stack;
    this.#operation = operation;
  }

  add(event: EngineEvent): void {
    const diagnostic = event.diagnosticEvent;
    if (diagnostic?.severity === "error") {
      this.#errors.push({ urn: diagnostic.urn ?? "", message: clean(diagnostic.message) });
    }
  }

  /** The error of an engine run that ended with another exit code than 0. */
  failure(run: EngineRun, interrupted: boolean): UserError {
    if (interrupted) return new UserError("interrupted", { exitCode: 130 });
    if (run.killedBy !== undefined) {
      return new UserError(
        `the engine was ended by ${run.killedBy} in the ${this.#operation} of ${this.#stack}`,
        {
          why: "Somebody killed it, or the system did for want of memory.",
          fix: "Run the command again.",
        },
      );
    }
    const causes = this.#errors.filter(({ message }) => message !== "" && !CONSEQUENCE.test(message));
    // Errors of resources come before those of the program, which often only repeat them.
    const ofResources = causes.filter(({ urn }) => urn !== "" && !urn.includes("pulumi:pulumi:Stack::"));
    const [cause, ...others] = [
      ...new Set((ofResources.length > 0 ? ofResources : causes.slice(0, 1)).map(({ message }) => message)),
    ];
    const failure = describeFailure(cause ?? clean(lastError(run.stderr)), this.#stack, this.#operation);
    return others.length === 0 ? failure : withOthers(failure, others);
  }
}

/** The error of one region, which also names what failed in others meanwhile. */
function withOthers(failure: UserError, others: readonly string[]): UserError {
  const { message, why, fix, exitCode } = failure;
  const also = others.map((other) => parseDescription(other).message.split("\n", 1)[0]).join("; ");
  return new UserError(message, {
    why: [why, `Also: ${also}.`].filter(Boolean).join(" "),
    ...(fix === undefined ? {} : { fix }),
    exitCode,
    cause: failure,
  });
}

/** Messages that only say that something else failed. */
const CONSEQUENCE =
  /^(update failed|preview failed|resource operation failed|one or more errors occurred|error: update failed)/i;

/** The engine wraps a provider's message once for each level that passed it on. */
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
    lines.find((line) => line.startsWith("error:")) ?? lines.at(-1) ?? "the engine ended without saying why"
  );
}

interface KnownFailure {
  readonly pattern: RegExp;
  readonly describe: (match: RegExpMatchArray, stack: string) => UserError;
}

/** Failures of the engine itself, which every user can meet. Those of our own provider bring their remedy along. */
const KNOWN: readonly KnownFailure[] = [
  {
    pattern:
      /the stack is currently locked by \d+ lock\(s\)[\s\S]*?created by (?<who>\S+) \(pid (?<pid>\d+)\)/,
    describe: (match, stack) =>
      new UserError(`the stack ${stack} is locked`, {
        why: `Another update of it is running (process ${match.groups?.["pid"]}, started by ${match.groups?.["who"]}).`,
        fix: "Wait for it to end, then run the command again.",
      }),
  },
  {
    pattern: /the stack is currently locked/,
    describe: (_match, stack) =>
      new UserError(`the stack ${stack} is locked`, {
        why: "Another update of it is running.",
        fix: "Wait for it to end, then run the command again.",
      }),
  },
  {
    pattern: /no stack named '(?<stack>[^']+)' found/,
    describe: (match) =>
      new UserError(`there is no stack ${match.groups?.["stack"]}`, {
        fix: commandLine("spawn environment up", match.groups?.["stack"]?.split(".")[0] ?? ""),
      }),
  },
  {
    pattern: /no resource plugin 'pulumi-resource-(?<name>[^']+)'/,
    describe: (match) =>
      new UserError(`the Pulumi plugin ${match.groups?.["name"]} is not there`, {
        why: "The engine could neither find nor download it.",
        fix: "spawn doctor",
      }),
  },
  {
    pattern: /incorrect passphrase/,
    describe: (_match, stack) =>
      new UserError(`the state of ${stack} is encrypted with another passphrase`, {
        fix: "Set PULUMI_CONFIG_PASSPHRASE to the one that it was made with.",
      }),
  },
  {
    // What gRPC says of a plugin whose process is gone; the engine names the call that it was in.
    pattern:
      /error reading from server: EOF|transport is closing|the connection is draining|code = Unavailable/,
    describe: (_match, stack) =>
      new UserError(`a plugin of the engine ended in the middle of the update of ${stack}`, {
        why: "Somebody killed its process, or the system did for want of memory.",
        fix: "Run the command again.",
      }),
  },
  {
    pattern: /ECONNREFUSED|connection refused|socket hang up|ECONNRESET/i,
    describe: () =>
      new UserError("the cloud did not answer", {
        why: "The connection was refused or broken off.",
        fix: "spawn local up, then run the command again",
      }),
  },
];

function describeFailure(message: string, stack: string, operation: string): UserError {
  for (const known of KNOWN) {
    const match = message.match(known.pattern);
    if (match) return known.describe(match, stack);
  }
  const { message: what, why, fix } = parseDescription(message);
  return new UserError(what === "" ? `the ${operation} of ${stack} failed` : what, {
    ...(why ? { why } : {}),
    fix: fix ?? "Run the command again with --verbose for the engine's log.",
  });
}
