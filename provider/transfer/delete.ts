import { isNoSuchBucket } from "../../connection/errors/kinds.ts";
import { UserError } from "../../staging/errors.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { entryPrefix } from "../../staging/manifest.ts";
import { parseLaunchedSweepId } from "../../staging/sweep/id.ts";
import { logPrefix } from "../../staging/sweep/names.ts";
import { forEachParallel } from "../flow/parallel.ts";
import type { DeletedVersion, DeletionFailure, ObjectStore } from "../store/object-store.ts";
import { withRetry } from "../store/retry.ts";
import { headObject, type ObjectPlace } from "../store/stored-object.ts";

/** S3 lists and deletes at most 1,000 versions in one request. */
const BATCH = 1_000;
const REQUESTS_IN_FLIGHT = 8;
/** The number of keys that an error names. */
const NAMED_FAILURES = 3;

interface DeleteOptions {
  readonly signal: AbortSignal;
  /** Called with the number of object versions and delete markers deleted since the last call. */
  onDeleted?(count: number): void;
}

/**
 * Permanently deletes an entry in one bucket: unfinished uploads, every version, every delete marker. It changes nothing outside
 * the entry's prefix. It succeeds if the bucket does not exist or the prefix is empty.
 * @throws UserError that names keys which could not be deleted
 */
export async function deleteEntry(
  store: ObjectStore,
  bucket: string,
  stagingId: string,
  options: DeleteOptions,
): Promise<void> {
  // An empty or damaged ID would give the prefix of other entries.
  const prefix = entryPrefix(parseStagingId(stagingId));
  try {
    // Abort uploads first: an upload that completes in between is then listed as a version.
    await abortUploads(store, bucket, prefix, options.signal);
    await deleteVersions(store, bucket, prefix, options);
  } catch (error) {
    if (!isNoSuchBucket(error)) throw error;
  }
}

/** Permanently deletes the logs of a sweep in one bucket. @throws UserError that names keys which could not be deleted */
export async function deleteLogs(
  store: ObjectStore,
  bucket: string,
  sweepId: string,
  options: DeleteOptions,
): Promise<void> {
  const prefix = logPrefix(parseLaunchedSweepId(sweepId));
  await abortUploads(store, bucket, prefix, options.signal);
  await deleteVersions(store, bucket, prefix, options);
}

/** Permanently deletes every version of every key of a bucket, before the bucket is deleted. */
export async function emptyBucket(store: ObjectStore, bucket: string, options: DeleteOptions): Promise<void> {
  await deleteVersions(store, bucket, "", options);
}

/**
 * Deletes every version of an object that the entry's source no longer has. It keeps an object of another program.
 * @returns false if another program wrote the object
 */
export async function deleteStale(place: ObjectPlace, signal: AbortSignal): Promise<boolean> {
  const found = await headObject(place, signal);
  if (found === undefined) return true;
  if (found.facts === undefined) return false;
  await deleteVersions(place.store, place.bucket, place.key, { signal }, place.key);
  return true;
}

/** @param only deletes this key alone. It equals the prefix, so listings show it first */
async function deleteVersions(
  store: ObjectStore,
  bucket: string,
  prefix: string,
  options: DeleteOptions,
  only?: string,
): Promise<void> {
  let previous: string | undefined;
  for (;;) {
    // Always list the first page: the loop deletes what it lists. Servers disagree on a marker that names a deleted
    // version.
    const versions = (await firstPage(store, bucket, prefix, options.signal)).filter(
      ({ key }) => only === undefined || key === only,
    );
    const [version] = versions;
    if (version === undefined) return;
    const first = `${version.key} ${version.versionId}`;
    // A server that lists a key in another spelling would cause an endless loop.
    if (first === previous) throw notDeleted(bucket, version.key);
    previous = first;
    await deleteTogether(store, bucket, versions, options.signal);
    options.onDeleted?.(versions.length);
  }
}

async function firstPage(
  store: ObjectStore,
  bucket: string,
  prefix: string,
  signal: AbortSignal,
): Promise<DeletedVersion[]> {
  const page: DeletedVersion[] = [];
  for await (const { key, versionId } of store.listVersions({ bucket, prefix, pageSize: BATCH }, signal)) {
    page.push({ key, versionId });
    if (page.length === BATCH) break;
  }
  return page;
}

function notDeleted(bucket: string, key: string): UserError {
  return new UserError(`${JSON.stringify(key)} in ${bucket} is still listed after its deletion`, {
    why: "The server lists its key in another form than it is stored under.",
    fix: "Delete it with another tool, then run the command again.",
  });
}

/** Transient errors of single keys within a successful response. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const TRANSIENT: ReadonlySet<string> = new Set(["InternalError", "SlowDown", "ServiceUnavailable"]);
const ATTEMPTS = 5;
const RETRY_DELAY_MS = 500;

async function deleteTogether(
  store: ObjectStore,
  bucket: string,
  versions: readonly DeletedVersion[],
  signal: AbortSignal,
): Promise<void> {
  const refused: DeletionFailure[] = [];
  let remaining = versions;
  const attempt = async (): Promise<void> => {
    const failures = await store.deleteVersions(bucket, remaining, signal);
    const transient = failures.filter(({ code }) => TRANSIENT.has(code));
    refused.push(...failures.filter((failure) => !transient.includes(failure)));
    if (transient.length === 0) return;
    const keys = new Set(transient.map(({ key }) => key));
    // Retry all versions of these keys: some servers do not name the version that failed.
    remaining = remaining.filter(({ key }) => keys.has(key));
    throw new TransientFailure(transient);
  };
  try {
    await withRetry(attempt, {
      signal,
      attempts: ATTEMPTS,
      firstDelayMs: RETRY_DELAY_MS,
      retryable: (error) => error instanceof TransientFailure,
    });
  } catch (error) {
    if (!(error instanceof TransientFailure)) throw error;
    refused.push(...error.failures);
  }
  if (refused.length === 0) return;
  const named = refused
    .slice(0, NAMED_FAILURES)
    .map(({ key, code, message }) => `${key} (${code}: ${message})`);
  throw new UserError(`${refused.length} of ${versions.length} objects in ${bucket} could not be deleted`, {
    why: named.join("; "),
    fix: "Run the command again; what is deleted already does no harm.",
  });
}

/** S3 did not delete some keys; a retry may succeed. */
class TransientFailure extends Error {
  readonly failures: readonly DeletionFailure[];

  constructor(failures: readonly DeletionFailure[]) {
    super(`${failures.length} keys could not be deleted`);
    this.failures = failures;
  }
}

/**
 * Aborts the multipart uploads of every key that starts with `prefix`, or of one key.
 * @param only aborts the uploads of this key alone. @default every key with the prefix
 */
export async function abortUploads(
  store: ObjectStore,
  bucket: string,
  prefix: string,
  signal: AbortSignal,
  only?: string,
): Promise<void> {
  const uploads = async function* (stop: AbortSignal) {
    for await (const upload of store.listUploads({ bucket, prefix }, stop)) {
      if (only === undefined || upload.key === only) yield upload;
    }
  };
  await forEachParallel(uploads, REQUESTS_IN_FLIGHT, signal, ({ key, uploadId }, stop) =>
    store.abortUpload({ bucket, key, uploadId }, stop),
  );
}
