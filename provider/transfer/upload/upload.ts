import { partSizeFor } from "../../../staging/part-size.ts";
import { MIB } from "../../../staging/units.ts";
import type { RequestLimiter, Slot } from "../../flow/limiters.ts";
import { forEachParallel } from "../../flow/parallel.ts";
import type { ProgressReporter } from "../../flow/progress.ts";
import { FileBody, type FileBodyOptions } from "../../store/file-body.ts";
import { objectMetadata } from "../../store/object-facts.ts";
import type { Body, CompletedPart } from "../../store/object-store.ts";
import { headObject } from "../../store/stored-object.ts";
import type { DataPlane } from "../data-plane.ts";
import { encodeCrc32 } from "../hash/crc32.ts";
import { FileDigest } from "../hash/digest.ts";
import { digestLocalFile, type HashedPart, hashedParts } from "../hash/parts.ts";
import type { LocalFile, LocalReader } from "../source/source.ts";
import { assertStored, holds } from "../verify/stored.ts";
import { DATA_CONTENT_TYPE, resendDamaged, resumeOrCreate, type UploadTarget } from "./multipart.ts";
import { findUploadedPart } from "./resume.ts";

/** One call reads and hashes a file up to this size. The limit leaves memory for many files, and no call occupies a thread for long. */
const SMALL_BYTES = MIB;

export interface StageOptions {
  readonly plane: DataPlane;
  readonly signal: AbortSignal;
  /** For sources on S3: omits a SHA-256 that would require a read of the source. */
  readonly noSha256?: boolean;
  /** For local files: also uploads small files in parts. */
  readonly multipart?: boolean;
  /** Starts the progress of a phase. */
  report(phase: "upload" | "verify" | "copy"): Pick<ProgressReporter, "add" | "objectDone" | "finish">;
}

export interface StagedFile {
  /** Lower-case hex; undefined with `noSha256`. */
  readonly sha256: string | undefined;
  /** Bytes of each part but the last; 0 if the object is not in parts. */
  readonly partSize: number;
  /** Whether the object of an earlier attempt was kept. */
  readonly wasThere: boolean;
}

/**
 * Uploads a file and verifies the object. If an earlier attempt has already uploaded the bytes, it verifies that object instead.
 * @param mayExist whether the target may have an object of an earlier attempt
 */
export async function stageLocalFile(
  file: LocalFile,
  target: UploadTarget,
  mayExist: boolean,
  options: StageOptions,
): Promise<StagedFile & { readonly lastModified: Date }> {
  const existing = mayExist ? await keepExisting(file, target, options) : undefined;
  return existing ?? send(file, target, options);
}

/** Uploads a file that one request can carry. S3 verifies its CRC32. */
export function sendWhole(file: LocalFile, target: UploadTarget, options: StageOptions): Promise<StagedFile> {
  if (file.size > SMALL_BYTES) return sendContent(file, target, options);
  const limiter = options.plane.limiters.of("object", target.bucket);
  return limiter.run(file.size, () => sendSmall(file, target, limiter, options), options.signal);
}

async function send(file: LocalFile, target: UploadTarget, options: StageOptions) {
  const { digest, ...sent } = await sendContent(file, target, options);
  const { lastModified } = await assertStored(target, file.size, digest, options.signal);
  return { ...sent, lastModified };
}

async function sendContent(file: LocalFile, target: UploadTarget, options: StageOptions) {
  const progress = options.report("upload");
  const onBytes = (bytes: number) => progress.add(bytes);
  const { digest, partSize } = await uploadFile(file, target, { ...options, onBytes });
  progress.objectDone();
  progress.finish();
  return { sha256: digest.sha256, partSize, wasThere: false, digest };
}

/** Reads the file at once, and sends it with one request. */
async function sendSmall(
  file: LocalFile,
  target: UploadTarget,
  limiter: RequestLimiter,
  options: StageOptions,
): Promise<StagedFile> {
  const { plane, signal } = options;
  const { pool } = plane;
  const progress = options.report("upload");
  const buffer = file.size === 0 ? undefined : await pool.acquire(file.size, signal);
  try {
    const bytes = buffer ?? Buffer.from(new SharedArrayBuffer(0));
    const { sha256, crc32 } = await file.readWhole(bytes);
    signal.throwIfAborted();
    const digest = { sha256, fullCrc32: encodeCrc32(crc32) };
    await putBody(bytes, digest, DATA_CONTENT_TYPE, target, signal);
    limiter.sent(file.size);
    progress.add(file.size);
    progress.objectDone();
    progress.finish();
    return { sha256, partSize: 0, wasThere: false };
  } finally {
    if (buffer !== undefined) pool.release(buffer);
  }
}

async function keepExisting(file: LocalFile, target: UploadTarget, options: StageOptions) {
  const found = await headObject(target, options.signal);
  const partSize = partSizeFor(file.size, options.multipart);
  // Read the file only if size and part size match: otherwise the object cannot be equal.
  if (found?.size !== file.size || found.facts?.partSize !== partSize) return undefined;
  const digest = await digestLocalFile(file, partSize, options.signal);
  if (holds(found, file.size, digest) !== "yes") return undefined;
  const progress = options.report("verify");
  progress.add(file.size);
  progress.objectDone();
  progress.finish();
  return { sha256: digest.sha256, partSize, wasThere: true, lastModified: found.lastModified };
}

interface UploadOptions extends Pick<StageOptions, "plane" | "signal" | "multipart"> {
  /**
   * Called with the bytes sent since the last call, and with the bytes that an earlier attempt uploaded. Negative for bytes to send
   * again.
   */
  onBytes(bytes: number): void;
}

