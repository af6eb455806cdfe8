import { type CompletedPart, PutObjectCommand } from "@aws-sdk/client-s3";
import { encodeTags } from "../../staging/classes.ts";
import type { BufferPool } from "./buffers.ts";
import { FileDigest } from "./digest.ts";
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
import { type FilledPart, readParts } from "./reading.ts";
import { arrivedAs } from "./resume.ts";
import { SourceChangedError, type SourceFile, type SourceReader } from "./source.ts";

export { DATA_CONTENT_TYPE, type UploadTarget } from "./multipart.ts";

/** Parts of one file on their way at the same time. */
const PARTS_IN_FLIGHT = 8;

export interface UploadOptions {
  readonly pool: BufferPool;
  readonly signal: AbortSignal;
  /** Sends small files in parts, too. */
  readonly multipart?: boolean;
  /** Called with the bytes that have arrived since the last call, and with those that an earlier attempt had sent. */
  onBytes(bytes: number): void;
}

export interface Uploaded {
  /** What was computed while the file was read. */
  readonly digest: FileDigest;
  /** Bytes of each part but the last; 0: sent in one request. */
  readonly partSize: number;
}

/**
 * Reads a file once and sends it: the SHA-256 of the whole and the CRC32 of each part come from the same buffers, and
 * S3 checks each part. Parts are sent in parallel; reading waits for their buffers.
 *
 * After a failure or an abort the parts that arrived stay, and the next attempt sends only what is missing. It reads
 * the whole file all the same, for its SHA-256.
 * @throws SourceChangedError when the file changed meanwhile; its parts are useless and are deleted
 * @throws SourceChangedSinceError when the file is not the one whose parts have arrived before
 */
export async function uploadFile(
  file: SourceFile,
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
  reader: SourceReader,
  size: number,
  target: UploadTarget,
  options: UploadOptions,
): Promise<Uploaded> {
  const { pool, signal } = options;
  const digest = new FileDigest();
  // An empty file has no part.
  let body: FilledPart | undefined;
  try {
    for await (const part of readParts(reader, size, 0, digest, pool, signal)) body = part;
    await reader.assertUnchanged();
    const bytes = body?.bytes ?? Buffer.alloc(0);
    await putBuffer(bytes, digest, DATA_CONTENT_TYPE, target, signal);
  } finally {
    if (body !== undefined) pool.release(body.buffer);
  }
  options.onBytes(size);
  return { digest, partSize: 0 };
}

/** Sends bytes that are in memory as one object; S3 checks their CRC32. */
export async function putBuffer(
  body: Buffer,
  digest: Pick<FileDigest, "sha256" | "fullCrc32">,
  contentType: string,
  target: UploadTarget,
  signal: AbortSignal,
): Promise<void> {
  await sendAgain(signal, () =>
    target.client.send(
      new PutObjectCommand({
        Bucket: target.bucket,
        Key: target.key,
        Body: body,
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
  reader: SourceReader,
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
      (signal) => readParts(reader, size, partSize, digest, options.pool, signal),
      PARTS_IN_FLIGHT,
      options.signal,
      async (part, signal) => {
        try {
          sent[part.number - 1] =
            arrivedAs(part, upload.arrived, target.key) ?? (await sendPart(part, upload.id, target, signal));
        } finally {
          options.pool.release(part.buffer);
        }
        options.onBytes(part.length);
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
