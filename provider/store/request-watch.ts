import { errorName, statusOf } from "../../connection/errors/failure.ts";
import { isStall, troubleOf } from "../../connection/errors/kinds.ts";
import { NoAnswerError } from "./no-answer.ts";

/** Told of each time that a request is sent. */
export interface AttemptWatch {
  /**
   * Sends the request once, by `work`.
   * @throws NoAnswerError when that fails and the request's time is over
   */
  attempt<T>(work: () => Promise<T>): Promise<T>;
}

export interface WatchOptions {
  readonly region: string;
  /** Milliseconds for which nothing may come back, all attempts together. */
  readonly timeoutMs: number;
  /** Milliseconds after which one attempt is given up on whose connection nothing moves. */
  readonly stallMs: number;
  onTrouble(reason: string): void;
}

/** Milliseconds of failing attempts after which people hear of it. */
const TROUBLE_AFTER_MS = 3_000;
/** Timers fire some milliseconds early or late. */
const TOLERANCE_MS = 50;

/** One request with all its attempts: how long nothing has come back, and whether somebody should know. */
export class RequestWatch implements AttemptWatch {
  readonly #options: WatchOptions;
  /** Since when nothing has moved, on the clock of `performance.now()`; undefined while something does. */
  #quietSince: number | undefined;
  #failingSince: number | undefined;
  #reason = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  async attempt<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await work();
    } catch (error) {
      if (errorName(error) !== "AbortError") this.#failed(error, startedAt);
      throw error;
    }
  }

  /** Whether the request should be sent once more, though the SDK has given it up. */
  isWorthAnother(error: unknown): boolean {
    return isStall(error) && this.#quietSince !== undefined && !this.#isOver(performance.now());
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #failed(error: unknown, startedAt: number): void {
    const now = performance.now();
    if (isStall(error)) {
      const quietSince = Math.max(startedAt, now - this.#options.stallMs);
      // An attempt that was sent for long before it stalled has moved bytes.
      const hasMoved = now - startedAt > 2 * this.#options.stallMs;
      if (this.#quietSince === undefined || hasMoved) this.#quietSince = quietSince;
      if (this.#isOver(now)) {
        throw new NoAnswerError(this.#options.region, Math.round(this.#options.timeoutMs / 1000));
      }
    } else if (statusOf(error) !== undefined) {
      this.#quietSince = undefined;
    }
    this.#notice(error, isStall(error) ? startedAt : now, now);
  }

  #isOver(now: number): boolean {
    return this.#quietSince !== undefined && now - this.#quietSince >= this.#options.timeoutMs - TOLERANCE_MS;
  }

  #notice(error: unknown, since: number, now: number): void {
    this.#reason = troubleOf(error);
    this.#failingSince ??= since;
    if (this.#timer !== undefined) return;
    const delay = Math.max(0, this.#failingSince + TROUBLE_AFTER_MS - now);
    this.#timer = setTimeout(() => this.#options.onTrouble(this.#reason), delay);
    this.#timer.unref();
  }
}
