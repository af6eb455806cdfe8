import { errorName } from "../../../connection/errors/failure.ts";
import { sameDescription } from "../../store/object-headers.ts";
import { storeOf } from "../../store/store-of.ts";
import { partsOf } from "../flow/parts.ts";
import { type OpenUpload, openUploads } from "../upload/open-uploads.ts";
import type { ObjectFacts } from "../verify/object-facts.ts";
import { headObject, type ObjectPlace } from "../verify/stored.ts";
import { completeCopy, copyParts, fullCrc32Of, isMeaningless, type PartsJob } from "./parts.ts";

/** How S3 refuses parts that are not, or not any more, those of the copy. */
const REFUSALS: ReadonlySet<string> = new Set([
  "BadDigest",
  "EntityTooSmall",
  "InvalidPart",
  "InvalidPartOrder",
  "InvalidRequest",
  "NoSuchUpload",
]);

/**
 * Goes on with the copy in parts that an earlier attempt has left, where one fits; where none does, those with parts are
 * aborted, since each would be paid for like an object. What was copied of another version of the source cannot be told by
 * its parts: by the facts in the copy's metadata, which are those of the attempt that began, and by its comparison
 * with the source, which is the caller's.
 * @param jobs in which ways the copy may be made; none: nothing is gone on with
 * @returns whether the copy is made
 */
export async function goOnWithLeft(
  jobs: readonly PartsJob[],
  destination: ObjectPlace,
  signal: AbortSignal,
): Promise<boolean> {
  const left: OpenUpload[] = [];
  for await (const upload of openUploads(destination, signal)) {
    // One without parts costs nothing, and may be another process's that has just begun.
    if (upload.arrived.size > 0) left.push(upload);
  }
  left.sort((one, other) => other.arrived.size - one.arrived.size);
  for (const upload of left) {
    const job = jobs.find((each) => fits(upload, each));
    if (job === undefined) continue;
    if (await goOn(upload, job)) return true;
    await abort(upload, destination, signal);
    return false;
  }
  for (const upload of left) await abort(upload, destination, signal);
  return false;
}

/** Whether all that has arrived may be of this copy, by the sizes and kinds of checksums. */
function fits({ arrived, fullObject }: OpenUpload, job: PartsJob): boolean {
  const { algorithm, object, partSize } = job;
  if (algorithm !== undefined && fullObject && fullCrc32Of(job) === undefined) return false;
  const lengths = new Map([...partsOf(object.size, partSize)].map(({ number, length }) => [number, length]));
  return [...arrived].every(
    ([number, { size, crc32 }]) =>
      size === lengths.get(number) &&
      (crc32 !== undefined) === (algorithm !== undefined) &&
      !isMeaningless(crc32, size, job),
  );
}

/** @returns whether it became the copy; else nothing is counted of it */
async function goOn(upload: OpenUpload, job: PartsJob): Promise<boolean> {
  const { object, destination, options } = job;
  let counted = 0;
  const onBytes = (bytes: number): void => {
    counted += bytes;
    options.onBytes(bytes);
  };
  const forget = (): false => {
    options.onBytes(-counted);
    return false;
  };
  const given = [...upload.arrived].map(([number, { etag, crc32 }]) => ({
    ...{ number, etag: `"${etag}"`, crc32 },
  }));
  const missing = [...partsOf(object.size, job.partSize)].filter(({ number }) => !upload.arrived.has(number));
  onBytes([...upload.arrived.values()].reduce((sum, { size }) => sum + size, 0));
  const counting = { ...job, options: { signal: options.signal, onBytes } };
  try {
    const copied = await copyParts(counting, upload, missing, given);
    await completeCopy(counting, upload, copied);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!REFUSALS.has(errorName(error))) throw error;
    // An upload that is gone may be the copy: another process went on with it, too.
    if (errorName(error) !== "NoSuchUpload") return forget();
  }
  const made = await headObject(destination, options.signal);
  if (made?.size !== object.size || !hasFacts(made.facts, object.facts)) return forget();
  // The metadata are those of the attempt that began: the source's may have changed without its bytes.
  if (!sameDescription(made, object)) return forget();
  options.onBytes(object.size - counted);
  return true;
}

function hasFacts(found: ObjectFacts | undefined, wanted: ObjectFacts | undefined): boolean {
  return (
    found?.partSize === wanted?.partSize &&
    found?.sha256 === wanted?.sha256 &&
    found?.sourceEtag === wanted?.sourceEtag
  );
}

const abort = (
  { id }: OpenUpload,
  { client, bucket, key }: ObjectPlace,
  signal: AbortSignal,
): Promise<void> => storeOf(client).abortUpload({ bucket, key, uploadId: id }, signal);
