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
  readonly why: string | undefined;
  readonly fix: string | undefined;
  readonly exitCode: number;

  constructor(
    message: string,
    detail: { code?: ErrorCode; why?: string; fix?: string; exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = detail.code;
    this.why = detail.why;
    this.fix = detail.fix;
    this.exitCode = detail.exitCode ?? 1;
  }
}

/** Bad input: refused before anything is created (exit code 2). */
export class InputError extends UserError {
  constructor(message: string, detail: { why?: string; fix?: string } = {}) {
    super(message, { ...detail, exitCode: 2 });
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The printable text of an error: the message, and its cause and fix on separate lines. */
export function describeError(error: unknown): string {
  if (!(error instanceof UserError)) return printableLines(messageOf(error));
  return [
    printable(error.message),
    error.why && `Why: ${printable(error.why)}`,
    error.fix && `Fix: ${printable(error.fix)}`,
  ]
    .filter(Boolean)
    .join("\n");
}
