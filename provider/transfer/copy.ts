import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { encodeTags, type Tags } from "../../staging/classes.ts";
import { attemptsOf, errorName } from "./aws-errors.ts";
import { forEachParallel } from "./parallel.ts";
import { type Part, partSizeFor, partsOf } from "./parts.ts";
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

  const job: PartsJob = { object, from, common, destination, partSize, options };
  if (!(await copyInParts(job, "CRC32"))) await copyInParts(job, undefined);
}

interface PartsJob {
  readonly object: StoredObject;
  readonly from: { readonly CopySource: string; readonly CopySourceIfMatch: string };
  readonly common: {
    readonly Bucket: string;
    readonly Key: string;
    readonly ContentType: string | undefined;
    readonly Metadata: Record<string, string>;
    readonly Tagging: string;
  };
  readonly destination: ObjectPlace;
  readonly partSize: number;
  readonly options: CopyOptions;
}

/**
 * @param algorithm of the parts' checksums; without it the ETags are compared afterwards
 * @returns false when the server's checksums of copied parts mean nothing, with nothing left of the attempt
 */
async function copyInParts(job: PartsJob, algorithm: "CRC32" | undefined): Promise<boolean> {
  const { object, from, common, partSize, options } = job;
  const { client } = job.destination;
  const fullCrc32 = algorithm && object.checksums.get(FULL_OBJECT_CRC32);
  const started = await client.send(
    new CreateMultipartUploadCommand({
      ...common,
      ...(algorithm === undefined
        ? {}
        : {
            ChecksumAlgorithm: algorithm,
            ChecksumType: fullCrc32 === undefined ? "COMPOSITE" : "FULL_OBJECT",
          }),
    }),
    { abortSignal: options.signal },
  );
  const upload = { Bucket: common.Bucket, Key: common.Key, UploadId: started.UploadId };
  const copied: CompletedPart[] = [];
  const copyPart = async (part: Part, signal: AbortSignal): Promise<void> => {
    const { CopyPartResult } = await client.send(
      new UploadPartCopyCommand({
        ...upload,
        ...from,
        PartNumber: part.number,
        CopySourceRange: `bytes=${part.offset}-${part.offset + part.length - 1}`,
      }),
      { abortSignal: signal },
    );
    const crc32 = algorithm && CopyPartResult?.ChecksumCRC32;
    copied[part.number - 1] = {
      PartNumber: part.number,
      ETag: CopyPartResult?.ETag,
      ...(crc32 === undefined ? {} : { ChecksumCRC32: crc32 }),
    };
  };

  const parts = partsOf(object.size, partSize);
  const first = parts.next().value;
  if (first === undefined) throw new Error(`an object of ${object.size} bytes is not copied in parts`);
  await copyPart(first, options.signal);
  // versitygw up to 1.8.0 gives each part the whole source's checksum, and would refuse what they make together.
  if (fullCrc32 !== undefined && copied[0]?.ChecksumCRC32 === fullCrc32 && first.length < object.size) {
    await client.send(new AbortMultipartUploadCommand(upload), { abortSignal: options.signal });
    return false;
  }
  options.onBytes(first.length);
  await forEachParallel(
    () => parts,
    PARTS_IN_FLIGHT,
    options.signal,
    async (part, signal) => {
      await copyPart(part, signal);
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
    await client.send(complete, { abortSignal: options.signal });
  } catch (error) {
    // The first attempt's answer was lost; the comparison that follows finds out whether it worked.
    if (errorName(error) !== "NoSuchUpload" || attemptsOf(error) < 2) throw error;
  }
  return true;
}

/** The `x-amz-copy-source` header: every part of the path is URL-encoded, the slashes between them are not. */
export function copySource(bucket: string, key: string, versionId: string | undefined): string {
  const path = [bucket, ...key.split("/")].map(encodeURIComponent).join("/");
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`;
}
