import { getRetryAfterHint, isThrottlingError, isTransientError } from "@smithy/core/retry";
import { failureOf, statusOf } from "../../connection/errors/failure.ts";
import { isStall, troubleOf } from "../../connection/errors/kinds.ts";
import { NoAnswerError } from "./no-answer.ts";
import { pause } from "./retry.ts";

/** A request fails for good after this many attempts, but not before it has been failing for this time. */
interface RetryPatience {
  readonly attempts: number;
  readonly forMs: number;
}

/** Usually longer than S3 takes to split a prefix, or a network to find another route. */
const DEFAULT_PATIENCE: RetryPatience = { attempts: 8, forMs: 30_000 };

/** The time limit of a request. */
export interface Deadline {
  /** Milliseconds that all attempts together may take without a response. */
  readonly timeoutMs: number;
  /** Milliseconds without a byte after which one attempt fails. */
  readonly stallMs: number;
}

/** The wait of an attempt for memory that other requests have. The times are on the clock of `performance.now()`. */
export interface MemoryWait {
  readonly endedAt: number;
  /** The time of the latest successful request to the endpoint. */
  readonly answeredAt: number;
}

/** The time and the random numbers of retries; tests replace them. */
interface RetryClock {
  now(): number;
  random(): number;
  pause(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const CLOCK: RetryClock = { now: () => performance.now(), random: Math.random, pause };

/** How requests to one endpoint are retried, and the receivers of their failures. */
export interface RetryPolicy {
  readonly region: string;
  /** @default 8 attempts and 30 s */
  readonly patience?: RetryPatience | undefined;
  /** Stalled attempts use up this time instead of the patience. @default none */
  readonly deadline?: Deadline | undefined;
  readonly clock?: RetryClock | undefined;
  /** Looks up the credentials and the account before the first attempt: S3's retries do not apply to other services. */
  readonly prepare?: (() => Promise<unknown>) | undefined;
  /** Called when a bucket throttles a request, before each retry. */
  readonly onThrottled?: ((bucket: string) => void) | undefined;
  /** Called when a request has failed and been retried for some seconds. */
  readonly onTrouble?: ((reason: string) => void) | undefined;
}

const FIRST_DELAY_MS = 200;
const FIRST_DELAY_THROTTLED_MS = 500;
const LONGEST_DELAY_MS = 20_000;
/** Milliseconds of failed attempts before trouble is reported. */
const TROUBLE_AFTER_MS = 3_000;
/** Timers fire some milliseconds early or late. */
const TOLERANCE_MS = 50;

/** The SDK's type has only optional fields. */
const isError = (error: unknown): error is Parameters<typeof isTransientError>[0] => error instanceof Error;
const isThrottling = (error: unknown): boolean => isError(error) && isThrottlingError(error);

/** Whether the SDK's own strategies would retry a request after this error. */
export const isRetryable = (error: unknown): boolean =>
  isThrottling(error) || (isError(error) && isTransientError(error));

/**
 * The retries of one request. Requests share no state: the SDK's strategies use one quota per client, which many
 * requests in flight exhaust in a second of errors, and only requests that the SDK sends refill it.
 */
export class Retries {
  readonly clock: RetryClock;
  readonly #policy: RetryPolicy;
  #failures = 0;
  /** These times are on the clock of `performance.now()`. */
  #failingSince: number | undefined;
  /** The start of the time without a byte; undefined while bytes arrive. */
  #quietSince: number | undefined;
  #reason = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
    this.clock = policy.clock ?? CLOCK;
  }

  /**
   * @returns the milliseconds to wait before the next attempt; undefined if the request has failed for good
   * @throws NoAnswerError if the time limit is over
   */
  delayAfter(error: unknown, startedAt: number, wait?: MemoryWait): number | undefined {
    const { deadline } = this.#policy;
    const now = this.clock.now();
    const hasStalled = isStall(error);
    if (!hasStalled && !isRetryable(error)) return undefined;
    this.#failingSince ??= hasStalled ? startedAt : now;
    if (hasStalled && deadline !== undefined) {
      const start = wait === undefined ? startedAt : this.#startAfter(wait, startedAt, deadline.stallMs);
      this.#throwIfOver(deadline, start, now);
    } else {
      if (statusOf(error) !== undefined) this.#quietSince = undefined;
      this.#failures += 1;
      const { attempts, forMs } = this.#policy.patience ?? DEFAULT_PATIENCE;
      if (this.#failures >= attempts && now - this.#failingSince >= forMs) return undefined;
    }
    this.#reportTrouble(error, this.#failingSince + TROUBLE_AFTER_MS - now);
    return this.#delay(error, hasStalled);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  /** The start of an attempt without its wait. A long wait counts as time without a byte only if S3 answered no other request meanwhile. */
  #startAfter({ endedAt, answeredAt }: MemoryWait, startedAt: number, stallMs: number): number {
    const isLong = endedAt - startedAt > stallMs;
    if (isLong && answeredAt > (this.#quietSince ?? answeredAt)) this.#quietSince = undefined;
    return Math.max(startedAt, endedAt);
  }

  #throwIfOver({ timeoutMs, stallMs }: Deadline, startedAt: number, now: number): void {
    // An attempt that ran for long before it stalled has transferred bytes.
    const hasMoved = now - startedAt > 2 * stallMs;
    if (this.#quietSince === undefined || hasMoved) this.#quietSince = Math.max(startedAt, now - stallMs);
    if (now - this.#quietSince < timeoutMs - TOLERANCE_MS) return;
    throw new NoAnswerError(this.#policy.region, Math.round(timeoutMs / 1000));
  }

  /**
   * A random share of a delay that doubles with each failure, so that requests that failed together do not retry
   * together; at least the delay that the server requests.
   * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
   */
  #delay(error: unknown, hasStalled: boolean): number {
    const first = isThrottling(error) ? FIRST_DELAY_THROTTLED_MS : FIRST_DELAY_MS;
    // A stalled attempt has already waited.
    const longest = hasStalled ? first : first * 2 ** (this.#failures - 1);
    const hint = getRetryAfterHint(failureOf(error).$response);
    const requested = hint === undefined ? 0 : hint.getTime() - Date.now();
    const delay = Math.max(this.clock.random() * Math.min(longest, LONGEST_DELAY_MS), requested);
    return Math.min(delay, LONGEST_DELAY_MS);
  }

  #reportTrouble(error: unknown, delayMs: number): void {
    this.#reason = troubleOf(error);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#policy.onTrouble?.(this.#reason), Math.max(0, delayMs));
    this.#timer.unref();
  }
}
