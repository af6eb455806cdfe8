import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { isStall } from "../../connection/errors/kinds.ts";

export type RetryStrategy = Extract<
  Exclude<NonNullable<S3ClientConfig["retryStrategy"]>, (...parameters: never[]) => unknown>,
  { acquireInitialRetryToken: unknown }
>;
type RetryToken = Awaited<ReturnType<RetryStrategy["acquireInitialRetryToken"]>>;
type RetryErrorInfo = Parameters<RetryStrategy["refreshRetryTokenForRetry"]>[1];

/** A request that fails is given up once it was sent so often and has failed for so long. */
export interface RetryPatience {
  readonly attempts: number;
  readonly forMs: number;
}

/** Longer than S3 takes to divide a prefix anew or a network to find another way, as a rule. */
export const DEFAULT_RETRY_PATIENCE: RetryPatience = { attempts: 8, forMs: 30_000 };

const FIRST_DELAY_MS = 200;
const FIRST_DELAY_THROTTLED_MS = 500;
const LONGEST_DELAY_MS = 20_000;

interface PatientToken extends RetryToken {
  /** On the clock of `performance.now()`. */
  readonly failingSince: number | undefined;
}

/**
 * Asks again after the errors after which the SDK does, with nothing that requests share: those of the SDK's own strategies
 * take from one quota for each client, which a second of errors uses up where many requests are on their way, and which only what the
 * SDK itself sends fills again.
 */
export function patientRetries({ attempts, forMs } = DEFAULT_RETRY_PATIENCE): RetryStrategy {
  return {
    acquireInitialRetryToken: async () => tokenOf(0, 0, undefined),
    refreshRetryTokenForRetry: async (last: PatientToken, info) => {
      const now = performance.now();
      const { failingSince = now } = last;
      const count = last.getRetryCount() + 1;
      const isOver = count >= attempts && now - failingSince >= forMs;
      // The SDK throws the request's own error then.
      if (isOver || !isPassing(info)) throw new Error("not worth another attempt");
      return tokenOf(count, delayBefore(count, info), failingSince);
    },
    recordSuccess: () => undefined,
  };
}

const tokenOf = (count: number, delayMs: number, failingSince: number | undefined): PatientToken => ({
  getRetryCount: () => count,
  getRetryDelay: () => delayMs,
  failingSince,
});

const isPassing = ({ errorType }: RetryErrorInfo): boolean =>
  errorType === "THROTTLING" || errorType === "TRANSIENT";

/**
 * A random part of what doubles each time, so that requests that failed together don't come back in step; not less than
 * the server asks for. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
function delayBefore(retry: number, { error, errorType, retryAfterHint }: RetryErrorInfo): number {
  const first = errorType === "THROTTLING" ? FIRST_DELAY_THROTTLED_MS : FIRST_DELAY_MS;
  // Who was silent has been waited for already.
  const most = isStall(error) ? first : first * 2 ** (retry - 1);
  const wanted = retryAfterHint === undefined ? 0 : retryAfterHint.getTime() - Date.now();
  return Math.min(Math.max(Math.random() * Math.min(most, LONGEST_DELAY_MS), wanted), LONGEST_DELAY_MS);
}
