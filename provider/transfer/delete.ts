import type { S3Client } from "@aws-sdk/client-s3";
import { isNoSuchBucket } from "../../connection/errors/kinds.ts";
import { UserError } from "../../staging/errors.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { entryPrefix } from "../../staging/manifest.ts";
import { parseLaunchedSweepId } from "../../staging/sweep/id.ts";
import { logPrefix } from "../../staging/sweep/names.ts";
import type { DeletedVersion, DeletionFailure, ObjectStore } from "../store/object-store.ts";
import { withRetry } from "../store/retry.ts";
import { storeOf } from "../store/store-of.ts";
import { forEachParallel } from "./flow/parallel.ts";

/** S3 lists and deletes at most 1,000 in one request. */
const BATCH = 1_000;
const REQUESTS_IN_FLIGHT = 8;
/** How many keys an error names. */
const NAMED_FAILURES = 3;

export interface DeleteOptions {
  readonly signal: AbortSignal;
  /** Called with the object versions and delete markers gone since the last call. */
  onDeleted?(count: number): void;
}

/**
 * Deletes everything of an entry in one bucket, for good: unfinished uploads, every version, every delete marker.
 * Nothing outside the entry's prefix is touched. A bucket that is gone is fine, and so is nothing to delete.
 * @throws UserError that names keys which could not be deleted
 */
export async function deleteEntry(
  client: S3Client,
  bucket: string,
  stagingId: string,
  options: DeleteOptions,
): Promise<void> {
  // An empty or damaged id would make the prefix that of other entries.
  const prefix = entryPrefix(parseStagingId(stagingId));
  try {
    // First the uploads: one that is completed meanwhile is a version afterwards.
    await abortUploads(client, bucket, prefix, options.signal);
    await deleteVersions(client, bucket, prefix, options);
  } catch (error) {
    if (!isNoSuchBucket(error)) throw error;
  }
}

/** The same for the logs of a sweep. */
export async function deleteLogs(
  client: S3Client,
  bucket: string,
  sweepId: string,
  options: DeleteOptions,
): Promise<void> {
  const prefix = logPrefix(parseLaunchedSweepId(sweepId));
  await abortUploads(client, bucket, prefix, options.signal);
  await deleteVersions(client, bucket, prefix, options);
}

/** Deletes every version of every key of a bucket, for good: before the bucket itself goes. */
export async function emptyBucket(client: S3Client, bucket: string, options: DeleteOptions): Promise<void> {
  await deleteVersions(client, bucket, "", options);
}

/** Deletes every version of one key, for good. */
export async function deleteKey(
  client: S3Client,
  bucket: string,
  key: string,
  options: DeleteOptions,
): Promise<void> {
  await deleteVersions(client, bucket, key, options, key);
}

/** @param only of the prefix, the one key to delete, which is listed first */
async function deleteVersions(
  client: S3Client,
  bucket: string,
  prefix: string,
  options: DeleteOptions,
  only?: string,
): Promise<void> {
  const store = storeOf(client);
  let before: string | undefined;
  for (;;) {
    // Always the first page: what it listed is gone the next time, and a marker that names a deleted version is
    // understood differently by different servers.
    const versions = (await firstPage(store, bucket, prefix, options.signal)).filter(
      ({ key }) => only === undefined || key === only,
    );
    const [version] = versions;
    if (version === undefined) return;
    const first = `${version.key} ${version.versionId}`;
    // A server that tells a key other than it is would be asked for ever.
    if (first === before) throw notDeleted(bucket, version.key);
    before = first;
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

/** What S3 says of a key within an answer of success, and that passes. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const PASSING: ReadonlySet<string> = new Set(["InternalError", "SlowDown", "ServiceUnavailable"]);
const ATTEMPTS = 5;
const RETRY_DELAY_MS = 500;

async function deleteTogether(
  store: ObjectStore,
  bucket: string,
  versions: readonly DeletedVersion[],
  signal: AbortSignal,
): Promise<void> {
  const refused: DeletionFailure[] = [];
  let left = versions;
  const attempt = async (): Promise<void> => {
    const failures = await store.deleteVersions(bucket, left, signal);
    const passing = failures.filter(({ code }) => PASSING.has(code));
    refused.push(...failures.filter((failure) => !passing.includes(failure)));
    if (passing.length === 0) return;
    const keys = new Set(passing.map(({ key }) => key));
    // All versions of the keys: not every server says which one it means.
    left = left.filter(({ key }) => keys.has(key));
    throw new FailedForNow(passing);
  };
  try {
    await withRetry(attempt, {
      signal,
      attempts: ATTEMPTS,
      firstDelayMs: RETRY_DELAY_MS,
      retryable: (error) => error instanceof FailedForNow,
    });
  } catch (error) {
    if (!(error instanceof FailedForNow)) throw error;
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

/** Some keys could not be deleted, which may pass. */
class FailedForNow extends Error {
  readonly failures: readonly DeletionFailure[];

  constructor(failures: readonly DeletionFailure[]) {
    super(`${failures.length} keys could not be deleted`);
    this.failures = failures;
  }
}

/**
 * Aborts the multipart uploads of one key, or of every key that starts with `prefix`.
 * @param only the key; undefined: all of the prefix
 */
export async function abortUploads(
  client: S3Client,
  bucket: string,
  prefix: string,
  signal: AbortSignal,
  only?: string,
): Promise<void> {
  const store = storeOf(client);
  const uploads = async function* (stop: AbortSignal) {
    for await (const upload of store.listUploads({ bucket, prefix }, stop)) {
      if (only === undefined || upload.key === only) yield upload;
    }
  };
  await forEachParallel(uploads, REQUESTS_IN_FLIGHT, signal, ({ key, uploadId }, stop) =>
    store.abortUpload({ bucket, key, uploadId }, stop),
  );
}
