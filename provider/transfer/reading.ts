import type { BufferPool } from "./buffers.ts";
import { FileDigest } from "./digest.ts";
import { type Part, partsOf } from "./parts.ts";
import type { S3File, SourceReader } from "./source.ts";

/** From this size on, handing a part to the hashing thread costs less than it saves. */
const BACKGROUND_BYTES = 1024 * 1024;

export interface FilledPart extends Part {
  /** From the pool; whoever takes the part releases it. */
  readonly buffer: Buffer;
  /** The part's bytes in it. */
  readonly bytes: Buffer;
  readonly crc: number;
}

/**
 * Reads an object in order, one buffer a part, and hashes it on the way: the SHA-256 in the background while the next part is
 * read. The digest is complete after the last part.
 */
export async function* readParts(
  reader: SourceReader,
  size: number,
  partSize: number,
  digest: FileDigest,
  pool: BufferPool,
  signal: AbortSignal,
): AsyncGenerator<FilledPart, void, void> {
  const bufferSize = partSize === 0 ? size : partSize;
  let failure: { readonly error: unknown } | undefined;
  try {
    for (const part of partsOf(size, partSize)) {
      const buffer = await pool.acquire(bufferSize, signal);
      const bytes = buffer.subarray(0, part.length);
      try {
        await reader.read(bytes, part.offset);
        signal.throwIfAborted();
        if (failure !== undefined) throw failure.error;
      } catch (error) {
        pool.release(buffer);
        throw error;
      }
      if (bufferSize < BACKGROUND_BYTES) {
        yield { ...part, buffer, bytes, crc: digest.add(bytes) };
        continue;
      }
      // The buffer is lent twice: to whoever sends the part, and to the thread that hashes it.
      pool.retain(buffer);
      const { crc, hashed } = digest.addInBackground(bytes);
      hashed
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => pool.release(buffer));
      yield { ...part, buffer, bytes, crc };
    }
    await digest.finish();
  } finally {
    await digest.abandon();
  }
}

/** Reads an object and hashes it as an upload in parts of `partSize` bytes would. */
export async function digestObject(
  file: S3File,
  partSize: number,
  pool: BufferPool,
  signal: AbortSignal,
): Promise<FileDigest> {
  const digest = new FileDigest();
  const reader = await file.open();
  // What is being read has no other way to hear of an abort, and may take minutes.
  const close = (): void => void reader.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    for await (const part of readParts(reader, file.size, partSize, digest, pool, signal)) {
      pool.release(part.buffer);
    }
    await reader.assertUnchanged();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
    await reader.close();
  }
  return digest;
}
