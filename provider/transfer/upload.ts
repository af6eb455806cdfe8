import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { encodeTags, type Tags } from "../../staging/classes.ts";
import { attemptsOf, errorName } from "./aws-errors.ts";
import type { BufferPool } from "./buffers.ts";
import { encodeCrc32 } from "./crc32.ts";
import { FileDigest } from "./digest.ts";
import { objectMetadata } from "./metadata.ts";
import { forEachParallel } from "./parallel.ts";
import { partSizeFor } from "./parts.ts";
import { type FilledPart, readParts } from "./reading.ts";
import { withRetry } from "./retry.ts";
import { SourceChangedError, type SourceFile, type SourceReader } from "./source.ts";

/** Parts of one file on their way at the same time. */
const PARTS_IN_FLIGHT = 8;
const PART_ATTEMPTS = 4;
const RETRY_DELAY_MS = 500;

export const DATA_CONTENT_TYPE = "application/octet-stream";

export interface UploadTarget {
  readonly client: S3Client;
  readonly bucket: string;
  readonly key: string;
  /** On the object from its creation: replication by rule looks at them then. */
  readonly tags: Tags;
}

export interface UploadOptions {
  readonly pool: BufferPool;
  readonly signal: AbortSignal;
  /** Called with the bytes that have arrived since the last call. */
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
 * After a failure or an abort the parts that arrived stay, for a later attempt to go on from.
 * @throws SourceChangedError when the file changed meanwhile; its parts are useless and are deleted
 */
export async function uploadFile(
  file: SourceFile,
  target: UploadTarget,
  options: UploadOptions,
): Promise<Uploaded> {
  const reader = await file.open();
  try {
    const partSize = partSizeFor(file.size);
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
  digest: FileDigest,
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
  partSize: number,
  target: UploadTarget,
  options: UploadOptions,
): Promise<Uploaded> {
  const upload = await startMultipart(target, partSize, options.signal);
  const digest = new FileDigest();
  const sent: CompletedPart[] = [];
  try {
    await forEachParallel(
      (signal) => readParts(reader, size, partSize, digest, options.pool, signal),
      PARTS_IN_FLIGHT,
      options.signal,
      async (part, signal) => {
        try {
          sent[part.number - 1] = await sendPart(part, upload.id, target, signal);
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

interface MultipartUpload {
  readonly id: string;
  /** Whether the server keeps a checksum of the whole object; otherwise one made of the parts' checksums, or none. */
  readonly fullObject: boolean;
}

async function startMultipart(
  target: UploadTarget,
  partSize: number,
  signal: AbortSignal,
): Promise<MultipartUpload> {
  const started = await target.client.send(
    new CreateMultipartUploadCommand({
      Bucket: target.bucket,
      Key: target.key,
      ContentType: DATA_CONTENT_TYPE,
      ChecksumAlgorithm: "CRC32",
      ChecksumType: "FULL_OBJECT",
      Tagging: encodeTags(target.tags),
      Metadata: objectMetadata({ partSize }),
    }),
    { abortSignal: signal },
  );
  if (started.UploadId === undefined) throw new Error("S3 started a multipart upload without an id");
  return { id: started.UploadId, fullObject: started.ChecksumType === "FULL_OBJECT" };
}

async function sendPart(
  part: FilledPart,
  uploadId: string,
  target: UploadTarget,
  signal: AbortSignal,
): Promise<CompletedPart> {
  const checksum = encodeCrc32(part.crc);
  const answer = await sendAgain(signal, () =>
    target.client.send(
      new UploadPartCommand({
        Bucket: target.bucket,
        Key: target.key,
        UploadId: uploadId,
        PartNumber: part.number,
        Body: part.bytes,
        ContentLength: part.length,
        ChecksumCRC32: checksum,
      }),
      { abortSignal: signal },
    ),
  );
  return {
    PartNumber: part.number,
    ETag: answer.ETag,
    // A server that keeps no checksum of parts may not know the field either.
    ...(answer.ChecksumCRC32 === undefined ? {} : { ChecksumCRC32: checksum }),
  };
}

async function completeMultipart(
  target: UploadTarget,
  upload: MultipartUpload,
  sent: readonly CompletedPart[],
  size: number,
  digest: FileDigest,
  signal: AbortSignal,
): Promise<void> {
  const complete = new CompleteMultipartUploadCommand({
    Bucket: target.bucket,
    Key: target.key,
    UploadId: upload.id,
    MultipartUpload: { Parts: [...sent] },
    // S3 refuses to complete an object of another size or content than what was read.
    MpuObjectSize: size,
    ...(upload.fullObject ? { ChecksumCRC32: digest.fullCrc32, ChecksumType: "FULL_OBJECT" } : {}),
  });
  try {
    await target.client.send(complete, { abortSignal: signal });
  } catch (error) {
    // The answer to a first attempt got lost, and the second one finds nothing left to complete. Whether the object
    // is there and right is checked by the caller in any case.
    if (errorName(error) !== "NoSuchUpload" || attemptsOf(error) < 2) throw error;
  }
}

/** Not abortable: it is called when something else has gone wrong already. */
async function abortMultipart(target: UploadTarget, uploadId: string): Promise<void> {
  await target.client.send(
    new AbortMultipartUploadCommand({ Bucket: target.bucket, Key: target.key, UploadId: uploadId }),
  );
}

/** Errors that the SDK takes for final although the same bytes sent again may well arrive. */
const DAMAGED_ON_THE_WAY: ReadonlySet<string> = new Set([
  "BadDigest",
  "IncompleteBody",
  "InvalidDigest",
  "RequestTimeout",
  "XAmzContentChecksumMismatch",
]);

function sendAgain<T>(signal: AbortSignal, send: () => Promise<T>): Promise<T> {
  return withRetry(send, {
    signal,
    attempts: PART_ATTEMPTS,
    firstDelayMs: RETRY_DELAY_MS,
    retryable: (error) => DAMAGED_ON_THE_WAY.has(errorName(error)),
  });
}
