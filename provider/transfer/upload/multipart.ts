import { errorName } from "../../../connection/errors/failure.ts";
import type { Tags } from "../../../staging/classes.ts";
import { objectMetadata } from "../../store/object-facts.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { OBJECT_RETRIES, withRetry } from "../../store/retry.ts";
import { findOpenUpload, type OpenUpload } from "./open-uploads.ts";
import { partSizeOf } from "./resume.ts";

export const DATA_CONTENT_TYPE = "application/octet-stream";

export interface UploadTarget {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly key: string;
  /** The object has these tags from its creation, because replication rules read them then. */
  readonly tags: Tags;
  /** @default DATA_CONTENT_TYPE */
  readonly contentType?: string;
}

/** A multipart upload in progress. */
interface MultipartUpload extends OpenUpload {
  readonly partSize: number;
}

/** Resumes the upload of an earlier attempt, or creates one with parts of `usual` bytes. */
export async function resumeOrCreate(
  size: number,
  usual: number,
  target: UploadTarget,
  signal: AbortSignal,
): Promise<MultipartUpload> {
  const open = await findOpenUpload(target, signal);
  // An upload without parts may have metadata for another part size, and metadata cannot change.
  if (open === undefined || open.parts.size === 0) return startMultipart(target, usual, signal);
  const partSize = partSizeOf(open.parts, size, usual);
  if (partSize === undefined) {
    // The source had another size at the earlier attempt, so no part is usable.
    const { store, bucket, key } = target;
    await store.abortUpload({ bucket, key, uploadId: open.id });
    return startMultipart(target, usual, signal);
  }
  return { ...open, partSize };
}

async function startMultipart(
  target: UploadTarget,
  partSize: number,
  signal: AbortSignal,
): Promise<MultipartUpload> {
  const { store, bucket, key, tags, contentType = DATA_CONTENT_TYPE } = target;
  const { uploadId, fullObject } = await store.createUpload(
    {
      ...{ bucket, key, tags, headers: { contentType }, crc32: "FULL_OBJECT" },
      metadata: objectMetadata({ partSize }),
    },
    signal,
  );
  return { id: uploadId, fullObject, parts: new Map(), partSize };
}

/** Errors that the SDK does not retry although a retry of the same bytes may succeed. */
const DAMAGED: ReadonlySet<string> = new Set([
  "BadDigest",
  "IncompleteBody",
  "InvalidDigest",
  "RequestTimeout",
  "XAmzContentChecksumMismatch",
]);

/** Retries a request whose bytes were damaged in transit. The SDK retries transient errors. */
export function resendDamaged<T>(signal: AbortSignal, send: () => Promise<T>): Promise<T> {
  const retryable = (error: unknown): boolean => DAMAGED.has(errorName(error));
  return withRetry(send, { signal, ...OBJECT_RETRIES, retryable });
}
