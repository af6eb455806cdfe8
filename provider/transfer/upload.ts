import { type CompletedPart, PutObjectCommand } from "@aws-sdk/client-s3";
import { encodeTags } from "../../staging/classes.ts";
import type { BufferPool } from "./buffers.ts";
import { FileDigest } from "./digest.ts";
import { bodyOf, FileBody } from "./file-body.ts";
import { hashedParts } from "./hashed-parts.ts";
import { late } from "./late-command.ts";
import { objectMetadata } from "./metadata.ts";
import {
  abortMultipart,
  completeMultipart,
  DATA_CONTENT_TYPE,
  goOnOrStart,
  sendAgain,
  sendPart,
  type UploadTarget,
} from "./multipart.ts";
import { forEachParallel } from "./parallel.ts";
import { partSizeFor } from "./parts.ts";
import { arrivedAs } from "./resume.ts";
import { type LocalFile, type LocalReader, SourceChangedError } from "./source.ts";

export { DATA_CONTENT_TYPE, type UploadTarget } from "./multipart.ts";

/** Parts of one file on their way at the same time. */
const PARTS_IN_FLIGHT = 8;

export interface UploadOptions {
  readonly pool: BufferPool;
  readonly signal: AbortSignal;
  /** Sends small files in parts, too. */
  readonly multipart?: boolean;
  /**
   * Called with the bytes that were sent since the last call, and with those that an earlier attempt had sent. Negative for what
   * has to be sent again.
   */
  onBytes(bytes: number): void;
}

export interface Uploaded {
  /** What was computed while the file was read. */
  readonly digest: FileDigest;
  /** Bytes of each part but the last; 0: sent in one request. */
  readonly partSize: number;
}

/**
 * Hashes a file and sends it, part by part: the SHA-256 of the whole and the CRC32 of each part come from a first reading, the
 * bytes that are sent from a second one a moment later, out of the system's cache. S3 refuses bytes of another CRC32. So parts
 * of any size are sent in parallel, in little memory.
 *
 * After a failure or an abort the parts that arrived stay, and the next attempt sends only what is missing. It reads
 * the whole file all the same, for its SHA-256.
 * @throws SourceChangedError when the file changed meanwhile; its parts are useless and are deleted
 * @throws SourceChangedSinceError when the file is not the one whose parts have arrived before
 */
export async function uploadFile(
  file: LocalFile,
  target: UploadTarget,
  options: UploadOptions,
): Promise<Uploaded> {
  const reader = await file.open();
  try {
    const partSize = partSizeFor(file.size, options.multipart);
    return partSize === 0
      ? await putWhole(reader, file.size, target, options)
      : await putInParts(reader, file.size, partSize, target, options);
  } finally {
    await reader.close();
  }
}

async function putWhole(
  reader: LocalReader,
  size: number,
  target: UploadTarget,
  options: UploadOptions,
): Promise<Uploaded> {
  const { pool, signal } = options;
  const digest = new FileDigest();
  let body: FileBody | undefined;
  for await (const part of hashedParts(reader, size, 0, digest)) {
    body = new FileBody(reader, part, pool, options.onBytes);
  }
  signal.throwIfAborted();
  // An empty file has no part.
  await putBody(body ?? Buffer.alloc(0), digest, DATA_CONTENT_TYPE, target, signal);
  await reader.assertUnchanged();
  body?.arrived();
  return { digest, partSize: 0 };
}

/** Sends bytes as one object; S3 checks their CRC32. */
export async function putBody(
  body: Buffer | FileBody,
  digest: Pick<FileDigest, "sha256" | "fullCrc32">,
  contentType: string,
  target: UploadTarget,
  signal: AbortSignal,
): Promise<void> {
  await sendAgain(signal, () =>
    target.client.send(
      late(PutObjectCommand, {
        Bucket: target.bucket,
        Key: target.key,
        Body: body instanceof FileBody ? bodyOf(body) : body,
        ContentLength: body.length,
        ContentType: contentType,
        ChecksumCRC32: digest.fullCrc32,
        Tagging: encodeTags(target.tags),
        Metadata: objectMetadata({ partSize: 0, sha256: digest.sha256 }),
      }),
      { abortSignal: signal },
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
  const upload = await goOnOrStart(size, usual, target, options.signal);
  const { partSize } = upload;
  const digest = new FileDigest();
  const sent: CompletedPart[] = [];
  try {
    await forEachParallel(
      () => hashedParts(reader, size, partSize, digest),
      PARTS_IN_FLIGHT,
      options.signal,
      async (part, signal) => {
        const body = new FileBody(reader, part, options.pool, options.onBytes);
        sent[part.number - 1] =
          (await arrivedAs(part, body, upload.arrived, target.key, signal)) ??
          (await sendPart(part, body, upload.id, target, signal));
      },
    );
    await reader.assertUnchanged();
  } catch (error) {
    if (error instanceof SourceChangedError) await abortMultipart(target, upload.id);
    throw error;
  }
  await completeMultipart(target, upload, sent, size, digest, options.signal);
  return { digest, partSize };
}
