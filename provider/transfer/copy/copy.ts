import type { Tags } from "../../../staging/classes.ts";
import { COPIED_PARTS_IN_FLIGHT } from "../../../staging/part-size.ts";
import { forEachParallel } from "../../flow/parallel.ts";
import { type Part, partsOf } from "../../flow/parts.ts";
import { mailSafe } from "../../store/object-headers.ts";
import type {
  CompletedPart,
  CopyInput,
  CopySource,
  CreatedUpload,
  Description,
  WrittenObject,
} from "../../store/object-store.ts";
import type { ObjectPlace, StoredObject } from "../../store/stored-object.ts";
import type { DataPlane } from "../data-plane.ts";
import { readDescription } from "./pass-through.ts";
import { isMeaningless, ownPartSize, type PartsPlan, planParts } from "./plan.ts";
import { resumeCopy } from "./resume.ts";

/** Without usable checksums of parts, one request copies an object if the throughput of its first part promises to finish within this time. */
const SINGLE_COPY_MS = 5_000;

/** A version of an object. Its ETag pins it; a version ID needs the permission s3:GetObjectVersion. */
type Version = Pick<StoredObject, "size" | "etag"> & Pick<CopySource, "versionId">;

interface Copy {
  readonly plane: DataPlane;
  readonly source: ObjectPlace;
  /** The only version of the source that the copy may read. */
  readonly object: Version;
  readonly destination: ObjectPlace;
  /** Tags of the copy, without replicate tags: with them its bucket would replicate it again. */
  readonly tags: Tags;
  readonly signal: AbortSignal;
}

export interface CopyJob extends Copy {
  /** Its headers and metadata are those of the copy. */
  readonly object: StoredObject;
  /** The checksum that S3 computes for an object that is not in parts. @default the one that the source has */
  readonly checksum?: CopyInput["checksum"];
  /** Whether to keep the source's part boundaries even if it has a full-object checksum. @default false */
  readonly keepParts?: boolean;
  /**
   * Whether the caller compares the copy with its source in any case. Otherwise the copy does not resume parts of an earlier
   * attempt.
   * @default true
   */
  readonly isCompared?: boolean;
  onBytes(bytes: number): void;
}

/**
 * Copies an object server-side with the destination's client. If the server has a full-object checksum, the copy uses few large
 * parts, and its checksum must match. Otherwise the copy keeps the source's part boundaries, so that composite checksums and
 * ETags of equal bytes match.
 * The copy reads exactly one version of the source and fails if that version no longer exists. After a failure the copied parts
 * stay, and the next attempt copies only the missing parts.
 */
export async function copyObject(job: CopyJob): Promise<void> {
  const { object, keepParts = false, isCompared = true } = job;
  const copyAtOnce = async (): Promise<void> => {
    const checksum = ownPartSize(object) > 0 ? "CRC32" : job.checksum;
    await copyWhole(job, { description: descriptionOf(object), checksum });
    job.onBytes(object.size);
  };
  const plans = planParts(object, keepParts);
  if (plans.length === 0) return copyAtOnce();
  // `keepParts` follows a mismatch, so parts of earlier attempts are not trusted.
  if (await resumeCopy(job, isCompared && !keepParts ? plans : [], copyRest)) return;
  const [checked, unchecked] = plans;
  const outcome = await copyInParts(job, checked);
  if (outcome === "one request") await copyAtOnce();
  else if (outcome === "no checksums") await copyInParts(job, unchecked);
}

/** Copies an object with one request. Without a description, the copy keeps the source's headers and metadata. */
export function copyWhole(
  { plane, source, object, destination, tags, signal }: Copy,
  { description, checksum }: Pick<CopyInput, "description" | "checksum"> = {},
): Promise<WrittenObject> {
  const { store, bucket, key } = destination;
  const from = sourceOf(source, object);
  const range = { source, etag: object.etag, offset: 0, length: object.size };
  let kept = description;
  const copy = () =>
    plane.passThrough.copy(
      { ...range, destination: store, algorithm: checksum ?? "CRC32" },
      () => store.copy({ bucket, key, source: from, description, tags, checksum }, signal),
      async (bytes) => {
        kept ??= await readDescription(source, object.etag, signal);
        return store.put({ bucket, key, ...kept, tags, ...bytes }, signal);
      },
      signal,
    );
  return plane.limiters.of("copy", bucket).run(0, copy, signal);
}

