import { messageOf, UserError } from "../staging/errors.ts";

/** An unexpected error: neither the input nor the environment explains it. */
export class Defect extends UserError {
  constructor(cause: unknown) {
    super(`unexpected failure: ${firstLine(messageOf(cause))}`, {
      why: "This is a bug in spawn, not a mistake in your input.",
      fix: "Run the command again with --verbose, and report the bug with its output and that of spawn --version.",
      cause,
    });
  }
}

const firstLine = (text: string): string => text.trim().split("\n", 1)[0] ?? "";
