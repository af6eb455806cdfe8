import { MIB } from "../../../staging/units.ts";
import { FileDigest } from "../hash/digest.ts";
import type { S3File, SourceReader } from "../source/source.ts";
import type { BufferPool } from "./buffers.ts";
import { forEachParallel } from "./parallel.ts";
import { type Part, partsOf } from "./parts.ts";

/** From this size on, handing bytes to the hashing thread costs less than it saves. */
const BACKGROUND_BYTES = MIB;

/** What is read at once: the parts of the largest objects have more bytes than the process may take. */
const PIECE_BYTES = 8 * MIB;
const PIECES_IN_FLIGHT = 4;

/** Reads an object and hashes it as an upload in parts of `partSize` bytes would. */
export async function digestObject(
  file: S3File,
  partSize: number,
  pool: BufferPool,
  signal: AbortSignal,
): Promise<FileDigest> {
  const digest = new FileDigest();
  const reader = await file.open();
  try {
    await readPieces(reader, file.size, partSize, digest, pool, signal);
    await digest.finish();
    await reader.assertUnchanged();
  } finally {
    await reader.close();
    await digest.abandon();
  }
  return digest;
}

/** Pieces are read several at a time, and hashed in order: each when the one before it is. */
async function readPieces(
  reader: SourceReader,
  size: number,
  partSize: number,
  digest: FileDigest,
  pool: BufferPool,
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
      const before = last;
      let hand = (): void => {};
      last = new Promise((resolve) => (hand = resolve));
      // What is being read has no other way to hear of an abort, and may take minutes.
      const close = (): void => void reader.close();
      stop.addEventListener("abort", close, { once: true });
      let buffer: Buffer | undefined;
      try {
        // In the order of the pieces, so that none has memory which one before it waits for.
        buffer = await pool.acquire(bufferSize, stop);
        const bytes = buffer.subarray(0, length);
        await reader.read(bytes, offset);
        await before;
        stop.throwIfAborted();
        if (!inBackground) return void digest.add(bytes, isNewPart);
        const { hashed } = digest.addInBackground(bytes, isNewPart);
        hand();
        await hashed;
      } finally {
        hand();
        stop.removeEventListener("abort", close);
        if (buffer !== undefined) pool.release(buffer);
      }
    },
  );
}

interface Piece extends Pick<Part, "offset" | "length"> {
  /** Whether a part begins with it. */
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
