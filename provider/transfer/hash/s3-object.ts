import { MIB } from "../../../staging/units.ts";
import { forEachParallel } from "../../flow/parallel.ts";
import { type Part, partsOf } from "../../flow/parts.ts";
import type { DataPlane } from "../data-plane.ts";
import type { S3File, SourceReader } from "../source/source.ts";
import { FileDigest } from "./digest.ts";

/** From this size on, the hashing thread saves more time than the messages to it cost. */
const BACKGROUND_BYTES = MIB;

/** Bytes per read. A whole part can be larger than the pool. */
const PIECE_BYTES = 8 * MIB;
const PIECES_IN_FLIGHT = 4;

/** Reads an object and hashes it as an upload in parts of `partSize` bytes would. */
export async function digestObject(
  file: S3File,
  partSize: number,
  plane: DataPlane,
  signal: AbortSignal,
): Promise<FileDigest> {
  const digest = new FileDigest();
  const reader = await file.open();
  try {
    await readPieces(reader, file.size, partSize, digest, plane, signal);
    await digest.finish();
    await reader.assertUnchanged();
  } finally {
    await reader.close();
    await digest.abandon();
  }
  return digest;
}

/** Reads several pieces concurrently, and hashes them in order. */
async function readPieces(
  reader: SourceReader,
  size: number,
  partSize: number,
  digest: FileDigest,
  plane: DataPlane,
  signal: AbortSignal,
): Promise<void> {
  const inBackground = size >= BACKGROUND_BYTES;
  const bufferSize = Math.min(size, PIECE_BYTES);
  let last = Promise.resolve();
  await forEachParallel(
    () => piecesOf(size, partSize),
    PIECES_IN_FLIGHT,
    signal,
    async ({ offset, length, isNewPart }, stop) => {
      const previous = last;
      let release = (): void => {};
      last = new Promise((resolve) => (release = resolve));
      // A read takes no signal and can last minutes, so an abort closes the reader.
      const close = (): void => void reader.close();
      stop.addEventListener("abort", close, { once: true });
      let buffer: Buffer | undefined;
      try {
        // Acquire memory in the order of the pieces: a later piece must not hold memory that an earlier one waits for.
        buffer = await plane.pool.acquire(bufferSize, stop);
        const bytes = buffer.subarray(0, length);
        await reader.read(bytes, offset);
        await previous;
        stop.throwIfAborted();
        if (!inBackground) return void digest.add(bytes, isNewPart);
        const { hashed } = digest.addInBackground(bytes, plane.hashing, isNewPart);
        release();
        await hashed;
      } finally {
        release();
        stop.removeEventListener("abort", close);
        if (buffer !== undefined) plane.pool.release(buffer);
      }
    },
  );
}

interface Piece extends Pick<Part, "offset" | "length"> {
  /** Whether this piece begins a part. */
  readonly isNewPart: boolean;
}

/** The pieces of an object's parts, in order. */
function* piecesOf(size: number, partSize: number): Generator<Piece, void, void> {
  for (const part of partsOf(size, partSize)) {
    for (const { number, offset, length } of partsOf(part.length, PIECE_BYTES)) {
      yield { offset: part.offset + offset, length, isNewPart: number === 1 };
    }
  }
}
