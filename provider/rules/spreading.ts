import { errorName, nameAndText } from "../../connection/errors/failure.ts";
import { isNoSuchBucket } from "../../connection/errors/kinds.ts";
import { type Settling, withRetry } from "../store/retry.ts";

/** S3's errors for replication rules while it does not yet see that a bucket exists or is versioned. */
const UNKNOWN_YET =
  /^InvalidRequest: .*(versioning must be 'enabled'|must have versioning enabled|destination bucket must exist)/i;

/**
 * Whether a recent change of the bucket, its versioning or another setting caused the error, so that a retry may succeed. S3 changes
 * one setting at a time.
 */
export const isPropagating = (error: unknown): boolean =>
  errorName(error) === "OperationAborted" || isNoSuchBucket(error) || UNKNOWN_YET.test(nameAndText(error));

/** Runs `work` on a newly created bucket. Retries until S3 finds the bucket. */
export const retryOnNewBucket = <T>(
  work: () => Promise<T>,
  { spreading, signal }: { readonly spreading: Settling; readonly signal: AbortSignal },
): Promise<T> => withRetry(work, { signal, ...spreading, retryable: isNoSuchBucket });
