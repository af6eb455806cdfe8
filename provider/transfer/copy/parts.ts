import { COPIED_PARTS_IN_FLIGHT } from "../../../staging/part-size.ts";
import type { CompletedPart, CopySource, Description, ObjectAddress } from "../../store/object-store.ts";
import { storeOf } from "../../store/store-of.ts";
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
  readonly from: CopySource;
  readonly common: ObjectAddress & Description;
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
  readonly id: string;
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
  const store = storeOf(client);
  const crc32 = algorithm && (fullCrc32Of(job) === undefined ? "COMPOSITE" : "FULL_OBJECT");
  const { uploadId, fullObject } = await store.createUpload({ ...common, crc32 }, options.signal);
  const upload = { id: uploadId, fullObject };

  const parts = partsOf(object.size, partSize);
  const first = parts.next().value;
  if (first === undefined) throw new Error(`an object of ${object.size} bytes is not copied in parts`);
  const { entry, milliseconds } = await copyPart(job, upload, first, options.signal);
  // What passes through this machine is in its memory, so it stays in parts.
  const passes = passesThroughClient({ source: job.source, destination: client });
  const isQuick = job.mayBeWhole && !passes && milliseconds * (object.size / first.length) <= SINGLE_COPY_MS;
  if (isQuick || isMeaningless(entry.crc32, first.length, job)) {
    await store.abortUpload({ bucket: common.bucket, key: common.key, uploadId }, options.signal);
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
  return copied.sort((left, right) => left.number - right.number);
}

/** Copies a part, and tells how long the request took when its turn had come. */
async function copyPart(
  job: PartsJob,
  upload: CopyUpload,
  part: Part,
  signal: AbortSignal,
): Promise<{ readonly entry: CompletedPart; readonly milliseconds: number }> {
  const { from, common, algorithm, destination } = job;
  const { bucket, key } = common;
  const { number, offset, length } = part;
  const input = { bucket, key, uploadId: upload.id, number, source: from, range: { offset, length } };
  let begun = 0;
  const { etag, crc32 } = await turnsFor("copy", bucket).run(
    0,
    () => {
      begun = performance.now();
      const way = { source: job.source, size: job.object.size, destination: destination.client, signal };
      return sendPartCopy(way, input, algorithm);
    },
    signal,
  );
  const milliseconds = performance.now() - begun;
  return { entry: { number, etag, crc32: algorithm && crc32 }, milliseconds };
}

export async function completeCopy(
  job: PartsJob,
  upload: CopyUpload,
  parts: readonly CompletedPart[],
): Promise<void> {
  const { common, object, destination, options } = job;
  const { bucket, key } = common;
  // The source's checksum, which the copy's must equal: S3 refuses to complete anything else.
  const fullCrc32 = upload.fullObject ? fullCrc32Of(job) : undefined;
  const input = { bucket, key, uploadId: upload.id, parts, size: object.size, fullCrc32 };
  await storeOf(destination.client).completeUpload(input, options.signal);
}
