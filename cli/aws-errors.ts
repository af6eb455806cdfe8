import type { Connection } from "../connection/connection.ts";
import { detailOf, explainFailure } from "../connection/errors/words.ts";
import { UserError } from "../staging/errors.ts";
import { shellQuoted } from "../staging/shell.ts";

/** Where the failed request went. */
export interface CloudOfError {
  readonly environment: string;
  /** Undefined until it is resolved. */
  readonly connection: Connection | undefined;
}

/** An error of the AWS SDK, or of the connection below it, as one for the user; undefined for any other. */
export function explainAwsError(error: unknown, at: CloudOfError): UserError | undefined {
  const found = explainFailure(error, at);
  if (found === undefined) return undefined;
  if (found.kind === "no bucket" || found.kind === "no table") {
    return new UserError(`environment ${at.environment} is not up`, {
      why: "Its table or bucket does not exist.",
      fix: `spawn environment up --environment ${shellQuoted(at.environment)}`,
      exitCode: 2,
      cause: error,
    });
  }
  const why = detailOf(found);
  const { message, fix } = found;
  return new UserError(message, {
    ...(why === undefined ? {} : { why }),
    ...(fix === undefined ? {} : { fix }),
    cause: error,
  });
}