/**
 * Copies an object in parts.
 * @returns if the server's checksums of parts are unusable, how to copy the object instead. It has aborted the multipart upload
 */
async function copyInParts(job: CopyJob, plan: PartsPlan): Promise<"done" | "no checksums" | "one request"> {
  const { plane, source, object, destination, tags, signal } = job;
  const { store, bucket, key } = destination;
  const crc32 = plan.algorithm && (plan.fullCrc32 === undefined ? "COMPOSITE" : "FULL_OBJECT");
  const upload = await store.createUpload({ bucket, key, ...descriptionOf(object), tags, crc32 }, signal);

  const first = partsOf(object.size, plan.partSize).next().value;
  if (first === undefined) throw new Error(`an object of ${object.size} bytes is not copied in parts`);
  const { entry, milliseconds } = await copyPart(job, plan, upload, first, signal);
  // Bytes that pass through this machine are in its memory, so they stay in parts.
  const mayBeWhole = plan.mayBeWhole && !plane.passThrough.has(source.store, store);
  const isQuick = mayBeWhole && milliseconds * (object.size / first.length) <= SINGLE_COPY_MS;
  const isWrong = isMeaningless(entry.crc32, first.length, plan, object.size);
  if (isWrong || (isQuick && !upload.fullObject)) {
    await store.abortUpload({ bucket, key, uploadId: upload.uploadId }, signal);
    return isQuick ? "one request" : "no checksums";
  }
  job.onBytes(first.length);
  await copyRest(job, plan, upload, [entry]);
  return "done";
}

/** Copies the parts that a multipart upload lacks, and completes it. @param given the entries of the parts that it has */
async function copyRest(
  job: CopyJob,
  plan: PartsPlan,
  upload: CreatedUpload,
  given: readonly CompletedPart[],
): Promise<void> {
  const { object, destination } = job;
  const { store, bucket, key } = destination;
  const { uploadId, fullObject } = upload;
  const known = new Set(given.map(({ number }) => number));
  const missing = [...partsOf(object.size, plan.partSize)].filter(({ number }) => !known.has(number));
  const parts = [...given];
  await forEachParallel(
    () => missing,
    COPIED_PARTS_IN_FLIGHT,
    job.signal,
    async (part, signal) => {
      parts.push((await copyPart(job, plan, upload, part, signal)).entry);
      job.onBytes(part.length);
    },
  );
  parts.sort((left, right) => left.number - right.number);
  // S3 refuses the completion if the copy's checksum differs from the source's.
  const fullCrc32 = fullObject ? plan.fullCrc32 : undefined;
  await store.completeUpload({ bucket, key, uploadId, parts, size: object.size, fullCrc32 }, job.signal);
}

/** Copies a part, and measures the request without the wait for the limiter. */
async function copyPart(
  { plane, source, object, destination }: CopyJob,
  { algorithm }: PartsPlan,
  { uploadId }: CreatedUpload,
  { number, offset, length }: Part,
  signal: AbortSignal,
): Promise<{ readonly entry: CompletedPart; readonly milliseconds: number }> {
  const { store, bucket, key } = destination;
  const part = { bucket, key, uploadId, number };
  const input = { ...part, source: sourceOf(source, object), range: { offset, length } };
  let begun = 0;
  const copy = () => {
    begun = performance.now();
    return plane.passThrough.copy(
      { source, etag: object.etag, offset, length, destination: store, algorithm },
      () => store.copyPart(input, signal),
      (bytes) => store.uploadPart({ ...part, ...bytes }, signal),
      signal,
    );
  };
  const { etag, crc32 } = await plane.limiters.of("copy", bucket).run(0, copy, signal);
  const milliseconds = performance.now() - begun;
  return { entry: { number, etag, crc32: algorithm && crc32 }, milliseconds };
}

/** The source of a copy request, with the payer of the request and the expected owner of the bucket. */
const sourceOf = (
  { bucket, key, requestPayer, anyOwner }: ObjectPlace,
  { versionId, etag }: Version,
): CopySource => ({ bucket, key, requestPayer, anyOwner, versionId, ifMatch: etag });

const descriptionOf = ({ headers, metadata }: StoredObject): Omit<Description, "tags"> => ({
  headers,
  metadata: mailSafe(metadata),
});
