import { crc32 } from "node:zlib";
import { KIB } from "../../staging/units.ts";
import type { BufferPool } from "../flow/buffers.ts";

/** Bytes of one read. The next read runs while the connection sends these. */
const PIECE_BYTES = 512 * KIB;

/** A section of a file, with its CRC32. */
interface Section {
  readonly offset: number;
  readonly length: number;
  readonly crc: number;
}

/** Reads the file of a body. */
interface BodyReader {
  read(buffer: Buffer, offset: number): Promise<void>;
  /** The error for a file that changed after its checksum was computed. */
  changed(): Error;
}

export interface FileBodyOptions {
  readonly pool: Pick<BufferPool, "acquire" | "release">;
  /** Called with the bytes sent since the last call; negative if a retry must send bytes again. */
  onBytes(bytes: number): void;
  /** Called with all bytes that go over the network, those of failed attempts too. */
  onSent?(bytes: number): void;
}

/**
 * A section of a file as the body of a request. Two buffers of fixed size suffice for any section, because it is read
 * while it is sent. The checksum comes from an earlier read, and this read must return the same bytes.
 */
export class FileBody {
  readonly length: number;
  readonly #reader: BodyReader;
  readonly #part: Section;
  readonly #options: FileBodyOptions;
  #memory: Buffer | undefined;
  #readyAt = 0;
  /** The latest read. */
  #reading: Promise<unknown> = Promise.resolve();
  #reported = 0;

  constructor(reader: BodyReader, part: Section, options: FileBodyOptions) {
    this.length = part.length;
    this.#reader = reader;
    this.#part = part;
    this.#options = options;
  }

  /** When the latest attempt got its memory, on the clock of `performance.now()`. */
  get readyAt(): number {
    return this.#readyAt;
  }

  /** Acquires a read buffer, runs the task and releases the buffer. */
  async withMemory<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { pool } = this.#options;
    this.#memory = await this.#acquire(Math.min(2 * PIECE_BYTES, this.length), signal);
    try {
      return await task();
    } finally {
      await Promise.allSettled([this.#reading]);
      pool.release(this.#memory);
      this.#memory = undefined;
    }
  }

  /** Reads the section for the network, see {@link pieces}. A piece counts as sent when the receiver requests the next one. */
  async *sentPieces(isChecked: boolean, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
    this.#report(0);
    for await (const piece of this.pieces(isChecked, signal)) {
      yield piece;
      this.#options.onSent?.(piece.length);
      this.#report(this.#reported + piece.length);
    }
  }

  /**
   * Reads the section piece by piece. The bytes of a piece are valid until the receiver requests the next one. Call it
   * within {@link withMemory}.
   * @param isChecked whether the receiver is known to reject bytes with another CRC32. If not, this method compares the
   * CRC32 before it yields the last piece.
   * @throws SourceChangedError if the file changed
   */
  async *pieces(isChecked: boolean, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
    const memory = this.#memory;
    if (memory === undefined) throw new Error("there is no memory to read into");
    let crc = 0;
    let next = this.#readPiece(memory, 0);
    for (let at = 0; at < this.length; ) {
      const piece = await next;
      signal.throwIfAborted();
      if (!isChecked) crc = crc32(piece, crc);
      at += piece.length;
      if (at === this.length && !isChecked && crc !== this.#part.crc) throw this.#reader.changed();
      // The next read runs while this piece is sent.
      if (at < this.length) next = this.#readPiece(memory, at);
      yield piece;
    }
  }

  /** Reads a piece into one half of the memory. The halves alternate. */
  #readPiece(memory: Buffer, at: number): Promise<Buffer> {
    const start = at % (2 * PIECE_BYTES);
    const piece = memory.subarray(start, start + Math.min(PIECE_BYTES, this.length - at));
    const read = async (): Promise<Buffer> => {
      await this.#reader.read(piece, this.#part.offset + at);
      return piece;
    };
    const reading = read();
    reading.catch(() => undefined); // `pieces` throws it
    this.#reading = reading;
    return reading;
  }

  /**
   * Reads the whole section into memory, for senders that cannot stream it. Return the memory with `release`.
   * @throws SourceChangedError if the file changed
   */
  async load(signal: AbortSignal): Promise<{ readonly bytes: Buffer; release(): void }> {
    this.#report(0);
    const bytes = await this.#acquire(this.length, signal);
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

  async #acquire(size: number, signal: AbortSignal): Promise<Buffer> {
    const memory = await this.#options.pool.acquire(size, signal);
    this.#readyAt = performance.now();
    return memory;
  }

  /** Reports that the server has received the whole section. */
  arrived(): void {
    this.#report(this.length);
  }

  #report(bytes: number): void {
    if (bytes !== this.#reported) this.#options.onBytes(bytes - this.#reported);
    this.#reported = bytes;
  }
}
