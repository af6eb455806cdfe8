import type { BufferPool } from "./buffers.ts";
import { abortUploads } from "./delete.ts";
import { partSizeFor } from "./parts.ts";
import type { ProgressReporter } from "./progress.ts";
import { digestFile } from "./reading.ts";
import type { SourceFile } from "./source.ts";
import { assertStored, headObject, holds } from "./stored.ts";
import { ensureTags } from "./tagging.ts";
import { type UploadTarget, uploadFile } from "./upload.ts";

export interface StageOptions {
  readonly pool: BufferPool;
  readonly signal: AbortSignal;
  /** Starts the progress of a phase. */
  report(phase: "upload" | "verify"): ProgressReporter;
}

export interface StagedFile {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly partSize: number;
  /** S3's time of the object's creation, from which its expiry counts. */
  readonly lastModified: Date;
}

/**
 * Makes sure that the target holds the file's bytes, with its tags. An object that holds them already, left by an
 * attempt that was cut off after it, is taken over and not sent again.
 */
export async function stageFile(
  file: SourceFile,
  target: UploadTarget,
  options: StageOptions,
): Promise<StagedFile> {
  const { signal } = options;
  const staged = (await takeOver(file, target, options)) ?? (await send(file, target, options));
  // Some servers forget the tags that a multipart upload was started with.
  await ensureTags(target, target.tags, signal);
  // Uploads of this key that earlier attempts left are of no more use.
  await abortUploads(target.client, target.bucket, target.key, signal, target.key);
  return staged;
}

async function send(file: SourceFile, target: UploadTarget, options: StageOptions): Promise<StagedFile> {
  const progress = options.report("upload");
  const { digest, partSize } = await uploadFile(file, target, {
    pool: options.pool,
    signal: options.signal,
    onBytes: (bytes) => progress.add(bytes),
  });
  const stored = await assertStored(target, file.size, digest, options.signal);
  progress.objectDone();
  progress.finish();
  return { sha256: digest.sha256, partSize, lastModified: stored.lastModified };
}

async function takeOver(
  file: SourceFile,
  target: UploadTarget,
  options: StageOptions,
): Promise<StagedFile | undefined> {
  const found = await headObject(target, options.signal);
  const partSize = partSizeFor(file.size);
  // Reading the file to compare is worth it only where the object may be the same.
  if (found?.size !== file.size || found.facts?.partSize !== partSize) return undefined;
  const progress = options.report("verify");
  const digest = await digestFile(file, partSize, options.pool, options.signal);
  progress.finish();
  if (holds(found, file.size, digest) !== "yes") return undefined;
  return { sha256: digest.sha256, partSize, lastModified: found.lastModified };
}
