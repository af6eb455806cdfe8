import type { S3Client } from "@aws-sdk/client-s3";
import { errorName } from "../../../connection/errors/failure.ts";
import type { Tags } from "../../../staging/classes.ts";
import type { FileBody } from "../../store/file-body.ts";
import type { CompletedPart } from "../../store/object-store.ts";
import { withRetry } from "../../store/retry.ts";
import { storeOf } from "../../store/store-of.ts";
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
  const { client, bucket, key, tags, contentType = DATA_CONTENT_TYPE } = target;
  const { uploadId, fullObject } = await storeOf(client).createUpload(
    {
      ...{ bucket, key, tags, headers: { contentType }, crc32: "FULL_OBJECT" },
      metadata: objectMetadata({ partSize }),
    },
    signal,
  );
  return { id: uploadId, fullObject, arrived: new Map(), partSize };
}

export async function sendPart(
  part: HashedPart,
  body: FileBody,
  uploadId: string,
  { client, bucket, key }: UploadTarget,
  signal: AbortSignal,
): Promise<CompletedPart> {
  const crc32 = encodeCrc32(part.crc);
  const { number } = part;
  const upload = { bucket, key, uploadId };
  const written = await sendAgain(signal, () =>
    storeOf(client).uploadPart({ ...upload, number, body, checksum: { crc32 } }, signal),
  );
  body.arrived();
  // A server that answers no checksum of a part keeps none to complete the upload with.
  return { number, etag: written.etag, crc32: written.crc32 && crc32 };
}

export async function completeMultipart(
  { client, bucket, key }: UploadTarget,
  upload: MultipartUpload,
  parts: readonly CompletedPart[],
  size: number,
  digest: FileDigest,
  signal: AbortSignal,
): Promise<void> {
  const fullCrc32 = upload.fullObject ? digest.fullCrc32 : undefined;
  const input = { bucket, key, uploadId: upload.id, parts, size, fullCrc32 };
  await storeOf(client).completeUpload(input, signal);
}

/** Not abortable: it is called when something else has gone wrong already. */
export const abortMultipart = ({ client, bucket, key }: UploadTarget, uploadId: string): Promise<void> =>
  storeOf(client).abortUpload({ bucket, key, uploadId });

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
