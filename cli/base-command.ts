import { Command, Flags } from "@oclif/core";
import { securePrivateFolders } from "../local/private-folders.ts";
import { progressPrinter } from "../local/progress.ts";
import type { UserError } from "../staging/errors.ts";
import { shellQuoted } from "../staging/shell.ts";
import { commandLine, environmentTaken } from "./command-line.ts";
import { Context } from "./context.ts";
import { DEFAULT_SETTINGS } from "./defaults.ts";
import { explain } from "./errors.ts";
import { configured } from "./flags.ts";
import { endOutput, isOutputDiscarded, OutputClosed, OutputFailed, writeData, writeOut } from "./output.ts";
import { failureEnvelope, renderDetails, renderFailure, successEnvelope } from "./render/failure.ts";
import { toJson } from "./render/json.ts";
import { ExactScreen, linesFor, textOf, writeExactly } from "./screen.ts";
import type { WatchOptions } from "./watch-update.ts";

/**
 * The base of all commands: global flags, error reporting and the JSON envelope.
 *
 * Results go to stdout, everything else to stderr. The return value of `run` is the `result` of `--json`.
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
      summary: "Show details: the engine's steps, and the stack trace of an error.",
      helpGroup: "GLOBAL",
      default: false,
    }),
  };

  readonly #warnings: string[] = [];
  #context: Context | undefined;
  #failed = false;
  readonly #afterOutput: (() => Promise<void>)[] = [];
  #fact: string | undefined;

  /** The context of the environment that `--environment` names. */
  protected contextOf(flags: { readonly environment: string }): Context {
    this.#context ??= new Context(flags.environment, progressPrinter(new ExactScreen(process.stderr)));
    return this.#context;
  }

  /** A context that reads the environment's file again, after the command has changed it. */
  protected freshContextOf(flags: { readonly environment: string }): Context {
    this.#context = undefined;
    return this.contextOf(flags);
  }

  /** A command of spawn for the user, with the environment of this command if necessary. */
  protected suggested(command: string): string {
    return commandLine(command, this.#environment);
  }

  /** This command with its arguments. */
  protected get repeated(): string {
    return [this.#name, ...this.argv.map(shellQuoted)].join(" ");
  }

  get #name(): string {
    return [this.config.bin, ...(this.id ?? "").split(":")].join(" ");
  }

  /** Also before the arguments are parsed. */
  get #environment(): string {
    return (
      this.#context?.environmentName ??
      flagIn(this.argv, "--environment") ??
      environmentTaken(process.env) ??
      DEFAULT_SETTINGS.environment
    );
  }

  /** Prints lines for people on stderr, unless `--json` is set. */
  protected note(...lines: readonly string[]): void {
    if (!this.jsonEnabled()) process.stderr.write(`${textOf(lines)}\n`);
  }

  /** Prints a line of the result for people on stdout. */
  override log(line = ""): void {
    if (!this.jsonEnabled()) process.stdout.write(`${textOf([line])}\n`);
  }

  /** Prints a warning on stderr; with `--json`, adds it to the envelope. */
  override warn(input: Error | string): Error | string {
    const text = typeof input === "string" ? input : input.message;
    this.#warnings.push(text);
    if (!this.jsonEnabled()) tell(linesFor(process.stderr, { style: "yellow", label: "Warning:", text }));
    return input;
  }

  /** How an update is shown: its progress on stderr, or with `--json` only its warnings, in the envelope. */
  protected watching({ verbose }: { readonly verbose: boolean }): WatchOptions {
    return { quiet: this.jsonEnabled(), verbose, onQuietWarning: (text) => this.warn(text) };
  }

  /** Warns about a part that is left out of the result. The rest is complete, but the command fails. */
  protected incomplete(problem: Error | string): void {
    this.warn(problem);
    process.exitCode = 1;
  }

  /**
   * Prints a result for people, or for programs without an envelope.
   * @returns the result with `--json`, for the envelope
   */
  protected async print<T>(
    result: T,
    format: "table" | "json" | "yaml",
    text: () => string,
  ): Promise<T | undefined> {
    if (this.jsonEnabled()) return result;
    if (format === "table") await writeOut(text());
    else if (format === "json") await writeData(toJson(result));
    else await writeData((await import("../stacks/yaml.ts")).toYaml(result));
    return undefined;
  }

  /**
   * Runs an action after the result has been written. So a command keeps its journal until the user has the result.
   * @param fact information that the user must not lose, such as an ID. It goes to stderr if the result cannot be written
   */
  protected afterOutput(fact: string, work: () => Promise<void>): void {
    this.#fact = fact;
    this.#afterOutput.push(work);
  }

  protected override async init(): Promise<void> {
    await super.init();
    // Otherwise oclif would take a missing argument from stdin, such as the rest of the list that a shell loop reads.
    for (const arg of Object.values(this.ctor.args)) arg.ignoreStdin = true;
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
    for (const work of this.#afterOutput) await work();
    return result;
  }

  /** Reports every error: as text or in the envelope, with the exit code. */
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

  /** Prints the envelope, or the error on stderr if stdout fails. */
  async #printEnvelope(failure: UserError): Promise<void> {
    this.logJson(failureEnvelope(failure, this.#warnings));
    if ((await endOutput()) !== undefined) tell(renderFailure(failure, process.stderr));
  }

  #explain(thrown: unknown): UserError {
    const isOutput = thrown instanceof OutputClosed || thrown instanceof OutputFailed;
    const error = isOutput && this.#fact !== undefined ? withFact(thrown, this.#fact) : thrown;
    return explain(error, {
      command: {
        name: this.#name,
        flags: [...Object.keys(this.ctor.baseFlags ?? {}), ...Object.keys(this.ctor.flags ?? {}), "json"],
      },
      at: this.#context?.at ?? { environment: this.#environment, connection: undefined },
    });
  }

  protected override toSuccessJson(result: unknown): unknown {
    return successEnvelope(Number(process.exitCode ?? 0), result, this.#warnings);
  }

  protected override logJson(json: unknown): void {
    writeExactly(process.stdout, toJson(json));
  }
}

/** The value of a flag in arguments that may not be parsed yet. */
function flagIn(argv: readonly string[], flag: string): string | undefined {
  const index = argv.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  return argv[index] === flag ? argv[index + 1] : argv[index]?.slice(flag.length + 1);
}

/** Writes text to stderr that contains no control characters except colours. */
const tell = (text: string): boolean => writeExactly(process.stderr, text);

/** The error of a command that succeeded but could not write its result. */
function withFact(error: OutputClosed | OutputFailed, fact: string): UserError {
  const why = error instanceof OutputFailed ? error.why : `The output was closed (${error.message}).`;
  return new OutputFailed("the output could not be written", { why: `${why} ${fact}`, cause: error });
}

/** oclif throws this error to end a command early (`this.exit(2)`). */
function isExit(error: unknown): error is { oclif: { exit: number } } {
  return error instanceof Error && "code" in error && error.code === "EEXIT";
}
