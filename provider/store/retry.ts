import { setTimeout as sleep } from "node:timers/promises";

export interface RetryOptions {
  readonly signal: AbortSignal;
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs?: number;
  /** Whether trying again may help. */
  retryable(error: unknown): boolean;
}

/** How often, and how far apart at first, a setting is looked for that was made a moment ago and may not show yet. */
export interface Settling {
  readonly attempts: number;
  readonly firstDelayMs: number;
  /** @default none: each pause is twice the one before */
  readonly maxDelayMs?: number;
}

export const DEFAULT_SETTLING: Settling = { attempts: 5, firstDelayMs: 500 };

/**
 * Of what this program has just written of a bucket. S3 spreads it over its servers, and a request may meet one that does not know
 * it yet. About the two minutes that Terraform's provider waits, too.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
 */
export const DEFAULT_SPREADING: Settling = { attempts: 34, firstDelayMs: 250, maxDelayMs: 5_000 };

/**
 * Runs `work` until it succeeds, fails for good, or was tried `attempts` times; waits twice as long each time, and a
 * random share of that, so that many workers don't come back in step.
 */
export async function withRetry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      options.signal.throwIfAborted();
      if (attempt >= options.attempts || !options.retryable(error)) throw error;
    }
    const delay = Math.min(
      options.firstDelayMs * 2 ** (attempt - 1),
      options.maxDelayMs ?? Number.POSITIVE_INFINITY,
    );
    await pause(delay * (0.5 + Math.random() / 2), options.signal);
  }
}

/** Waits. @throws the signal's reason when it is aborted meanwhile */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
