import type { Connection } from "../connection/connection.ts";
import { detailOf, explainFailure } from "../connection/errors/words.ts";
import { UserError } from "../staging/errors.ts";
import { commandsIn } from "./command-line.ts";

/** The environment and the connection of a failed request. */
export interface CloudOfError {
  readonly environment: string;
  /** Undefined until it is resolved. */
  readonly connection: Connection | undefined;
}

/** Converts an error of the AWS SDK or its connection to a UserError; undefined for other errors. */
export function explainAwsError(error: unknown, at: CloudOfError): UserError | undefined {
  const explained = explainedAt(error, at);
  // Here, because some callers add their own commands to the fix.
  return explained?.inEnvironment(commandsIn(at.environment));
}

function explainedAt(error: unknown, at: CloudOfError): UserError | undefined {
  const found = explainFailure(error, at);
  if (found === undefined) return undefined;
  if (found.kind === "no bucket" || found.kind === "no table") {
    return new UserError(`environment ${at.environment} is not up`, {
      why: "Its table or bucket does not exist.",
      fix: (_spell, command) => command("spawn environment up"),
      exitCode: 2,
      cause: error,
    });
  }
  const { message, fix } = found;
  return new UserError(message, { why: detailOf(found), fix, cause: error });
}
