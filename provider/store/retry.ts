import { setTimeout as sleep } from "node:timers/promises";

/** How often to try, for example until a setting that was just written is visible, and the first delay between attempts. */
export interface Settling {
  readonly attempts: number;
  readonly firstDelayMs: number;
  /** @default none: each delay is twice the previous one */
  readonly maxDelayMs?: number;
}

interface RetryOptions extends Settling {
  readonly signal: AbortSignal;
  /** Whether a retry may succeed. */
  retryable(error: unknown): boolean;
}

/** For one object of a transfer: a connection can break, and bytes can be damaged in transit. */
export const OBJECT_RETRIES: Settling = { attempts: 4, firstDelayMs: 500 };

export const DEFAULT_SETTLING: Settling = { attempts: 5, firstDelayMs: 500 };

/**
 * For bucket settings that this program has just written. S3 propagates them to its servers, and a request may reach
 * one that does not have them yet. The checks take about two minutes, as in Terraform's provider.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
 */
export const DEFAULT_SPREADING: Settling = { attempts: 34, firstDelayMs: 250, maxDelayMs: 5_000 };

/**
 * Runs `work` until it succeeds, throws an error that is not retryable, or has failed `attempts` times. The delay
 * doubles with each attempt; a random share of it is used, so that workers do not retry together.
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

/** A check that {@link becomesTrue} repeats is not true yet. */
class NotYet extends Error {}

/** Repeats a check with the same retries while it is false. @returns whether it became true */
export async function becomesTrue(check: () => Promise<boolean>, options: RetryOptions): Promise<boolean> {
  const requireTrue = async (): Promise<void> => {
    if (!(await check())) throw new NotYet();
  };
  const retryable = (error: unknown): boolean => error instanceof NotYet || options.retryable(error);
  try {
    await withRetry(requireTrue, { ...options, retryable });
    return true;
  } catch (error) {
    if (error instanceof NotYet) return false;
    throw error;
  }
}

/** Waits. @throws the signal's reason if the signal aborts before the end */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
