import { connectionOfProcess } from "../../../connection/connection.ts";
import { attemptsOf, errorName, nameAndText, statusOf } from "../../../connection/errors/failure.ts";
import { explainFailure } from "../../../connection/errors/words.ts";
import { UserError } from "../../../staging/errors.ts";

/** Whether AWS returned one of these error codes. */
export const isAwsError = (error: unknown, ...codes: string[]): boolean => codes.includes(errorName(error));

/**
 * Whether the SDK sent the request more than once. If the first response was lost, a retry may fail because of the first attempt's own
 * write.
 */
export const wasRetried = (error: unknown): boolean => attemptsOf(error) > 1;

/** The result; undefined if AWS returns one of the codes. */
export async function undefinedOn<T>(codes: readonly string[], request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isAwsError(error, ...codes)) return undefined;
    throw error;
  }
}

/** For `settle`: undefined while AWS returns one of the codes, then true. */
export async function trueUnless(
  codes: readonly string[],
  request: Promise<unknown>,
): Promise<true | undefined> {
  try {
    await request;
    return true;
  } catch (error) {
    if (isAwsError(error, ...codes)) return undefined;
    throw error;
  }
}

/**
 * The result of a creation; undefined if AWS returns one of the codes because an earlier attempt of the same request created it, see
 * {@link wasRetried}.
 */
export async function undefinedIfCreated<T>(
  codes: readonly string[],
  request: Promise<T>,
): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isAwsError(error, ...codes) && wasRetried(error)) return undefined;
    throw error;
  }
}

/**
 * Converts a failure to an error for the user.
 * @param doing what failed, such as `creating the bucket "b" in us-east-1`
 */
export function explain(doing: string, error: unknown): unknown {
  if (error instanceof UserError || isAwsError(error, "AbortError")) return error;
  const found = explainFailure(error, { connection: connectionOfProcess() });
  if (found !== undefined && ["setup", "broken", "timeout"].includes(found.kind)) {
    const { message, why = "", fix = "" } = found;
    return new UserError(`${doing}: ${message}`, { why, fix, cause: error });
  }
  // Errors without a response are bugs: keep them unchanged.
  return statusOf(error) === undefined
    ? error
    : new UserError(`${doing}: ${nameAndText(error)}`, { cause: error });
}
