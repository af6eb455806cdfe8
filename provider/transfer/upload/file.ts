import { partSizeFor } from "../../../staging/part-size.ts";
import { MIB } from "../../../staging/units.ts";
import { ensureTags } from "../../store/tagging.ts";
import { stageCopy } from "../copy/stage.ts";
import { abortUploads } from "../delete.ts";
import type { BufferPool } from "../flow/buffers.ts";
import { turnsFor } from "../flow/limiters.ts";
import type { ProgressReporter } from "../flow/progress.ts";
import { limitEach } from "../flow/semaphore.ts";
import { encodeCrc32 } from "../hash/crc32.ts";
import { digestLocalFile } from "../hash/parts.ts";
import type { LocalFile, SourceFile } from "../source/source.ts";
import { assertStored, headObject, holds } from "../verify/stored.ts";
import { DATA_CONTENT_TYPE, putBody, type UploadTarget, uploadFile } from "./upload.ts";

/** Up to this size, a file is read and hashed by one call: memory for many at once, and no thread busy for long. */
const SMALL_BYTES = MIB;

/**
 * Files of trees that take more than sending to a bucket, at the same time: objects on S3, which may have to be read by several requests each, and
 * files that may have arrived already, which are read to compare them.
 */
const longerWork = limitEach(32);

export interface StageOptions {
  readonly pool: BufferPool;
  readonly signal: AbortSignal;
  /** For sources on S3: leaves out the SHA-256 that would have to be computed by reading. */
  readonly noSha256?: boolean;
  /** For local files: sends small ones in parts, too. */
  readonly multipart?: boolean;
  /** Starts the progress of a phase. */
  report(phase: "upload" | "verify" | "copy"): Pick<ProgressReporter, "add" | "objectDone" | "finish">;
}

export interface StagedFile {
  /** Lower-case hex; undefined where it was not wanted. */
  readonly sha256: string | undefined;
  /** Bytes of each part but the last; 0: not in parts. */
  readonly partSize: number;
  /** Whether an earlier attempt had sent it. */
  readonly wasThere: boolean;
}

/**
 * Makes sure that the target holds the file's bytes, with its tags. An object that holds them already, left by an
 * attempt that was cut off after it, is taken over and not sent again.
 * @returns also S3's time of the object's creation, from which its expiry counts
 */
export async function stageFile(
  file: SourceFile,
  target: UploadTarget,
  options: StageOptions,
): Promise<StagedFile & { readonly lastModified: Date }> {
  const { signal } = options;
  const staged = await stageContent(file, target, true, options);
  // Some servers forget the tags that a multipart upload was started with.
  await ensureTags(target, target.tags, signal);
  // Uploads of this key that earlier attempts left are of no more use.
  await abortUploads(target.client, target.bucket, target.key, signal, target.key);
  return staged;
}

/**
 * The same for one of many files of a tree, in one request where the file is small and not there yet: what is checked
 * and cleaned up once for the whole tree is not here.
 * @param mayBeThere whether a listing found an object of the key and size
 */
export async function stageTreeFile(
  file: SourceFile,
  target: UploadTarget,
  mayBeThere: boolean,
  options: StageOptions,
): Promise<StagedFile> {
  if (file.from === "local" && partSizeFor(file.size, options.multipart) === 0 && !mayBeThere) {
    if (file.size > SMALL_BYTES) return sendContent(file, target, options);
    const turns = turnsFor("object", target.bucket);
    return turns.run(file.size, () => sendSmall(file, target, options), options.signal);
  }
  const staged = await longerWork(target.bucket).run(
    () => stageContent(file, target, mayBeThere, options),
    options.signal,
  );
  if (staged.partSize > 0) await ensureTags(target, target.tags, options.signal);
  return staged;
}

async function stageContent(
  file: SourceFile,
  target: UploadTarget,
  mayBeThere: boolean,
  options: StageOptions,
): Promise<StagedFile & { readonly lastModified: Date }> {
  if (file.from === "s3") return stageCopy(file, target, mayBeThere, options);
  const there = mayBeThere ? await takeOver(file, target, options) : undefined;
  return there ?? send(file, target, options);
}

async function send(file: LocalFile, target: UploadTarget, options: StageOptions) {
  const { digest, ...sent } = await sendContent(file, target, options);
  const { lastModified } = await assertStored(target, file.size, digest, options.signal);
  return { ...sent, lastModified };
}

async function sendContent(file: LocalFile, target: UploadTarget, options: StageOptions) {
  const progress = options.report("upload");
  const { digest, partSize } = await uploadFile(file, target, {
    pool: options.pool,
    signal: options.signal,
    multipart: options.multipart ?? false,
    onBytes: (bytes) => progress.add(bytes),
  });
  progress.objectDone();
  progress.finish();
  return { sha256: digest.sha256, partSize, wasThere: false, digest };
}

/** Reads the file at once, and sends it by one request. */
async function sendSmall(file: LocalFile, target: UploadTarget, options: StageOptions): Promise<StagedFile> {
  const { pool, signal } = options;
  const progress = options.report("upload");
  const buffer = file.size === 0 ? undefined : await pool.acquire(file.size, signal);
  try {
    const bytes = buffer ?? Buffer.from(new SharedArrayBuffer(0));
    const { sha256, crc32 } = await file.readWhole(bytes);
    signal.throwIfAborted();
    const digest = { sha256, fullCrc32: encodeCrc32(crc32) };
    await putBody(bytes, digest, DATA_CONTENT_TYPE, target, signal);
    turnsFor("object", target.bucket).sent(file.size);
    progress.add(file.size);
    progress.objectDone();
    progress.finish();
    return { sha256, partSize: 0, wasThere: false };
  } finally {
    if (buffer !== undefined) pool.release(buffer);
  }
}

async function takeOver(file: LocalFile, target: UploadTarget, options: StageOptions) {
  const found = await headObject(target, options.signal);
  const partSize = partSizeFor(file.size, options.multipart);
  // Reading the file to compare is worth it only where the object may be the same.
  if (found?.size !== file.size || found.facts?.partSize !== partSize) return undefined;
  const digest = await digestLocalFile(file, partSize, options.signal);
  if (holds(found, file.size, digest) !== "yes") return undefined;
  const progress = options.report("verify");
  progress.add(file.size);
  progress.objectDone();
  progress.finish();
  return { sha256: digest.sha256, partSize, wasThere: true, lastModified: found.lastModified };
}
