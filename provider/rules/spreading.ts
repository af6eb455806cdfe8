import { errorName, nameAndText } from "../../connection/errors/failure.ts";
import { isNoSuchBucket } from "../../connection/errors/kinds.ts";
import { type Settling, withRetry } from "../store/retry.ts";

/** How S3 refuses replication rules where it does not know yet that a bucket is versioned, or there. */
const UNKNOWN_YET =
  /^InvalidRequest: .*(versioning must be 'enabled'|must have versioning enabled|destination bucket must exist)/i;

/**
 * Whether S3 may do soon what it refuses now, because of a change made a moment ago: of the bucket, of its versioning, or of
 * another of its settings, which it changes one at a time.
 */
export const isSpreading = (error: unknown): boolean =>
  errorName(error) === "OperationAborted" || isNoSuchBucket(error) || UNKNOWN_YET.test(nameAndText(error));

/** Does `work` on a bucket that was made a moment ago, if need be several times. */
export const onYoungBucket = <T>(
  work: () => Promise<T>,
  { spreading, signal }: { readonly spreading: Settling; readonly signal: AbortSignal },
): Promise<T> => withRetry(work, { signal, ...spreading, retryable: isNoSuchBucket });
