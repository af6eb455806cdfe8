import { asFlag, asKey, type CommandText, inWords, type Spelling, type Words } from "./option.ts";
import { printable, printableLines } from "./printable.ts";

/**
 * Errors that the program itself reacts to. `checksum-mismatch`: stored bytes are not those of the source. `cannot-complete`: the
 * entry can only be deleted and uploaded again.
 */
export const ERROR_CODES = ["checksum-mismatch", "cannot-complete"] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * An error for the user.
 *
 * `message` says what happened, `why` the cause, `fix` the command or the edit that resolves it. `exitCode` is
 * 2 for bad input (nothing was created), 1 for a failure, 130 for an interruption.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly code: ErrorCode | undefined;
  readonly exitCode: number;
  readonly #why: Words | undefined;
  readonly #fix: Words | undefined;
  #spelling: Spelling = asFlag;
  #command: CommandText = (command) => command;
  /** The lines of the message: no text of a file or a server begins a line. */
  readonly lines: readonly [string, ...string[]] = [this.message];

  constructor(
    message: string,
    detail: {
      code?: ErrorCode;
      why?: Words | undefined;
      fix?: Words | undefined;
      exitCode?: number;
      cause?: unknown;
    } = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = detail.code;
    this.#why = detail.why;
    this.#fix = detail.fix;
    this.exitCode = detail.exitCode ?? 1;
  }

  get why(): string | undefined {
    return this.#why && inWords(this.#why, this.#spelling, this.#command);
  }

  get fix(): string | undefined {
    return this.#fix && inWords(this.#fix, this.#spelling, this.#command);
  }

  /** Spells its options for the reader of another interface than the command line. @returns the same error */
  spelled(spelling: Spelling): this {
    this.#spelling = spelling;
    return this;
  }

  /** Names the environment in its commands. @returns the same error */
  inEnvironment(command: CommandText): this {
    this.#command = command;
    return this;
  }
}

/** Bad input: refused before anything is created (exit code 2). */
export class InputError extends UserError {
  constructor(message: string, detail: { why?: Words | undefined; fix?: Words | undefined } = {}) {
    super(message, { ...detail, exitCode: 2 });
  }
}

/** Runs `work`, whose errors spell options for the reader of one interface. */
export async function spelledAs<T>(spelling: Spelling, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof UserError ? error.spelled(spelling) : error;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The text of an error in one line, for a property of a resource or a component: it spells options as keys. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof UserError)) return messageOf(error);
  const { message, why, fix } = error.spelled(asKey);
  const rest = [why, fix && `Fix: ${fix}`].filter(Boolean);
  return [rest.length === 0 ? message : `${message}.`, ...rest].join(" ");
}

/** The printable text of an error: the message, and its cause and fix on separate lines. */
export function describeError(error: unknown): string {
  if (!(error instanceof UserError)) return printableLines(messageOf(error));
  return [
    ...error.lines.map(printable),
    error.why && `Why: ${printable(error.why)}`,
    error.fix && `Fix: ${printable(error.fix)}`,
  ]
    .filter(Boolean)
    .join("\n");
}
