import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { encodeTags, type Tags } from "../../staging/classes.ts";
import { GIB, MIB } from "../../staging/units.ts";
import { attemptsOf, errorName } from "./aws-errors.ts";
import { late } from "./late-command.ts";
import { forEachParallel } from "./parallel.ts";
import { type Part, partSizeFor, partsOf } from "./parts.ts";
import type { ObjectPlace, StoredObject } from "./stored.ts";
import { turnsFor } from "./turns.ts";

/** Copies of parts under way at the same time: the bytes pass between S3's regions, none through here. */
const PARTS_IN_FLIGHT = 16;

/**
 * Bytes of a copied part, where parts may be other than the source's: few requests for large objects, and more than
 * {@link PARTS_IN_FLIGHT} parts as early as possible.
 */
const SMALLEST_PART = 64 * MIB;
const LARGEST_PART = 256 * MIB;

/** CopyObject takes no more. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const MAX_SINGLE_BYTES = 5 * GIB;

/** A copy that one request ends within that time, by the pace of the first part, is made by one request. */
const SINGLE_COPY_MS = 5_000;

const FULL_OBJECT_CRC32 = "CRC32/FULL_OBJECT";

export interface CopyOptions {
  /** Tags of the copy. Without the replicate tags, or its bucket would replicate it again. */
  readonly tags: Tags;
  /** Whether the copy gets the source's parts, whatever its checksums are. @default false */
  readonly keepParts?: boolean;
  readonly signal: AbortSignal;
  onBytes(bytes: number): void;
}

/**
 * Copies an object server-side, through the destination's client: its metadata and content type are sent again. Where the
 * server has a checksum of the whole object, the copy's is compared with it, and the parts are few and large. Else the copy
 * gets the parts that the source has, so that composite checksums and ETags of equal bytes are equal.
 * The copy is of the source's very version and fails when that is gone. After a failure its parts stay.
 */
export async function copyObject(
  source: { readonly bucket: string; readonly key: string; readonly object: StoredObject },
  destination: ObjectPlace,
  options: CopyOptions,
): Promise<void> {
  const { object } = source;
  const sourcePartSize = object.facts?.partSize ?? partSizeFor(object.size);
  const hasFullChecksum = object.checksums.has(FULL_OBJECT_CRC32) && options.keepParts !== true;
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
  const copyWhole = async (): Promise<void> => {
    const command = late(CopyObjectCommand, {
      ...common,
      ...from,
      ...(sourcePartSize > 0 ? { ChecksumAlgorithm: "CRC32" } : {}),
      MetadataDirective: "REPLACE",
      TaggingDirective: "REPLACE",
    });
    const { client, bucket } = destination;
    const { signal } = options;
    await turnsFor("copy", bucket).run(0, () => client.send(command, { abortSignal: signal }), signal);
    options.onBytes(object.size);
  };
  if (sourcePartSize === 0 || (hasFullChecksum && object.size <= SMALLEST_PART)) return copyWhole();

  const job = { object, from, common, destination, options };
  const outcome = await copyInParts({
    ...job,
    algorithm: "CRC32",
    partSize: hasFullChecksum ? copiedPartSize(object.size, sourcePartSize) : sourcePartSize,
    mayBeWhole: hasFullChecksum && object.size <= MAX_SINGLE_BYTES,
  });
  if (outcome === "quick") await copyWhole();
  else if (outcome === "no checksums") {
    await copyInParts({ ...job, algorithm: undefined, partSize: sourcePartSize, mayBeWhole: false });
  }
}

/** Bytes of each part but the last, for a copy that need not have its source's parts. */
export function copiedPartSize(size: number, sourcePartSize: number): number {
  const wanted = Math.ceil(size / (4 * PARTS_IN_FLIGHT) / MIB) * MIB;
  return Math.max(SMALLEST_PART, Math.min(wanted, LARGEST_PART), sourcePartSize);
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
  readonly options: CopyOptions;
  /** Of the parts' checksums; without it the ETags are compared afterwards. */
  readonly algorithm: "CRC32" | undefined;
  readonly partSize: number;
  /** Whether to look after the first part if one request would do. */
  readonly mayBeWhole: boolean;
}

/**
 * @returns what else to do, with nothing left of the attempt: the server's checksums of copied parts mean nothing, or it is
 * so quick that one request is better
 */
async function copyInParts(job: PartsJob): Promise<"done" | "no checksums" | "quick"> {
  const { object, from, common, algorithm, partSize, options } = job;
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
  let copyBegun = 0;
  const copyPart = async (part: Part, signal: AbortSignal): Promise<void> => {
    const command = new UploadPartCopyCommand({
      ...upload,
      ...from,
      PartNumber: part.number,
      CopySourceRange: `bytes=${part.offset}-${part.offset + part.length - 1}`,
    });
    const { CopyPartResult } = await turnsFor("copy", common.Bucket).run(
      0,
      () => {
        copyBegun = performance.now();
        return client.send(command, { abortSignal: signal });
      },
      signal,
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
  const expected = (performance.now() - copyBegun) * (object.size / first.length);
  const isQuick = job.mayBeWhole && expected <= SINGLE_COPY_MS;
  // versitygw up to 1.8.0 gives each part the whole source's checksum, and would refuse what they make together.
  const isMeaningless =
    fullCrc32 !== undefined && copied[0]?.ChecksumCRC32 === fullCrc32 && first.length < object.size;
  if (isQuick || isMeaningless) {
    await client.send(new AbortMultipartUploadCommand(upload), { abortSignal: options.signal });
    return isQuick ? "quick" : "no checksums";
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
  return "done";
}

/** The `x-amz-copy-source` header: every part of the path is URL-encoded, the slashes between them are not. */
export function copySource(bucket: string, key: string, versionId: string | undefined): string {
  const path = [bucket, ...key.split("/")].map(encodeURIComponent).join("/");
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`;
}
