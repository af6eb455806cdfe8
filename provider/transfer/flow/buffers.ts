import { MIB } from "../../../staging/units.ts";

/**
 * Memory for the bytes on their way, for everything that the process stages together: two pieces for each part that is sent, small files,
 * and parts that the SDK sends again. With Node's own memory and the SDK's the process stays below 256 MiB.
 */
const DEFAULT_BUDGET_BYTES = 64 * MIB;

/**
 * Above a small file's size, memory is lent in pieces of a usual part, below it in powers of two, so that files of any size use the
 * same buffers again. What is let go for another size is garbage for long, and was 200 MiB with files of many sizes.
 */
const LARGEST_CLASS = 16 * MIB;
const LARGEST_SMALL_CLASS = MIB;
const SMALLEST_CLASS = 4 * 1024;

/** Free memory that may stay beyond the budget, so that a few small buffers take no large one's place. */
const SLACK_BYTES = 8 * MIB;

interface Waiter {
  readonly size: number;
  readonly take: (buffer: Buffer) => void;
}

/**
 * Buffers for parts, lent out and reused, that never hold more than a budget together: who asks for more waits. One
 * buffer beyond the budget is lent when no other is out, so that parts of any size get through. Their memory is shared
 * between threads.
 */
export class BufferPool {
  readonly #budget: number;
  /** By size, the ones that were used last at the end. */
  readonly #free = new Map<number, SharedArrayBuffer[]>();
  /** How many borrowers a piece of memory has. */
  readonly #borrowers = new Map<ArrayBufferLike, number>();
  readonly #waiting: Waiter[] = [];
  #lent = 0;
  #idle = 0;

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

  /** Lends a buffer that is out to one more borrower: it is free when all have given it back. */
  retain(buffer: Buffer): void {
    this.#borrowers.set(buffer.buffer, this.#borrowersOf(buffer) + 1);
  }

  /** @throws Error when the buffer is not lent: it would be lent twice from now on */
  release(buffer: Buffer): void {
    const others = this.#borrowersOf(buffer) - 1;
    if (others > 0) {
      this.#borrowers.set(buffer.buffer, others);
      return;
    }
    this.#borrowers.delete(buffer.buffer);
    const memory = buffer.buffer as SharedArrayBuffer;
    this.#lent -= memory.byteLength;
    this.#idle += memory.byteLength;
    const free = this.#free.get(memory.byteLength);
    if (free === undefined) this.#free.set(memory.byteLength, [memory]);
    else free.push(memory);
    this.#serve();
  }

  #borrowersOf(buffer: Buffer): number {
    const count = this.#borrowers.get(buffer.buffer);
    if (count === undefined) throw new Error("the buffer is not lent");
    return count;
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
    return this.#lent === 0 || this.#lent + classOf(size) <= this.#budget;
  }

  #lend(size: number): Buffer {
    const bytes = classOf(size);
    this.#lent += bytes;
    let memory = this.#free.get(bytes)?.pop();
    if (memory !== undefined) this.#idle -= bytes;
    this.#dropBeyondBudget();
    memory ??= new SharedArrayBuffer(bytes);
    this.#borrowers.set(memory, 1);
    return Buffer.from(memory, 0, size);
  }

  /** Free buffers count towards the budget too; those of other sizes make room. */
  #dropBeyondBudget(): void {
    for (const [bytes, free] of this.#free) {
      while (this.#lent + this.#idle > this.#budget + SLACK_BYTES && free.pop() !== undefined)
        this.#idle -= bytes;
    }
  }
}

/** Bytes of memory that a buffer of `size` bytes takes. */
function classOf(size: number): number {
  if (size >= LARGEST_CLASS) return size;
  if (size > LARGEST_SMALL_CLASS) return LARGEST_CLASS;
  let bytes = SMALLEST_CLASS;
  while (bytes < size) bytes *= 2;
  return bytes;
}
