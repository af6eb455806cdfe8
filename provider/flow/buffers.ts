import { MIB } from "../../staging/units.ts";
import { Queue } from "./queue.ts";

/**
 * Memory for all data in flight: two buffers for each part, small files, and parts that the SDK retries. With the memory of Node and the
 * SDK, the process stays below 256 MiB.
 */
const DEFAULT_BUDGET_BYTES = 64 * MIB;

/**
 * Buffers up to 1 MiB have sizes of powers of two, and larger ones multiples of a usual part, so that files of any size reuse the same
 * buffers. Freed buffers of other sizes stay garbage for long: 200 MiB with files of many sizes.
 */
const LARGEST_CLASS = 16 * MIB;
const LARGEST_SMALL_CLASS = MIB;
const SMALLEST_CLASS = 4 * 1024;

/** Free memory that may exceed the budget, so that a few small buffers do not evict a large one. */
const SLACK_BYTES = 8 * MIB;

/**
 * A pool of reusable buffers with a budget. A request beyond the budget waits, except that one buffer of any size is always available if
 * no other is in use. The memory is shared between threads.
 */
export class BufferPool {
  readonly #budget: number;
  /** By size; the most recently used last. */
  readonly #free = new Map<number, SharedArrayBuffer[]>();
  /** Reference counts. */
  readonly #references = new Map<ArrayBufferLike, number>();
  readonly #queue = new Queue<number, Buffer>((size) => (this.#fits(size) ? this.#lend(size) : undefined));
  #lent = 0;
  #idle = 0;

  constructor(budgetBytes: number = DEFAULT_BUDGET_BYTES) {
    this.#budget = budgetBytes;
  }

  /** Bytes in use. */
  get lentBytes(): number {
    return this.#lent;
  }

  /** A buffer of exactly `size` bytes with undefined content. Return it with {@link release}. */
  async acquire(size: number, signal: AbortSignal): Promise<Buffer> {
    signal.throwIfAborted();
    if (this.#queue.length === 0 && this.#fits(size)) return this.#lend(size);
    return this.#queue.wait(size, signal);
  }

  /** Adds a reference to a buffer in use: it is free after one more {@link release}. */
  retain(buffer: Buffer): void {
    this.#references.set(buffer.buffer, this.#referencesTo(buffer) + 1);
  }

  /** @throws Error if the buffer is not in use; otherwise two users would get the same memory */
  release(buffer: Buffer): void {
    const others = this.#referencesTo(buffer) - 1;
    if (others > 0) {
      this.#references.set(buffer.buffer, others);
      return;
    }
    this.#references.delete(buffer.buffer);
    const memory = buffer.buffer as SharedArrayBuffer;
    this.#lent -= memory.byteLength;
    this.#idle += memory.byteLength;
    const free = this.#free.get(memory.byteLength);
    if (free === undefined) this.#free.set(memory.byteLength, [memory]);
    else free.push(memory);
    this.#queue.serve();
  }

  #referencesTo(buffer: Buffer): number {
    const count = this.#references.get(buffer.buffer);
    if (count === undefined) throw new Error("the buffer is not in use");
    return count;
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
    this.#references.set(memory, 1);
    return Buffer.from(memory, 0, size);
  }

  /** Free buffers count towards the budget; those of other sizes are dropped first. */
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
