import type { S3ClientConfig } from "@aws-sdk/client-s3";

type RetryStrategy = Extract<
  Exclude<NonNullable<S3ClientConfig["retryStrategy"]>, (...parameters: never[]) => unknown>,
  { acquireInitialRetryToken: unknown }
>;
type RetryToken = Awaited<ReturnType<RetryStrategy["acquireInitialRetryToken"]>>;

const token = (count: number, delay: number): RetryToken => ({
  getRetryCount: () => count,
  getRetryDelay: () => delay,
});

/** Tries again as often as the provider's clients do, and after the same errors, but hardly waits. */
export function impatientRetries(attempts: number, delayMs: number): RetryStrategy {
  return {
    acquireInitialRetryToken: async () => token(0, 0),
    refreshRetryTokenForRetry: async (last, { errorType }) => {
      const count = last.getRetryCount() + 1;
      if (count >= attempts || !["THROTTLING", "TRANSIENT"].includes(errorType))
        throw new Error("no more retries");
      return token(count, delayMs * count);
    },
    recordSuccess: () => undefined,
  };
}
