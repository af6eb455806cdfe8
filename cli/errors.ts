import { UserError } from "../staging/errors.ts";
import { type CloudOfError, explainAwsError } from "./aws-errors.ts";
import { commandsIn } from "./command-line.ts";
import { Defect } from "./defect.ts";
import { explainParseError, type ParsedCommand } from "./parse-errors.ts";
import { explainSystemError } from "./system-errors.ts";

/** The context of an error: the command, and its connection to AWS. */
interface FailedCommand {
  readonly command: ParsedCommand;
  readonly at: CloudOfError;
}

/** Converts any error of a command to a UserError. This is the only place that maps errors. */
export function explain(error: unknown, { command, at }: FailedCommand): UserError {
  if (error instanceof Error && error.name === "AbortError") {
    return new UserError("interrupted", { exitCode: 130, cause: error });
  }
  const explained =
    explainParseError(error, command) ??
    explainAwsError(error, at) ??
    explainSystemError(error) ??
    new Defect(error);
  return explained.inEnvironment(commandsIn(at.environment));
}
