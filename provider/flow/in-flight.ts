import { Queue } from "./queue.ts";

interface InFlightLimits {
  readonly bodies: number;
  /** A larger body runs alone. */
  readonly bytes: number;
}

/** Limits the request bodies in flight by number and by bytes. Others wait in order of arrival. */
export class InFlight {
  readonly #limits: InFlightLimits;
  readonly #queue = new Queue<number, true>((bytes) => this.#tryBegin(bytes) || undefined);
  #bodies = 0;
  #bytes = 0;

  constructor(limits: InFlightLimits) {
    this.#limits = limits;
  }

  /** @throws the signal's reason if the signal aborts before the task starts */
  async run<T>(bytes: number, task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const begun = this.#queue.wait(bytes, signal);
    this.#queue.serve();
    await begun;
    try {
      return await task();
    } finally {
      this.#bodies -= 1;
      this.#bytes -= bytes;
      this.#queue.serve();
    }
  }

  #tryBegin(bytes: number): boolean {
    const hasRoom = this.#bodies < this.#limits.bodies && this.#bytes + bytes <= this.#limits.bytes;
    if (this.#bodies > 0 && !hasRoom) return false;
    this.#bodies += 1;
    this.#bytes += bytes;
    return true;
  }
}
