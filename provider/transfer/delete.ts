import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  type _Error as KeyError,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
  type S3Client,
} from "@aws-sdk/client-s3";
import { errorName } from "../../connection/errors/failure.ts";
import { isNoSuchBucket } from "../../connection/errors/kinds.ts";
import { UserError } from "../../staging/errors.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { entryPrefix } from "../../staging/manifest.ts";
import { parseLaunchedSweepId } from "../../staging/sweep/id.ts";
import { logPrefix } from "../../staging/sweep/names.ts";
import { decodeKey } from "../store/listing.ts";
import { withRetry } from "../store/retry.ts";
import { forEachParallel } from "./flow/parallel.ts";

/** DeleteObjects takes at most 1,000. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
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
  let before: string | undefined;
  for (;;) {
    // Always the first page: what it listed is gone the next time, and a marker that names a deleted version is
    // understood differently by different servers.
    const page = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, MaxKeys: BATCH, EncodingType: "url" }),
      { abortSignal: options.signal },
    );
    const versions: ObjectIdentifier[] = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]
      .map(({ Key = "", VersionId }) => ({ Key: decodeKey(Key, page.EncodingType), VersionId }))
      .filter(({ Key }) => only === undefined || Key === only);
    if (versions.length === 0) return;
    const first = `${versions[0]?.Key} ${versions[0]?.VersionId}`;
    // A server that tells a key other than it is would be asked for ever.
    if (first === before) throw notDeleted(bucket, versions[0]?.Key ?? "");
    before = first;
    await deleteTogether(
      client,
      bucket,
      versions.filter(({ Key = "" }) => !NOT_IN_XML.test(Key)),
      options.signal,
    );
    await forEachParallel(
      () => versions.filter(({ Key = "" }) => NOT_IN_XML.test(Key)),
      REQUESTS_IN_FLIGHT,
      options.signal,
      async ({ Key, VersionId }, stop) => {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }), { abortSignal: stop });
      },
    );
    options.onDeleted?.(versions.length);
  }
}

/**
 * Characters that XML 1.0 cannot hold, so that DeleteObjects cannot name a key with them; and the carriage return, which
 * parsers turn into a line feed. https://www.w3.org/TR/xml/#charsets
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_IN_XML = /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/;

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
  client: S3Client,
  bucket: string,
  versions: ObjectIdentifier[],
  signal: AbortSignal,
): Promise<void> {
  if (versions.length === 0) return;
  const refused: KeyError[] = [];
  let left = versions;
  const attempt = async (): Promise<void> => {
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: left, Quiet: true } }),
      { abortSignal: signal },
    );
    const passing = Errors.filter(({ Code = "" }) => PASSING.has(Code));
    refused.push(...Errors.filter((error) => !passing.includes(error)));
    if (passing.length === 0) return;
    const keys = new Set(passing.map(({ Key }) => Key));
    // All versions of the keys: not every server says which one it means.
    left = left.filter(({ Key }) => keys.has(Key));
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
    refused.push(...error.errors);
  }
  if (refused.length === 0) return;
  const named = refused
    .slice(0, NAMED_FAILURES)
    .map(({ Key, Code, Message }) => `${Key} (${Code}: ${Message})`);
  throw new UserError(`${refused.length} of ${versions.length} objects in ${bucket} could not be deleted`, {
    why: named.join("; "),
    fix: "Run the command again; what is deleted already does no harm.",
  });
}

/** Some keys could not be deleted, which may pass. */
class FailedForNow extends Error {
  readonly errors: readonly KeyError[];

  constructor(errors: readonly KeyError[]) {
    super(`${errors.length} keys could not be deleted`);
    this.errors = errors;
  }
}

/** Aborts a multipart upload, unless it is gone already. */
export async function abortUpload(
  client: S3Client,
  upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string | undefined },
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.send(new AbortMultipartUploadCommand(upload), { abortSignal: signal });
  } catch (error) {
    if (errorName(error) !== "NoSuchUpload") throw error;
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
  let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const page = await client.send(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, EncodingType: "url", ...markers }),
      { abortSignal: signal },
    );
    const uploads = (page.Uploads ?? [])
      .map(({ Key = "", UploadId }) => ({ Key: decodeKey(Key, page.EncodingType), UploadId }))
      .filter(({ Key }) => only === undefined || Key === only);
    await forEachParallel(
      () => uploads,
      REQUESTS_IN_FLIGHT,
      signal,
      ({ Key, UploadId }, stop) => abortUpload(client, { Bucket: bucket, Key, UploadId }, stop),
    );
    if (page.IsTruncated !== true) return;
    const next = page.NextKeyMarker;
    markers = {
      KeyMarker: next === undefined ? undefined : decodeKey(next, page.EncodingType),
      UploadIdMarker: page.NextUploadIdMarker,
    };
  }
}
