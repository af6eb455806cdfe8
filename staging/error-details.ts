import { ERROR_CODES, type ErrorCode, messageOf, UserError } from "./errors.ts";
import { printable, printableLines } from "./printable.ts";

/** The prefix of a message with error details. */
const MARK = "spawn-error:";

/**
 * An error as an ephemeral debug message of a plugin. The engine passes errors on as text only. It relays this message, on the
 * resource's URN, to the command that runs the engine, and does not print it.
 */
export function encodeErrorDetails(error: unknown): string {
  const { message, ...rest } =
    error instanceof UserError
      ? {
          message: printable(error.message),
          code: error.code,
          why: printed(error.why),
          fix: printed(error.fix),
        }
      : { message: printableLines(messageOf(error)) };
  return MARK + JSON.stringify({ message, ...rest });
}

/** The error that {@link encodeErrorDetails} wrote; undefined for any other message. */
export function decodeErrorDetails(text: string): UserError | undefined {
  if (!text.startsWith(MARK)) return undefined;
  try {
    const { message, code, why, fix } = JSON.parse(text.slice(MARK.length)) as Record<string, unknown>;
    return new UserError(String(message), {
      ...(isCode(code) ? { code } : {}),
      ...(typeof why === "string" ? { why } : {}),
      ...(typeof fix === "string" ? { fix } : {}),
    });
  } catch {
    return undefined; // another program's message that happens to begin like one
  }
}

const printed = (text: string | undefined): string | undefined => text && printable(text);

const isCode = (code: unknown): code is ErrorCode => ERROR_CODES.some((known) => known === code);
