import { connectionOfProcess } from "../../../connection/connection.ts";
import { explainSetup } from "../../../connection/failure.ts";
import { messageOf, UserError } from "../../../staging/errors.ts";

/** Whether AWS answered with one of these error codes. */
export function isAwsError(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes(error.name);
}

/**
 * Whether a refusal may be the echo of our own write: the SDK sends a request again when its answer is lost, and the
 * second attempt then meets what the first one did.
 */
export function wasRetried(error: unknown): boolean {
  const { attempts } = (error as { $metadata?: { attempts?: number } }).$metadata ?? {};
  return attempts !== undefined && attempts > 1;
}

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

const SILENT = ["ECONNRESET", "EPIPE", "ETIMEDOUT"];

/**
 * A failure as the user reads it.
 * @param doing what failed, such as `creating the bucket "b" in us-east-1`
 */
export function explain(doing: string, error: unknown): unknown {
  if (error instanceof UserError || isAwsError(error, "AbortError")) return error;
  const setup = explainSetup(error, connectionOfProcess());
  if (setup !== undefined) {
    return new UserError(`${doing}: ${setup.message}`, { why: setup.why, fix: setup.fix, cause: error });
  }
  const { code, $metadata } = error as { code?: string; $metadata?: { httpStatusCode?: number } };
  if ((code !== undefined && SILENT.includes(code)) || isAwsError(error, "TimeoutError")) {
    return new UserError(`${doing}: no answer from ${process.env["AWS_ENDPOINT_URL"]}`, {
      why: messageOf(error) || code || "the request timed out",
      fix: "spawn local up, then the same command again",
      cause: error,
    });
  }
  // The SDK's errors are named after AWS's error codes; others are bugs and stay as they are.
  if ($metadata?.httpStatusCode === undefined) return error;
  return new UserError(`${doing}: ${(error as Error).name}: ${messageOf(error)}`, { cause: error });
}
