import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { COPIED_PARTS_IN_FLIGHT } from "../../../staging/part-size.ts";
import { attemptsOf, errorName } from "../../store/aws-errors.ts";
import { copiedFrom } from "../../store/expected-owner.ts";
import type { ObjectHeaders } from "../../store/object-headers.ts";
import { turnsFor } from "../flow/limiters.ts";
import { forEachParallel } from "../flow/parallel.ts";
import { type Part, partsOf } from "../flow/parts.ts";
import type { ObjectPlace, StoredObject } from "../verify/stored.ts";
import { passesThroughClient, sendPartCopy } from "./through-client.ts";

/** A copy that one request ends within that time, by the pace of the first part, is made by one request. */
const SINGLE_COPY_MS = 5_000;

export const FULL_OBJECT_CRC32 = "CRC32/FULL_OBJECT";

/** A copy in parts. */
export interface PartsJob {
  readonly source: ObjectPlace;
  readonly object: StoredObject;
  readonly from: {
    readonly CopySource: string;
    readonly CopySourceIfMatch: string;
    readonly RequestPayer?: "requester";
  };
  readonly common: ObjectHeaders & {
    readonly Bucket: string;
    readonly Key: string;
    readonly Metadata: Record<string, string>;
    readonly Tagging: string;
  };
  readonly destination: ObjectPlace;
  readonly options: { readonly signal: AbortSignal; onBytes(bytes: number): void };
  /** Of the parts' checksums; without it the ETags are compared afterwards. */
  readonly algorithm: "CRC32" | undefined;
  readonly partSize: number;
  /** Whether to look after the first part if one request would do. */
  readonly mayBeWhole: boolean;
}

/** The multipart upload in which a copy is made. */
export interface CopyUpload {
  readonly id: string | undefined;
  /** Whether the server keeps a checksum of the whole object. */
  readonly fullObject: boolean;
}

/** The checksum that the whole copy must have; undefined where the server has none of the source, or none is asked for. */
export const fullCrc32Of = ({ algorithm, object }: PartsJob): string | undefined =>
  algorithm && object.checksums.get(FULL_OBJECT_CRC32);

/**
 * versitygw up to 1.8.0 gives each part the whole source's checksum, and would refuse what they make together.
 * @param crc32 of a part of `length` bytes
 */
export const isMeaningless = (crc32: string | undefined, length: number, job: PartsJob): boolean =>
  crc32 !== undefined && crc32 === fullCrc32Of(job) && length < job.object.size;

/**
 * @returns what else to do, with nothing left of the attempt: the server's checksums of copied parts mean nothing, or it is
 * so quick that one request is better
 */
export async function copyInParts(job: PartsJob): Promise<"done" | "no checksums" | "quick"> {
  const { object, common, algorithm, partSize, options } = job;
  const { client } = job.destination;
  const started = await client.send(
    new CreateMultipartUploadCommand({
      ...common,
      ...(algorithm === undefined
        ? {}
        : {
            ChecksumAlgorithm: algorithm,
            ChecksumType: fullCrc32Of(job) === undefined ? "COMPOSITE" : "FULL_OBJECT",
          }),
    }),
    { abortSignal: options.signal },
  );
  const upload = { id: started.UploadId, fullObject: started.ChecksumType === "FULL_OBJECT" };

  const parts = partsOf(object.size, partSize);
  const first = parts.next().value;
  if (first === undefined) throw new Error(`an object of ${object.size} bytes is not copied in parts`);
  const { entry, milliseconds } = await copyPart(job, upload, first, options.signal);
  // What passes through this machine is in its memory, so it stays in parts.
  const passes = passesThroughClient({ source: job.source, destination: client });
  const isQuick = job.mayBeWhole && !passes && milliseconds * (object.size / first.length) <= SINGLE_COPY_MS;
  if (isQuick || isMeaningless(entry.ChecksumCRC32, first.length, job)) {
    await client.send(
      new AbortMultipartUploadCommand({ Bucket: common.Bucket, Key: common.Key, UploadId: upload.id }),
      { abortSignal: options.signal },
    );
    return isQuick ? "quick" : "no checksums";
  }
  options.onBytes(first.length);
  const copied = await copyParts(job, upload, parts, [entry]);
  await completeCopy(job, upload, copied);
  return "done";
}

/** @returns the entries for the completion: those given, and those of `parts`, in order */
export async function copyParts(
  job: PartsJob,
  upload: CopyUpload,
  parts: Iterable<Part>,
  given: readonly CompletedPart[],
): Promise<CompletedPart[]> {
  const copied = [...given];
  await forEachParallel(
    () => parts,
    COPIED_PARTS_IN_FLIGHT,
    job.options.signal,
    async (part, signal) => {
      copied.push((await copyPart(job, upload, part, signal)).entry);
      job.options.onBytes(part.length);
    },
  );
  return copied.sort((left, right) => (left.PartNumber ?? 0) - (right.PartNumber ?? 0));
}

/** Copies a part, and tells how long the request took when its turn had come. */
async function copyPart(
  job: PartsJob,
  upload: CopyUpload,
  part: Part,
  signal: AbortSignal,
): Promise<{ readonly entry: CompletedPart; readonly milliseconds: number }> {
  const { from, common, algorithm, destination } = job;
  const input = {
    ...{ Bucket: common.Bucket, Key: common.Key, UploadId: upload.id },
    ...from,
    PartNumber: part.number,
    CopySourceRange: `bytes=${part.offset}-${part.offset + part.length - 1}`,
  };
  const command = copiedFrom(job.source, new UploadPartCopyCommand(input));
  let begun = 0;
  const { CopyPartResult } = await turnsFor("copy", common.Bucket).run(
    0,
    () => {
      begun = performance.now();
      const way = { source: job.source, size: job.object.size, destination: destination.client, signal };
      return sendPartCopy(way, part, command, algorithm);
    },
    signal,
  );
  const milliseconds = performance.now() - begun;
  const crc32 = algorithm && CopyPartResult?.ChecksumCRC32;
  const entry = {
    PartNumber: part.number,
    ETag: CopyPartResult?.ETag,
    ...(crc32 === undefined ? {} : { ChecksumCRC32: crc32 }),
  };
  return { entry, milliseconds };
}

export async function completeCopy(
  job: PartsJob,
  upload: CopyUpload,
  copied: CompletedPart[],
): Promise<void> {
  const { common, object, destination, options } = job;
  const fullCrc32 = upload.fullObject ? fullCrc32Of(job) : undefined;
  const complete = new CompleteMultipartUploadCommand({
    ...{ Bucket: common.Bucket, Key: common.Key, UploadId: upload.id },
    MultipartUpload: { Parts: copied },
    MpuObjectSize: object.size,
    // The source's checksum, which the destination's must equal: S3 refuses to complete anything else.
    ...(fullCrc32 === undefined ? {} : { ChecksumCRC32: fullCrc32, ChecksumType: "FULL_OBJECT" }),
  });
  try {
    await destination.client.send(complete, { abortSignal: options.signal });
  } catch (error) {
    // The first attempt's answer was lost; the comparison that follows finds out whether it worked.
    if (errorName(error) !== "NoSuchUpload" || attemptsOf(error) < 2) throw error;
  }
}
