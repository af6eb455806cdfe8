import { crc32 } from "node:zlib";
import { KIB } from "../../staging/units.ts";

/** Bytes that are read and handed to a connection at a time; the next ones are read meanwhile. */
const PIECE_BYTES = 512 * KIB;

/** A section of a file, with its CRC32. */
interface Section {
  readonly offset: number;
  readonly length: number;
  readonly crc: number;
}

/** The file that a body is read from. */
interface BodyReader {
  read(buffer: Buffer, offset: number): Promise<void>;
  /** The error for a file that is not what it was. */
  changed(): Error;
}

/** Memory to read into. */
interface BodyMemory {
  acquire(size: number, signal: AbortSignal): Promise<Buffer>;
  release(buffer: Buffer): void;
}

export interface FileBodyOptions {
  readonly pool: BodyMemory;
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
  readonly #reader: BodyReader;
  readonly #part: Section;
  readonly #options: FileBodyOptions;
  #memory: Buffer | undefined;
  /** What is being read into the memory. */
  #reading: Promise<unknown> = Promise.resolve();
  #told = 0;

  constructor(reader: BodyReader, part: Section, options: FileBodyOptions) {
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
      await Promise.allSettled([this.#reading]);
      pool.release(this.#memory);
      this.#memory = undefined;
    }
  }

  /**
   * Reads all of it for the network: see {@link pieces}. A piece counts as sent when the next one is asked for.
   */
  async *sentPieces(isChecked: boolean, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
    this.#tell(0);
    for await (const piece of this.pieces(isChecked, signal)) {
      yield piece;
      this.#options.onSent?.(piece.length);
      this.#tell(this.#told + piece.length);
    }
  }

  /**
   * Reads all of it, piece by piece; the bytes of one stay until the next is asked for. Call it in {@link withMemory}.
   * @param isChecked whether the receiver is known to refuse bytes of another CRC32; else they are checked here, before the last
   * piece is given
   * @throws SourceChangedError when the file is not what it was
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
      // While this piece is sent.
      if (at < this.length) next = this.#readPiece(memory, at);
      yield piece;
    }
  }

  /** Reads a piece into one of the two places in turn. */
  #readPiece(memory: Buffer, at: number): Promise<Buffer> {
    const start = at % (2 * PIECE_BYTES);
    const piece = memory.subarray(start, start + Math.min(PIECE_BYTES, this.length - at));
    const read = async (): Promise<Buffer> => {
      await this.#reader.read(piece, this.#part.offset + at);
      return piece;
    };
    const reading = read();
    reading.catch(() => undefined); // thrown when it is waited for
    this.#reading = reading;
    return reading;
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
