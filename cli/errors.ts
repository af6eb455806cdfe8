import { messageOf, UserError } from "../staging/errors.ts";
import { type CloudOfError, explainAwsError } from "./aws-errors.ts";
import { explainParseError, type ParsedCommand } from "./parse-errors.ts";
import { explainSystemError } from "./system-errors.ts";

/** What went wrong while a command ran: whose, and where it was talking to. */
export interface FailedCommand {
  readonly command: ParsedCommand;
  readonly at: CloudOfError;
}

/** A defect of ours: nothing that the user did or can mend. */
export class Defect extends UserError {
  constructor(cause: unknown) {
    super(`unexpected failure: ${firstLine(messageOf(cause))}`, {
      why: "This is a defect of spawn, not a mistake of yours.",
      fix: "Run the command again with --verbose for details, and report it with them and the output of spawn --version.",
      cause,
    });
  }
}

/** Every error that a command can end with, as one for the user. Errors are mapped here and nowhere else. */
export function explain(error: unknown, { command, at }: FailedCommand): UserError {
  if (error instanceof Error && error.name === "AbortError") {
    return new UserError("interrupted", { exitCode: 130, cause: error });
  }
  return (
    explainParseError(error, command) ??
    explainAwsError(error, at) ??
    explainSystemError(error) ??
    new Defect(error)
  );
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}
