import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../../../staging/errors.ts";
import { MIB } from "../../../staging/units.ts";
import { forEachParallel } from "../../flow/parallel.ts";
import { partsOf } from "../../flow/parts.ts";
import { headObject, type ObjectPlace } from "../../store/stored-object.ts";
import type { DataPlane } from "../data-plane.ts";
import { S3Reader, TruncatedError } from "../source/s3-reader.ts";
import { SourceChangedError } from "../source/source.ts";
import { checksumMismatch } from "../verify/mismatch.ts";
import { kindOf } from "./folders.ts";

/** Bytes of a piece, which several ranged requests read. */
const PIECE_BYTES = 16 * MIB;
const PIECES_IN_FLIGHT = 4;

/** A file to download. */
interface WantedFile {
  readonly place: ObjectPlace;
  /** The destination of the file. */
  readonly path: string;
  readonly size: number;
  /** Undefined if none was recorded; then only the size is compared. */
  readonly sha256: string | undefined;
  /** Permission bits. */
  readonly mode: number;
  /** Whether to replace an existing file. */
  readonly replace: boolean;
}

interface FileOptions {
  readonly plane: DataPlane;
  readonly signal: AbortSignal;
  /** Called with the bytes downloaded since the last call; negative if they are read again. */
  onBytes(bytes: number): void;
}

/**
 * Downloads a file under a temporary name in its own folder, verifies its SHA-256 during the download, and renames it. It resumes an
 * interrupted download: it hashes the existing bytes and downloads the rest. After a mismatch it downloads the file once more.
 * @throws UserError if the object is missing, or differs twice
 */
export async function downloadFile(file: WantedFile, options: FileOptions): Promise<void> {
  const part = partPath(file);
  // Do not follow links. Until the file is complete, only its owner can read it.
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  const handle = await open(part, flags, 0o600);
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.nlink !== 1) {
      throw new UserError(`${part} is not a partial download`, {
        why: "Another program made it.",
        fix: "Move it away.",
      });
    }
    if (!(await downloadInto(handle, file, options))) {
      await handle.truncate(0);
      if (!(await downloadInto(handle, file, options))) {
        await unlink(part);
        const { bucket, key } = file.place;
        throw checksumMismatch(bucket, key, "it differs after two downloads.");
      }
    }
    await handle.chmod(file.mode);
  } finally {
    await handle.close();
  }
  await place(part, file);
}

/** The temporary path. It is the same for each run, so that the next run can resume. */
function partPath({ place, path }: WantedFile): string {
  const [id = ""] = place.key.split("/");
  const name = createHash("sha256").update(path).digest("hex").slice(0, 16);
  return join(dirname(path), `.spawn-${id}-${name}.part`);
}

/** @returns whether the file now has the staged bytes */
async function downloadInto(handle: FileHandle, file: WantedFile, options: FileOptions): Promise<boolean> {
  let counted = 0;
  const onBytes = (bytes: number): void => {
    counted += bytes;
    options.onBytes(bytes);
  };
  const isEqual = await readPieces(handle, file, { ...options, onBytes });
  if (!isEqual) options.onBytes(-counted);
  return isEqual;
}

async function readPieces(handle: FileHandle, file: WantedFile, options: FileOptions): Promise<boolean> {
  const { size, sha256, place } = file;
  const { signal } = options;
  const present = (await handle.stat()).size;
  if (present > size) await handle.truncate(0);
  const from = present > size ? 0 : present;
  const isSmall = size <= PIECE_BYTES && from === 0;
  const head = isSmall ? undefined : await headObject(place, signal);
  if (!isSmall && head === undefined) throw missingObject(place);
  if (head !== undefined && head.size !== size) return false;
  const reader = new S3Reader(place, head?.etag ?? "");
  const hash = size > MIB ? options.plane.hashing.start() : new SmallHash();
  let isOver = false;
  let hasFailed = false;
  const close = (): void => void reader.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    signal.throwIfAborted();
    let last: Promise<void> = Promise.resolve();
    await forEachParallel(
      () => partsOf(size, PIECE_BYTES),
      PIECES_IN_FLIGHT,
      signal,
      async ({ offset, length }, stop) => {
        const previous = last;
        let done = (): void => {};
        last = new Promise((resolve) => (done = resolve));
        const buffer = await options.plane.pool.acquire(length, stop);
        try {
          const kept = Math.min(length, Math.max(0, from - offset));
          if (kept > 0) await readFully(handle, buffer.subarray(0, kept), offset);
          if (kept < length) await reader.read(buffer.subarray(kept), offset + kept);
          // Write in order, so that the file has no holes if the process is killed.
          await previous;
          if (hasFailed) return;
          await Promise.all([
            hash.update(buffer),
            kept < length && writeFully(handle, buffer.subarray(kept), offset + kept),
          ]);
          options.onBytes(length);
        } catch (error) {
          hasFailed = true;
          close(); // ends the reads of the other pieces
          throw error;
        } finally {
          options.plane.pool.release(buffer);
          done();
        }
      },
    );
    const found = await hash.end();
    isOver = true;
    return sha256 === undefined || found === sha256;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceChangedError) {
      if (error.what === "vanished") throw missingObject(place);
      return false;
    }
    if (error instanceof TruncatedError) return false;
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
    close();
    if (!isOver) await hash.forget();
  }
}

/** Hashes small files in this thread, which is faster than a message to the hashing thread. */
class SmallHash {
  readonly #hash = createHash("sha256");
  async update(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
  }
  async end(): Promise<string> {
    return this.#hash.digest("hex");
  }
  async forget(): Promise<void> {}
}

async function readFully(handle: FileHandle, into: Buffer, position: number): Promise<void> {
  for (let filled = 0; filled < into.length; ) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) throw new TruncatedError("the partial download was truncated");
    filled += bytesRead;
  }
}

async function writeFully(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await handle.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
}

const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/** Renames the file to its final name. Without `replace`, it refuses to replace a file that appeared during the download. */
async function place(part: string, { path, replace }: WantedFile): Promise<void> {
  if (!replace) {
    try {
      await link(part, path);
      await unlink(part);
      return;
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      // The file system may not support hard links.
      const isFree = NO_LINKS.has(code) && (await kindOf(path)) === "nothing";
      if (code === "EEXIST" || (NO_LINKS.has(code) && !isFree)) {
        throw new UserError(`${path} appeared during the download`, {
          why: "Another program made it; it was not replaced.",
          fix: "Run the command again: it compares the file with the staged data.",
        });
      }
      if (!isFree) throw error;
    }
  }
  await rename(part, path);
}

export function missingObject({ bucket, key }: Pick<ObjectPlace, "bucket" | "key">): UserError {
  const [id] = key.split("/");
  return new UserError(`s3://${bucket}/${key} does not exist`, {
    why: "The entry has expired, or the object was deleted.",
    fix: (_spell, command) =>
      `To see what each region holds: ${command(`spawn stage info ${id}`)}. To copy missing data again: ${command(`spawn stage repair ${id}`)}`,
  });
}
