interface Waiter {
  readonly bytes: number;
  begin(): void;
}

interface InFlightLimits {
  readonly bodies: number;
  /** A larger body runs alone. */
  readonly bytes: number;
}

/** Limits the request bodies in flight by number and by bytes. Others wait in order of arrival. */
export class InFlight {
  readonly #limits: InFlightLimits;
  readonly #waiting: Waiter[] = [];
  #bodies = 0;
  #bytes = 0;

  constructor(limits: InFlightLimits) {
    this.#limits = limits;
  }

  /** @throws the signal's reason if the signal aborts before the task starts */
  async run<T>(bytes: number, task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason);
        this.#serve();
      };
      const waiter: Waiter = {
        bytes,
        begin: () => {
          signal.removeEventListener("abort", abort);
          resolve();
        },
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.push(waiter);
      this.#serve();
    });
    try {
      return await task();
    } finally {
      this.#bodies -= 1;
      this.#bytes -= bytes;
      this.#serve();
    }
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(next); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#bodies += 1;
      this.#bytes += next.bytes;
      next.begin();
    }
  }

  #hasRoom({ bytes }: Waiter): boolean {
    if (this.#bodies === 0) return true;
    return this.#bodies < this.#limits.bodies && this.#bytes + bytes <= this.#limits.bytes;
  }
}
