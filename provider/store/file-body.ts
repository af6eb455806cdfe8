import { crc32 } from "node:zlib";
import { KIB } from "../../staging/units.ts";
import type { BufferPool } from "../transfer/flow/buffers.ts";
import type { Part } from "../transfer/flow/parts.ts";
import type { LocalReader } from "../transfer/source/source.ts";

/** Bytes that are read and handed to a connection at a time; the next ones are read meanwhile. */
const PIECE_BYTES = 512 * KIB;

/** Takes bytes, and resolves when it needs them no more. */
export type Write = (piece: Uint8Array) => Promise<void>;

export interface FileBodyOptions {
  readonly pool: BufferPool;
  /** Called with the bytes that were sent since the last call; negative for those that have to be sent again. */
  onBytes(bytes: number): void;
  /** Called with all bytes that go over the network, those of each attempt. */
  onSent?(bytes: number): void;
}

/**
 * A section of a file as the body of a request: it is read while it is sent, by two pieces of memory whatever its size. The
 * section was read before for its checksum; what is read now has to be the same.
 */
export class FileBody {
  readonly length: number;
  readonly #reader: LocalReader;
  readonly #part: Pick<Part, "offset"> & { readonly crc: number };
  readonly #options: FileBodyOptions;
  #memory: Buffer | undefined;
  #told = 0;

  constructor(
    reader: LocalReader,
    part: Pick<Part, "offset" | "length"> & { readonly crc: number },
    options: FileBodyOptions,
  ) {
    this.length = part.length;
    this.#reader = reader;
    this.#part = part;
    this.#options = options;
  }

  /** Does what it takes its memory for, as soon as there is some. */
  async withMemory<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { pool } = this.#options;
    this.#memory = await pool.acquire(Math.min(2 * PIECE_BYTES, this.length), signal);
    try {
      return await task();
    } finally {
      pool.release(this.#memory);
      this.#memory = undefined;
    }
  }

  /**
   * Reads and writes all of it. Call it in {@link withMemory}.
   * @param isChecked whether the receiver is known to refuse bytes of another CRC32; else they are checked here, before the last
   * ones are written
   * @throws SourceChangedError when the file is not what it was
   */
  async send(write: Write, isChecked: boolean, signal: AbortSignal): Promise<void> {
    this.#tell(0);
    await this.read(
      async (piece) => {
        await write(piece);
        this.#options.onSent?.(piece.length);
        this.#tell(this.#told + piece.length);
      },
      isChecked,
      signal,
    );
  }

  /** Reads all of it, like {@link send}, for nobody on the network. */
  async read(take: Write, isChecked: boolean, signal: AbortSignal): Promise<void> {
    const memory = this.#memory;
    if (memory === undefined) throw new Error("there is no memory to read into");
    const taken = [Promise.resolve(), Promise.resolve()];
    try {
      let crc = 0;
      for (let [at, turn] = [0, 0]; at < this.length; turn = 1 - turn) {
        await taken[turn];
        signal.throwIfAborted();
        const start = turn * PIECE_BYTES;
        const piece = memory.subarray(start, start + Math.min(PIECE_BYTES, this.length - at));
        await this.#reader.read(piece, this.#part.offset + at);
        if (!isChecked) crc = crc32(piece, crc);
        at += piece.length;
        if (at === this.length && !isChecked && crc !== this.#part.crc) throw this.#reader.changed();
        const took = take(piece);
        took.catch(() => undefined); // thrown when it is waited for
        taken[turn] = took;
      }
      await Promise.all(taken);
    } finally {
      // The memory is lent to others afterwards.
      await Promise.allSettled(taken);
    }
  }

  /**
   * All of it in memory, for whoever sends it in another way. Give it back with `release`.
   * @throws SourceChangedError when the file is not what it was
   */
  async load(signal: AbortSignal): Promise<{ readonly bytes: Buffer; release(): void }> {
    this.#tell(0);
    const bytes = await this.#options.pool.acquire(this.length, signal);
    try {
      await this.#reader.read(bytes, this.#part.offset);
      signal.throwIfAborted();
      if (crc32(bytes) !== this.#part.crc) throw this.#reader.changed();
    } catch (error) {
      this.#options.pool.release(bytes);
      throw error;
    }
    return { bytes, release: () => this.#options.pool.release(bytes) };
  }

  /** Tells that all of it has arrived. */
  arrived(): void {
    this.#tell(this.length);
  }

  #tell(bytes: number): void {
    if (bytes !== this.#told) this.#options.onBytes(bytes - this.#told);
    this.#told = bytes;
  }
}

/** The body as a command of the SDK takes it; {@link loadFileBodies} sees to it that the SDK never gets to see one. */
export const bodyOf = (body: FileBody): Uint8Array => body as unknown as Uint8Array;
