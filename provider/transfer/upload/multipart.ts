import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { encodeTags, type Tags } from "../../../staging/classes.ts";
import { attemptsOf, errorName } from "../../store/aws-errors.ts";
import { bodyOf, type FileBody } from "../../store/file-body.ts";
import { late } from "../../store/late-command.ts";
import { withRetry } from "../../store/retry.ts";
import { encodeCrc32 } from "../hash/crc32.ts";
import type { FileDigest } from "../hash/digest.ts";
import type { HashedPart } from "../hash/parts.ts";
import { objectMetadata } from "../verify/object-facts.ts";
import { findOpenUpload, type OpenUpload } from "./open-uploads.ts";
import { partSizeOf } from "./resume.ts";

const PART_ATTEMPTS = 4;
const RETRY_DELAY_MS = 500;

export const DATA_CONTENT_TYPE = "application/octet-stream";

export interface UploadTarget {
  readonly client: S3Client;
  readonly bucket: string;
  readonly key: string;
  /** On the object from its creation: replication by rule looks at them then. */
  readonly tags: Tags;
  /** @default DATA_CONTENT_TYPE */
  readonly contentType?: string;
}

/** A multipart upload that is under way. */
export interface MultipartUpload extends OpenUpload {
  readonly partSize: number;
}

/** The upload that an earlier attempt has left, else a new one in parts of `usual` bytes. */
export async function goOnOrStart(
  size: number,
  usual: number,
  target: UploadTarget,
  signal: AbortSignal,
): Promise<MultipartUpload> {
  const open = await findOpenUpload(target, signal);
  // One without parts may have been meant for parts of another size, which its metadata say for good.
  if (open === undefined || open.arrived.size === 0) return startMultipart(target, usual, signal);
  const partSize = partSizeOf(open.arrived, size, usual);
  if (partSize === undefined) {
    // The source had another size then, and none of the parts is of use any more.
    await abortMultipart(target, open.id);
    return startMultipart(target, usual, signal);
  }
  return { ...open, partSize };
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
      ContentType: target.contentType ?? DATA_CONTENT_TYPE,
      ChecksumAlgorithm: "CRC32",
      ChecksumType: "FULL_OBJECT",
      Tagging: encodeTags(target.tags),
      Metadata: objectMetadata({ partSize }),
    }),
    { abortSignal: signal },
  );
  if (started.UploadId === undefined) throw new Error("S3 started a multipart upload without an id");
  return {
    id: started.UploadId,
    fullObject: started.ChecksumType === "FULL_OBJECT",
    arrived: new Map(),
    partSize,
  };
}

export async function sendPart(
  part: HashedPart,
  body: FileBody,
  uploadId: string,
  target: UploadTarget,
  signal: AbortSignal,
): Promise<CompletedPart> {
  const checksum = encodeCrc32(part.crc);
  const answer = await sendAgain(signal, () =>
    target.client.send(
      late(UploadPartCommand, {
        Bucket: target.bucket,
        Key: target.key,
        UploadId: uploadId,
        PartNumber: part.number,
        Body: bodyOf(body),
        ContentLength: part.length,
        ChecksumCRC32: checksum,
      }),
      { abortSignal: signal },
    ),
  );
  body.arrived();
  return {
    PartNumber: part.number,
    ETag: answer.ETag,
    // A server that keeps no checksum of parts may not know the field either.
    ...(answer.ChecksumCRC32 === undefined ? {} : { ChecksumCRC32: checksum }),
  };
}

export async function completeMultipart(
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
export async function abortMultipart(target: UploadTarget, uploadId: string): Promise<void> {
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

/** Sends a request again whose bytes were damaged on their way; the SDK sees to the errors that it knows to pass. */
export function sendAgain<T>(signal: AbortSignal, send: () => Promise<T>): Promise<T> {
  return withRetry(send, {
    signal,
    attempts: PART_ATTEMPTS,
    firstDelayMs: RETRY_DELAY_MS,
    retryable: (error) => DAMAGED_ON_THE_WAY.has(errorName(error)),
  });
}
