import { Queue } from "./queue.ts";

/** Limits how many tasks run at the same time. The others wait in order of arrival. */
export class Semaphore {
  #limit: number;
  // A served task counts at once, so that no later task can overtake it.
  readonly #queue = new Queue<undefined, true>(() => this.tryAcquire() || undefined);
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Running tasks continue if the new limit is lower. */
  set limit(limit: number) {
    this.#limit = limit;
    this.#queue.serve();
  }

  /** Whether a task waits. */
  get hasQueue(): boolean {
    return this.#queue.length > 0;
  }

  /** @throws the signal's reason if the signal aborts before the task starts */
  async run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.acquire(signal);
    try {
      return await task();
    } finally {
      this.release();
    }
  }

  /**
   * Waits for permission to run. Each acquisition needs one {@link release}.
   * @throws the signal's reason if the signal aborts before that
   */
  async acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.tryAcquire()) await this.#queue.wait(undefined, signal);
  }

  /** Acquires the permission if no task has to wait. @returns whether it did */
  tryAcquire(): boolean {
    if (this.#running >= this.#limit) return false;
    this.#running += 1;
    return true;
  }

  release(): void {
    this.#running -= 1;
    this.#queue.serve();
  }
}
