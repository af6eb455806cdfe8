import { connectionOfProcess } from "../../../connection/connection.ts";
import { attemptsOf, errorName, nameAndText, statusOf } from "../../../connection/errors/failure.ts";
import { explainFailure } from "../../../connection/errors/words.ts";
import { UserError } from "../../../staging/errors.ts";

/** Whether AWS answered with one of these error codes. */
export const isAwsError = (error: unknown, ...codes: string[]): boolean => codes.includes(errorName(error));

/**
 * Whether a refusal may be the echo of our own write: the SDK sends a request again when its answer is lost, and the
 * second attempt then meets what the first one did.
 */
export const wasRetried = (error: unknown): boolean => attemptsOf(error) > 1;

/** The result, or undefined where AWS answers with one of the codes. */
export async function unless<T>(codes: readonly string[], request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isAwsError(error, ...codes)) return undefined;
    throw error;
  }
}

/**
 * The result of a creation, or undefined where AWS answers with one of the codes because an earlier try of the same request has made it:
 * see {@link wasRetried}.
 */
export async function unlessMade<T>(codes: readonly string[], request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isAwsError(error, ...codes) && wasRetried(error)) return undefined;
    throw error;
  }
}

/**
 * A failure as the user reads it.
 * @param doing what failed, such as `creating the bucket "b" in us-east-1`
 */
export function explain(doing: string, error: unknown): unknown {
  if (error instanceof UserError || isAwsError(error, "AbortError")) return error;
  const found = explainFailure(error, { connection: connectionOfProcess() });
  if (found !== undefined && ["setup", "broken", "timeout"].includes(found.kind)) {
    const { message, why = "", fix = "" } = found;
    return new UserError(`${doing}: ${message}`, { why, fix, cause: error });
  }
  // Errors without a response are bugs and stay as they are.
  return statusOf(error) === undefined
    ? error
    : new UserError(`${doing}: ${nameAndText(error)}`, { cause: error });
}
