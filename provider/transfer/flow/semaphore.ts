/** Limits of their own for each bucket, or whatever else has a name: one that is slow leaves the others alone. */
export function limitEach(most: number): (name: string) => Limit {
  const limits = new Map<string, Limit>();
  return (name) => {
    const limit = limits.get(name) ?? new Limit(most);
    limits.set(name, limit);
    return limit;
  };
}

interface Waiter {
  take(): void;
}

/** Lets so many tasks run at the same time, the others wait for their turn in the order of asking. */
export class Limit {
  #most: number;
  readonly #waiting: Waiter[] = [];
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** From now on; who runs already, goes on. */
  set most(most: number) {
    this.#most = most;
    this.#serve();
  }

  /** Whether somebody waits for a turn. */
  get isWaitedFor(): boolean {
    return this.#waiting.length > 0;
  }

  /** @throws the signal's reason when it is aborted before the task's turn comes */
  async run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.take(signal);
    try {
      return await task();
    } finally {
      this.give();
    }
  }

  /**
   * Waits for a turn, which has to be given back.
   * @throws the signal's reason when it is aborted before that
   */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running < this.#most) {
      this.#running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        take: () => {
          signal.removeEventListener("abort", abort);
          resolve();
        },
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  give(): void {
    this.#running -= 1;
    this.#serve();
  }

  /** The place goes from hand to hand, so that nobody new comes in between. */
  #serve(): void {
    while (this.#running < this.#most) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running += 1;
      next.take();
    }
  }
}