export interface Uploaded {
  /** The digest from the read of the file. */
  readonly digest: FileDigest;
  /** Bytes of each part but the last; 0 if one request sent the file. */
  readonly partSize: number;
}

/**
 * Hashes and uploads a file. A first read computes the SHA-256 of the file and the CRC32 of each part. A second read, a moment later
 * from the page cache, sends the bytes, and S3 refuses a mismatch of the CRC32. So parts of any size are sent in parallel with little
 * memory.
 *
 * After a failure or an abort the uploaded parts stay, and the next attempt sends only the missing parts. It still reads the whole
 * file for its SHA-256.
 * @throws SourceChangedError if the file changed during the upload
 */
export async function uploadFile(
  file: LocalFile,
  target: UploadTarget,
  options: UploadOptions,
): Promise<Uploaded> {
  const { plane, signal } = options;
  const partSize = partSizeFor(file.size, options.multipart);
  const send = async (reader: LocalReader): Promise<Uploaded> =>
    partSize === 0
      ? putWhole(reader, file.size, target, options)
      : putInParts(reader, file.size, partSize, target, options);
  const upload = async (): Promise<Uploaded> => {
    const reader = await file.open();
    try {
      return await send(reader);
    } finally {
      await reader.close();
    }
  };
  return partSize === 0
    ? plane.limiters.of("object", target.bucket).run(file.size, upload, signal)
    : plane.filesInParts(target.bucket).run(upload, signal);
}

async function putWhole(
  reader: LocalReader,
  size: number,
  target: UploadTarget,
  options: UploadOptions,
): Promise<Uploaded> {
  const { signal } = options;
  const digest = new FileDigest();
  let body: FileBody | undefined;
  for await (const part of hashedParts(reader, size, 0, digest)) {
    body = new FileBody(
      reader,
      part,
      bodyOptions(options.plane.limiters.of("object", target.bucket), options),
    );
  }
  signal.throwIfAborted();
  // An empty file has no part.
  await putBody(body ?? Buffer.alloc(0), digest, DATA_CONTENT_TYPE, target, signal);
  await reader.assertUnchanged({ sha256: digest.sha256, signal });
  body?.arrived();
  return { digest, partSize: 0 };
}

/** Sends bytes as one object. S3 verifies their CRC32. */
export async function putBody(
  body: Body,
  digest: Pick<FileDigest, "sha256" | "fullCrc32">,
  contentType: string,
  { store, bucket, key, tags }: UploadTarget,
  signal: AbortSignal,
): Promise<void> {
  await resendDamaged(signal, () =>
    store.put(
      {
        ...{ bucket, key, body, tags, headers: { contentType } },
        checksum: { crc32: digest.fullCrc32 },
        metadata: objectMetadata({ partSize: 0, sha256: digest.sha256 }),
      },
      signal,
    ),
  );
}

async function putInParts(
  reader: LocalReader,
  size: number,
  usual: number,
  target: UploadTarget,
  options: UploadOptions,
): Promise<Uploaded> {
  const limiter = options.plane.limiters.of("part", target.bucket);
  const upload = await resumeOrCreate(size, usual, target, options.signal);
  const { partSize } = upload;
  const digest = new FileDigest();
  const sent: CompletedPart[] = [];
  // If the file changes, its parts stay as well: the next attempt compares each of them.
  await forEachParallel(
    (signal) => withSlots(hashedParts(reader, size, partSize, digest), limiter, signal),
    () => limiter.taskLimit,
    options.signal,
    async ({ part, slot }, signal) => {
      try {
        const body = new FileBody(reader, part, bodyOptions(limiter, options));
        sent[part.number - 1] =
          (await findUploadedPart(part, body, upload.parts, signal)) ??
          (await sendPart(part, body, upload.id, target, signal));
      } finally {
        slot.release();
      }
    },
  );
  await reader.assertUnchanged({ sha256: digest.sha256, signal: options.signal });
  const { store, bucket, key } = target;
  const fullCrc32 = upload.fullObject ? digest.fullCrc32 : undefined;
  const completion = { bucket, key, uploadId: upload.id, parts: sent, size, fullCrc32 };
  await store.completeUpload(completion, options.signal);
  return { digest, partSize };
}

/** The parts, each with a slot. At most one part waits for a slot, which limits the parts that are hashed ahead. */
async function* withSlots(
  parts: AsyncGenerator<HashedPart, void, void>,
  limiter: RequestLimiter,
  signal: AbortSignal,
): AsyncGenerator<{ readonly part: HashedPart; readonly slot: Slot }, void, void> {
  for await (const part of parts) yield { part, slot: await limiter.acquire(part.length, signal) };
}

const bodyOptions = (limiter: RequestLimiter, { plane, onBytes }: UploadOptions): FileBodyOptions => ({
  ...{ pool: plane.pool, onBytes },
  onSent: (bytes) => limiter.sent(bytes),
});

async function sendPart(
  part: HashedPart,
  body: FileBody,
  uploadId: string,
  { store, bucket, key }: UploadTarget,
  signal: AbortSignal,
): Promise<CompletedPart> {
  const crc32 = encodeCrc32(part.crc);
  const { number } = part;
  const upload = { bucket, key, uploadId };
  const written = await resendDamaged(signal, () =>
    store.uploadPart({ ...upload, number, body, checksum: { crc32 } }, signal),
  );
  body.arrived();
  // If the server returns no checksum of a part, it stores none, and the completion must not name one.
  return { number, etag: written.etag, crc32: written.crc32 && crc32 };
}
