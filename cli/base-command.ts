import { Command, Flags } from "@oclif/core";
import { securePrivateFolders } from "../local/private-folders.ts";
import { progressPrinter } from "../local/progress.ts";
import type { UserError } from "../staging/errors.ts";
import { Context } from "./context.ts";
import { DEFAULT_SETTINGS } from "./defaults.ts";
import { explain } from "./errors.ts";
import { configured } from "./flags.ts";
import { endOutput, isOutputDiscarded, OutputClosed, OutputFailed } from "./output.ts";
import { failureEnvelope, renderDetails, renderFailure, successEnvelope } from "./render/failure.ts";
import { toJson } from "./render/json.ts";
import { ExactScreen, linesFor, textOf, writeExactly } from "./screen.ts";

/**
 * What all commands have in common: the global flags, one way out for errors, one JSON envelope.
 *
 * Results go to stdout, everything else to stderr. `run` returns what `--json` shows as `result`.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;

  static override baseFlags = {
    environment: Flags.string({
      summary: "Environment to work on.",
      description: "The settings of environment NAME are in Pulumi.NAME.yaml.",
      helpGroup: "GLOBAL",
      helpValue: "NAME",
      ...configured("environment"),
      env: "SPAWN_ENVIRONMENT",
    }),
    verbose: Flags.boolean({
      summary: "Show details: what the engine does, and the stack of an error.",
      helpGroup: "GLOBAL",
      default: false,
    }),
  };

  readonly #warnings: string[] = [];
  #context: Context | undefined;
  #failed = false;
  readonly #whenTold: (() => Promise<void>)[] = [];
  #fact: string | undefined;

  /** The context of the environment that `--environment` names. */
  protected contextOf(flags: { readonly environment: string }): Context {
    this.#context ??= new Context(flags.environment, progressPrinter(new ExactScreen(process.stderr)));
    return this.#context;
  }

  /** Lines for people, on stderr; none under `--json`. */
  protected note(...lines: readonly string[]): void {
    if (!this.jsonEnabled()) process.stderr.write(`${textOf(lines)}\n`);
  }

  /** A line of the result for people, on stdout. */
  override log(line = ""): void {
    if (!this.jsonEnabled()) process.stdout.write(`${textOf([line])}\n`);
  }

  /** A warning on stderr; under `--json` it is in the envelope. */
  override warn(input: Error | string): Error | string {
    const text = typeof input === "string" ? input : input.message;
    this.#warnings.push(text);
    if (!this.jsonEnabled()) tell(linesFor(process.stderr, { style: "yellow", label: "Warning:", text }));
    return input;
  }

  /**
   * Runs an action after the result has been written: the command keeps its journal until the user has the result.
   * @param fact what the user must not lose, such as an ID: it goes to stderr if the result cannot be written
   */
  protected whenTold(fact: string, work: () => Promise<void>): void {
    this.#fact = fact;
    this.#whenTold.push(work);
  }

  protected override async init(): Promise<void> {
    await super.init();
    securePrivateFolders();
  }

  protected override async _run<T>(): Promise<T> {
    const result = await super._run<T>();
    // oclif prints no envelope for a command that returns nothing.
    if (!result && !this.#failed && this.jsonEnabled()) this.logJson(this.toSuccessJson(result));
    if (this.#failed) return result;
    const failure = await endOutput();
    if (failure !== undefined) {
      await this.catch(failure);
      return result;
    }
    if (this.#fact !== undefined && this.jsonEnabled() && isOutputDiscarded()) {
      tell(linesFor(process.stderr, this.#fact));
    }
    for (const work of this.#whenTold) await work();
    return result;
  }

  /** The single way out for errors: the text or the envelope, and the exit code. */
  protected override async catch(error: unknown): Promise<void> {
    this.#failed = true;
    if (error instanceof OutputClosed && this.#fact === undefined) return;
    if (isExit(error)) {
      process.exitCode = error.oclif.exit;
      return;
    }
    const failure = this.#explain(error);
    process.exitCode = failure.exitCode;
    const isOutput = error instanceof OutputClosed || error instanceof OutputFailed;
    if (isOutput || !this.jsonEnabled()) tell(renderFailure(failure, process.stderr));
    else await this.#printEnvelope(failure);
    if (this.argv.includes("--verbose")) tell(renderDetails(error));
  }

  /** If stdout cannot take the error, it goes to stderr. */
  async #printEnvelope(failure: UserError): Promise<void> {
    this.logJson(failureEnvelope(failure, this.#warnings));
    if ((await endOutput()) !== undefined) tell(renderFailure(failure, process.stderr));
  }

  #explain(thrown: unknown): UserError {
    const isOutput = thrown instanceof OutputClosed || thrown instanceof OutputFailed;
    const error = isOutput && this.#fact !== undefined ? withFact(thrown, this.#fact) : thrown;
    return explain(error, {
      command: {
        name: [this.config.bin, ...(this.id ?? "").split(":")].join(" "),
        flags: [...Object.keys(this.ctor.baseFlags ?? {}), ...Object.keys(this.ctor.flags ?? {}), "json"],
      },
      at: this.#context?.at ?? {
        environment: DEFAULT_SETTINGS.environment,
        connection: undefined,
      },
    });
  }

  protected override toSuccessJson(result: unknown): unknown {
    return successEnvelope(Number(process.exitCode ?? 0), result, this.#warnings);
  }

  protected override logJson(json: unknown): void {
    writeExactly(process.stdout, toJson(json));
  }
}

/** Writes text that is printable, but for colours, to stderr. */
const tell = (text: string): boolean => writeExactly(process.stderr, text);

/** The failure of the output of a command that has done its work. */
function withFact(error: OutputClosed | OutputFailed, fact: string): UserError {
  const why = error instanceof OutputFailed ? error.why : `The output was closed (${error.message}).`;
  return new OutputFailed("the output could not be written", { why: `${why} ${fact}`, cause: error });
}

/** oclif's way of ending a command early (`this.exit(2)`). */
function isExit(error: unknown): error is { oclif: { exit: number } } {
  return error instanceof Error && "code" in error && error.code === "EEXIT";
}
