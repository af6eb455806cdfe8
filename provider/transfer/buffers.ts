import { MIB } from "../../staging/units.ts";

/** Memory for the bytes on their way, for all uploads of the process together. */
const DEFAULT_BUDGET_BYTES = 256 * MIB;

interface Waiter {
  readonly size: number;
  readonly take: (buffer: Buffer) => void;
}

/**
 * Buffers for parts, lent out and reused, that never hold more than a budget together: who asks for more waits. One
 * buffer beyond the budget is lent when no other is out, so that parts of any size get through.
 */
export class BufferPool {
  readonly #budget: number;
  readonly #free: Buffer[] = [];
  readonly #waiting: Waiter[] = [];
  #lent = 0;

  constructor(budgetBytes: number = DEFAULT_BUDGET_BYTES) {
    this.#budget = budgetBytes;
  }

  /** Bytes lent out now. */
  get lentBytes(): number {
    return this.#lent;
  }

  /** A buffer of exactly `size` bytes, its content undefined. Give it back with {@link release}. */
  async acquire(size: number, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    if (this.#waiting.length === 0 && this.#fits(size)) return this.#lend(size);
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason);
        this.#serve();
      };
      const waiter: Waiter = {
        size,
        take: (buffer) => {
          signal.removeEventListener("abort", abort);
          resolve(buffer);
        },
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  release(buffer: Buffer): void {
    this.#lent -= buffer.length;
    this.#free.push(buffer);
    this.#serve();
  }

  /** In the order of asking, so that a large request isn't starved by small ones. */
  #serve(): void {
    for (
      let first = this.#waiting[0];
      first !== undefined && this.#fits(first.size);
      first = this.#waiting[0]
    ) {
      this.#waiting.shift();
      first.take(this.#lend(first.size));
    }
  }

  #fits(size: number): boolean {
    return this.#lent === 0 || this.#lent + size <= this.#budget;
  }

  #lend(size: number): Buffer {
    this.#lent += size;
    const index = this.#free.findIndex((buffer) => buffer.length === size);
    const reused = index < 0 ? undefined : this.#free.splice(index, 1)[0];
    this.#dropBeyondBudget();
    // Unpooled: a slice of Node's own pool would keep more memory alive than was asked for.
    return reused ?? Buffer.allocUnsafeSlow(size);
  }

  /** Free buffers count towards the budget too; those of other sizes make room. */
  #dropBeyondBudget(): void {
    let total = this.#lent + this.#free.reduce((sum, buffer) => sum + buffer.length, 0);
    while (total > this.#budget && this.#free.length > 0) total -= this.#free.shift()?.length ?? 0;
  }
}
