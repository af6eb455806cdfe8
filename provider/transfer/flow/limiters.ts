import { Pace, type PaceLimits, type Utilization } from "./adaptive-concurrency.ts";
import { Limit } from "./semaphore.ts";

/** Requests that create an object whole, that carry a part of one, and that have S3 copy something. */
type Kind = "object" | "part" | "copy";

const LIMITS: Readonly<Record<Kind, PaceLimits>> = {
  object: { first: 32, most: 256 },
  // An interruption loses what has arrived of them, and at the most they need all memory for pieces.
  part: { first: 8, most: 64 },
  copy: { first: 32, most: 256 },
};

/** The place of one request among those that may be on their way. */
export interface Turn {
  end(): void;
}

/**
 * Where requests of one kind to one bucket get their turns, of everything that the process stages together: as many are on their way
 * as the network is worth. Whoever needs memory of the pool takes it in a turn and not before one: else some would hold the
 * memory that others need to end theirs.
 */
export class Turns {
  readonly #pace: Pace;
  readonly #limit: Limit;

  constructor(limits: PaceLimits) {
    this.#pace = new Pace(limits, eventLoopUtilization());
    this.#limit = new Limit(limits.first);
  }

  /** How much to have in hand at a time, so that no turn is left: half as much again as there are turns. */
  get worthStarting(): number {
    return 1.5 * this.#pace.limit;
  }

  /** Waits for a turn, which has to be ended. @param bytes that the request carries */
  async take(bytes: number, signal: AbortSignal): Promise<Turn> {
    await this.#limit.take(signal);
    this.#pace.began(bytes);
    return {
      end: () => {
        this.#pace.ended(bytes, this.#limit.isWaitedFor, performance.now());
        this.#limit.give();
        this.#limit.most = this.#pace.limit;
      },
    };
  }

  async run<T>(bytes: number, task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = await this.take(bytes, signal);
    try {
      return await task();
    } finally {
      turn.end();
    }
  }

  /** The bucket answered that there is too much. */
  throttled(): void {
    this.#pace.throttled(performance.now());
    this.#limit.most = this.#pace.limit;
  }

  /** So many bytes of a request have gone. */
  sent(bytes: number): void {
    this.#pace.sent(bytes, this.#limit.isWaitedFor, performance.now());
    this.#limit.most = this.#pace.limit;
  }
}

/** Of the thread that does the work, which is this one. */
function eventLoopUtilization(): Utilization {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}

const all = new Map<string, Turns>();

/** Those of one kind of requests to a bucket. */
export function turnsFor(kind: Kind, bucket: string): Turns {
  const key = `${kind} ${bucket}`;
  const turns = all.get(key) ?? new Turns(LIMITS[kind]);
  all.set(key, turns);
  return turns;
}

/** A bucket answered that there is too much: less of every kind is on its way there from now on. */
export function throttledBy(bucket: string): void {
  for (const kind of Object.keys(LIMITS)) all.get(`${kind} ${bucket}`)?.throttled();
}
