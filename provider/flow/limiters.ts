import { AdaptiveConcurrency, type ConcurrencyRange, type Utilization } from "./adaptive-concurrency.ts";
import { Semaphore } from "./semaphore.ts";

/** Requests that create a whole object, upload a part, or copy on the server. */
type RequestKind = "object" | "part" | "copy";

const RANGES: Readonly<Record<RequestKind, ConcurrencyRange>> = {
  object: { initial: 32, max: 256 },
  // An interruption loses the parts in flight, and 64 parts need the whole buffer pool.
  part: { initial: 8, max: 64 },
  copy: { initial: 32, max: 256 },
};

/** The permission to have one request in flight. */
export interface Slot {
  release(): void;
}

/**
 * Limits the requests in flight of one kind to one bucket, by the measured throughput. A task acquires pool memory only while it holds
 * a slot. Otherwise waiting tasks could hold the memory that running ones need to finish.
 */
export class RequestLimiter {
  readonly #concurrency: AdaptiveConcurrency;
  readonly #semaphore: Semaphore;

  constructor(range: ConcurrencyRange) {
    this.#concurrency = new AdaptiveConcurrency(range, eventLoopUtilization());
    this.#semaphore = new Semaphore(range.initial);
  }

  /** Tasks to start at the same time: 1.5 times the slots, so that no slot stays free. */
  get taskLimit(): number {
    return 1.5 * this.#concurrency.limit;
  }

  /** Waits for a slot. @param bytes of the request's body */
  async acquire(bytes: number, signal: AbortSignal): Promise<Slot> {
    await this.#semaphore.acquire(signal);
    this.#concurrency.started(bytes);
    const startedAt = performance.now();
    return {
      release: () => {
        const now = performance.now();
        this.#concurrency.finished(bytes, this.#semaphore.hasQueue, now, now - startedAt);
        this.#semaphore.release();
        this.#semaphore.limit = this.#concurrency.limit;
      },
    };
  }

  async run<T>(bytes: number, task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const slot = await this.acquire(bytes, signal);
    try {
      return await task();
    } finally {
      slot.release();
    }
  }

  /** Call it when the bucket throttles a request. */
  throttled(): void {
    this.#concurrency.throttled(performance.now());
    this.#semaphore.limit = this.#concurrency.limit;
  }

  /** Call it when bytes of a request's body have been sent. */
  sent(bytes: number): void {
    this.#concurrency.sent(bytes, this.#semaphore.hasQueue, performance.now());
    this.#semaphore.limit = this.#concurrency.limit;
  }
}

/** Of this thread, which sends all requests. */
function eventLoopUtilization(): Utilization {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}

/** One limiter for each kind of request and each bucket, shared by all transfers of a process. */
export class RequestLimiters {
  readonly #limiters = new Map<string, RequestLimiter>();

  of(kind: RequestKind, bucket: string): RequestLimiter {
    const key = `${kind} ${bucket}`;
    const limiter = this.#limiters.get(key) ?? new RequestLimiter(RANGES[kind]);
    this.#limiters.set(key, limiter);
    return limiter;
  }

  /** Lowers the concurrency of all kinds of requests to a bucket that throttles. */
  throttled(bucket: string): void {
    for (const kind of Object.keys(RANGES)) this.#limiters.get(`${kind} ${bucket}`)?.throttled();
  }
}
