import { printable, printableLines } from "./printable.ts";

/**
 * What went wrong, told to the person who can mend it.
 *
 * `message` says what happened, `why` the cause, `fix` the command or the edit that mends it. `exitCode` is
 * 2 for bad input (nothing was created), 1 for a failure while working, 130 for an interruption.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly why: string | undefined;
  readonly fix: string | undefined;
  readonly exitCode: number;

  constructor(
    message: string,
    detail: { why?: string; fix?: string; exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
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

const WHY = "Why: ";
const FIX = "Fix: ";

/**
 * An error as text for people: the message and, each on a line of its own, its cause and remedy. It is printable, and no text inside can look
 * like a remedy: the engine shows it, and {@link parseDescription} reads it.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof UserError)) return printableLines(messageOf(error));
  return [
    printable(error.message),
    error.why && WHY + printable(error.why),
    error.fix && FIX + printable(error.fix),
  ]
    .filter(Boolean)
    .join("\n");
}

/** Reads what {@link describeError} wrote, after it travelled through the engine as text. */
export function parseDescription(text: string): { message: string; why?: string; fix?: string } {
  const lines = text.split("\n");
  const labelled = (label: string) => lines.find((line) => line.startsWith(label))?.slice(label.length);
  const why = labelled(WHY);
  const fix = labelled(FIX);
  const message = lines
    .filter((line) => !line.startsWith(WHY) && !line.startsWith(FIX))
    .map((line) => line.trim());
  // What other programs say in several lines is one sentence here: an error has a line for its message.
  return { message: message.filter(Boolean).join(" "), ...(why ? { why } : {}), ...(fix ? { fix } : {}) };
}
