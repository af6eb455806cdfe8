import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { encodeTags, type Tags } from "../../staging/classes.ts";
import { attemptsOf, errorName } from "./aws-errors.ts";
import { forEachParallel } from "./parallel.ts";
import { partSizeFor, partsOf } from "./parts.ts";
import type { ObjectPlace, StoredObject } from "./stored.ts";

/** Copies of parts under way at the same time: the bytes pass between S3's regions, none through here. */
const PARTS_IN_FLIGHT = 16;

const FULL_OBJECT_CRC32 = "CRC32/FULL_OBJECT";

export interface CopyOptions {
  /** Tags of the copy. Without the replicate tags, or its bucket would replicate it again. */
  readonly tags: Tags;
  readonly signal: AbortSignal;
  onBytes(bytes: number): void;
}

/**
 * Copies an object server-side, through the destination's client: its metadata and content type are sent again, and it
 * gets the parts that the source has, so that composite checksums and ETags of equal bytes are equal.
 * The copy is of the source's very version and fails when that is gone. After a failure its parts stay.
 */
export async function copyObject(
  source: { readonly bucket: string; readonly key: string; readonly object: StoredObject },
  destination: ObjectPlace,
  options: CopyOptions,
): Promise<void> {
  const { object } = source;
  const partSize = object.facts?.partSize ?? partSizeFor(object.size);
  const common = {
    Bucket: destination.bucket,
    Key: destination.key,
    ContentType: object.contentType,
    Metadata: object.metadata,
    Tagging: encodeTags(options.tags),
  };
  const from = {
    CopySource: copySource(source.bucket, source.key, object.versionId),
    CopySourceIfMatch: object.etag,
  };
  if (partSize === 0) {
    await destination.client.send(
      new CopyObjectCommand({
        ...common,
        ...from,
        MetadataDirective: "REPLACE",
        TaggingDirective: "REPLACE",
      }),
      { abortSignal: options.signal },
    );
    options.onBytes(object.size);
    return;
  }

  const fullCrc32 = object.checksums.get(FULL_OBJECT_CRC32);
  const started = await destination.client.send(
    new CreateMultipartUploadCommand({
      ...common,
      ChecksumAlgorithm: "CRC32",
      ChecksumType: fullCrc32 === undefined ? "COMPOSITE" : "FULL_OBJECT",
    }),
    { abortSignal: options.signal },
  );
  const upload = { Bucket: destination.bucket, Key: destination.key, UploadId: started.UploadId };
  const copied: CompletedPart[] = [];
  await forEachParallel(
    () => partsOf(object.size, partSize),
    PARTS_IN_FLIGHT,
    options.signal,
    async (part, signal) => {
      const { CopyPartResult } = await destination.client.send(
        new UploadPartCopyCommand({
          ...upload,
          ...from,
          PartNumber: part.number,
          CopySourceRange: `bytes=${part.offset}-${part.offset + part.length - 1}`,
        }),
        { abortSignal: signal },
      );
      copied[part.number - 1] = {
        PartNumber: part.number,
        ETag: CopyPartResult?.ETag,
        ...(CopyPartResult?.ChecksumCRC32 === undefined
          ? {}
          : { ChecksumCRC32: CopyPartResult.ChecksumCRC32 }),
      };
      options.onBytes(part.length);
    },
  );
  const isFullObject = fullCrc32 !== undefined && started.ChecksumType === "FULL_OBJECT";
  const complete = new CompleteMultipartUploadCommand({
    ...upload,
    MultipartUpload: { Parts: copied },
    MpuObjectSize: object.size,
    // The source's checksum, which the destination's must equal: S3 refuses to complete anything else.
    ...(isFullObject ? { ChecksumCRC32: fullCrc32, ChecksumType: "FULL_OBJECT" } : {}),
  });
  try {
    await destination.client.send(complete, { abortSignal: options.signal });
  } catch (error) {
    // The first attempt's answer was lost; the comparison that follows finds out whether it worked.
    if (errorName(error) !== "NoSuchUpload" || attemptsOf(error) < 2) throw error;
  }
}

/** The `x-amz-copy-source` header: every part of the path is URL-encoded, the slashes between them are not. */
export function copySource(bucket: string, key: string, versionId: string | undefined): string {
  const path = [bucket, ...key.split("/")].map(encodeURIComponent).join("/");
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`;
}
