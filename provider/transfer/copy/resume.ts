import { isDeepStrictEqual } from "node:util";
import { errorName } from "../../../connection/errors/failure.ts";
import { partsOf } from "../../flow/parts.ts";
import { sameDescription } from "../../store/object-headers.ts";
import type { CompletedPart, CreatedUpload } from "../../store/object-store.ts";
import { headObject, type ObjectPlace, type StoredObject } from "../../store/stored-object.ts";
import { type OpenUpload, openUploads } from "../upload/open-uploads.ts";
import { isMeaningless, type PartsPlan } from "./plan.ts";

/** The errors with which S3 refuses parts that do not belong to the copy. */
const REFUSALS: ReadonlySet<string> = new Set([
  "BadDigest",
  "EntityTooSmall",
  "InvalidPart",
  "InvalidPartOrder",
  "InvalidRequest",
  "NoSuchUpload",
]);

/** A copy that an earlier attempt may have begun. */
interface Resumable {
  readonly object: StoredObject;
  readonly destination: ObjectPlace;
  readonly signal: AbortSignal;
  onBytes(bytes: number): void;
}

/** Copies the parts that an upload lacks, and completes it. */
type CopyRest<Job> = (
  job: Job,
  plan: PartsPlan,
  upload: CreatedUpload,
  given: readonly CompletedPart[],
) => Promise<void>;

/**
 * Resumes the multipart copy of an earlier attempt. If no upload matches, it aborts the uploads with parts, because S3 bills
 * parts like objects. Parts do not show the version of the source that they come from. So this function checks the metadata of
 * the copy, which the earlier attempt wrote, and the caller compares the copy with the source.
 * @param plans the kinds of copies that may be resumed; an empty list resumes nothing
 * @returns whether the copy is complete
 */
export async function resumeCopy<Job extends Resumable>(
  job: Job,
  plans: readonly PartsPlan[],
  copyRest: CopyRest<Job>,
): Promise<boolean> {
  const uploads: OpenUpload[] = [];
  for await (const upload of openUploads(job.destination, job.signal)) {
    // An upload without parts costs nothing. Another process may have just created it.
    if (upload.parts.size > 0) uploads.push(upload);
  }
  uploads.sort((one, other) => other.parts.size - one.parts.size);
  for (const upload of uploads) {
    const plan = plans.find((each) => fits(upload, each, job.object.size));
    if (plan === undefined) continue;
    if (await resume(upload, plan, job, copyRest)) return true;
    await abort(upload, job);
    return false;
  }
  for (const upload of uploads) await abort(upload, job);
  return false;
}

/** Whether all uploaded parts match the part sizes and the checksum type of this copy. */
function fits({ parts, fullObject }: OpenUpload, plan: PartsPlan, size: number): boolean {
  const hasCrc32 = plan.algorithm !== undefined;
  if (hasCrc32 && fullObject && plan.fullCrc32 === undefined) return false;
  const lengths = new Map([...partsOf(size, plan.partSize)].map(({ number, length }) => [number, length]));
  return [...parts].every(
    ([number, part]) =>
      part.size === lengths.get(number) &&
      (part.crc32 !== undefined) === hasCrc32 &&
      !isMeaningless(part.crc32, part.size, plan, size),
  );
}

/** @returns whether the upload became the copy. Otherwise no bytes count as copied */
async function resume<Job extends Resumable>(
  { id, fullObject, parts }: OpenUpload,
  plan: PartsPlan,
  job: Job,
  copyRest: CopyRest<Job>,
): Promise<boolean> {
  const { object, destination, signal } = job;
  let counted = 0;
  const onBytes = (bytes: number): void => {
    counted += bytes;
    job.onBytes(bytes);
  };
  const discard = (): false => {
    job.onBytes(-counted);
    return false;
  };
  const given = [...parts].map(([number, { etag, crc32 }]) => ({ number, etag: `"${etag}"`, crc32 }));
  onBytes([...parts.values()].reduce((sum, { size }) => sum + size, 0));
  try {
    await copyRest({ ...job, onBytes }, plan, { uploadId: id, fullObject }, given);
  } catch (error) {
    signal.throwIfAborted();
    if (!REFUSALS.has(errorName(error))) throw error;
    // Another process may have completed the same upload.
    if (errorName(error) !== "NoSuchUpload") return discard();
  }
  const copy = await headObject(destination, signal);
  if (copy?.size !== object.size || !isDeepStrictEqual(copy.facts, object.facts)) return discard();
  // The source's metadata may have changed without its bytes since the earlier attempt wrote these.
  if (!sameDescription(copy, object)) return discard();
  job.onBytes(object.size - counted);
  return true;
}

const abort = ({ id }: OpenUpload, { destination, signal }: Resumable): Promise<void> => {
  const { store, bucket, key } = destination;
  return store.abortUpload({ bucket, key, uploadId: id }, signal);
};
