import { HeadBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { headersOf } from "../../../connection/errors/failure.ts";
import { isDenied, isNotFound } from "../../../connection/errors/kinds.ts";
import { InputError } from "../../../staging/errors.ts";
import { type Exclusion, exclusionOf, refuseNothingLeft } from "../../../staging/exclude.ts";
import { refuseControlCharacters } from "../../../staging/filename.ts";
import { SAMPLE_ID } from "../../../staging/ids.ts";
import { entryPrefix, MANIFEST_NAME, objectKey } from "../../../staging/manifest.ts";
import { overlaps } from "../../../staging/overlap.ts";
import { copyPartSize, partSizeFor } from "../../../staging/part-size.ts";
import { isPrefix, parseS3Url, type S3Url, unusablePath } from "../../../staging/s3-url.ts";
import { shellQuoted } from "../../../staging/shell.ts";
import type { Owned } from "../../store/expected-owner.ts";
import { explained } from "../../store/explain.ts";
import { type ListedObject, listObjects } from "../../store/listing.ts";
import { type Billed, paidFor } from "../../store/request-payer.ts";
import { refuseLostMetadata } from "../copy/kept-metadata.ts";
import { FullHeadCommand, refuseArchived } from "./archive.ts";
import { nothingToExclude } from "./file.ts";
import { downloadForbidden } from "./forbidden.ts";
import { OddKeys } from "./odd-keys.ts";
import { S3Reader } from "./s3-reader.ts";
import type { FindOptions, S3File, Source, SourceEntry } from "./source.ts";

/** S3 knows no permissions: files from there get the usual ones. */
const FILE_MODE = "644";
const FOLDER_MODE = "755";

const OWN_COPIES = "The upload would copy its own copies endlessly.";

/**
 * Finds an object, or all objects below a prefix.
 * @param url `s3://bucket/key`, or with `/` at its end a prefix
 * @throws InputError when there is none, it cannot be read, is archived, or one below a prefix cannot be a file
 */
export async function findS3Source(url: string, options: FindOptions): Promise<Source> {
  const place = parseS3Url(url);
  const { exclude = [], requestPayer } = options;
  const { anyOwner } = options.clients;
  const bucket = { ...place, client: await clientOf(place, options), requestPayer, anyOwner };
  if (isPrefix(place)) return findPrefix(url, bucket, options);
  if (exclude.length > 0) throw nothingToExclude(url);
  return findObject(url, bucket, options);
}

interface Bucket extends S3Url, Billed, Owned {
  readonly client: S3Client;
}

/** A client of the bucket's region; a request to another region is turned away, which tells the right one. */
async function clientOf(
  { bucket }: S3Url,
  { clients, signal, requestPayer }: FindOptions,
): Promise<S3Client> {
  const first = process.env["AWS_REGION"] || process.env["AWS_DEFAULT_REGION"] || "us-east-1";
  const region = await explained(`looking for the bucket ${bucket}`, async () => {
    try {
      const head = await clients
        .of(first)
        .send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal });
      return head.BucketRegion ?? first;
    } catch (error) {
      if (isNotFound(error)) {
        throw new InputError(`there is no bucket ${bucket}`, { fix: "Check the name: aws s3 ls" });
      }
      // Who may read objects need not be allowed to look at the bucket; the answer names its region all the same.
      const told = headersOf(error)["x-amz-bucket-region"];
      if (told === undefined)
        throw isDenied(error) ? downloadForbidden(`s3://${bucket}`, 2, { requestPayer }) : error;
      return told;
    }
  });
  return clients.of(region);
}

async function findObject(url: string, bucket: Bucket, { name, signal }: FindOptions): Promise<Source> {
  const filename = name ?? filenameIn(url, bucket);
  const command = new FullHeadCommand({ Bucket: bucket.bucket, Key: bucket.key, ...paidFor(bucket) });
  const head = await explained(`looking for ${url}`, () =>
    bucket.client.send(command, { abortSignal: signal }).catch((error: unknown) => {
      if (isNotFound(error)) {
        throw new InputError(`there is no object ${url}`, {
          why: `The bucket ${bucket.bucket} has no such key.`,
          fix: `For all objects below it: ${shellQuoted(`${url}/`)}`,
        });
      }
      throw isDenied(error) ? downloadForbidden(url, 2, bucket) : error;
    }),
  );
  refuseArchived(bucket, head);
  const size = head.ContentLength ?? 0;
  const etag = head.ETag ?? "";
  partSizeFor(size);
  const told = { metadata: head.Metadata ?? {}, missingMetadata: head.MissingMeta ?? 0 };
  refuseLostMetadata(told, { partSize: copyPartSize(size), sourceEtag: etag }, url);
  objectKey(SAMPLE_ID, filename);
  return {
    kind: "file",
    filename,
    file: s3File(bucket, { key: bucket.key, size, etag }, filename),
  };
}

async function findPrefix(
  url: string,
  bucket: Bucket,
  { name, exclude = [], entryId, signal, onEntry }: FindOptions,
): Promise<Source> {
  const filename = name ?? filenameIn(url, bucket);
  objectKey(SAMPLE_ID, filename);
  let [fileCount, sizeBytes, entries] = [0, 0, 0];
  const names = { locations: [url.replace(/\/$/, "")] };
  const exclusion = exclusionOf(exclude, names);
  const tree = { bucket, filename, entryId };
  await explained(`listing ${url}`, async () => {
    try {
      for await (const entry of entriesBelow({ ...tree, exclusion }, signal)) {
        entries += 1;
        onEntry?.(entry);
        if (entry.type !== "file") continue;
        partSizeFor(entry.size);
        fileCount += 1;
        sizeBytes += entry.size;
      }
    } catch (error) {
      throw isDenied(error) ? downloadForbidden(url, 2, bucket) : error;
    }
  });
  const warnings = exclusion.finish();
  refuseNothingLeft(url, fileCount, exclusion);
  if (entries === 0) {
    throw new InputError(`there are no objects below ${url}`, {
      why: exclude.length > 0 ? "There are none, or all are excluded." : "No key starts with it.",
      fix: `aws s3 ls ${shellQuoted(url)}`,
    });
  }
  return {
    kind: "directory",
    filename,
    name: url,
    fileCount,
    sizeBytes,
    warnings,
    entries: (stop) => entriesBelow({ ...tree, exclusion: exclusionOf(exclude, names) }, stop),
  };
}

interface Walk {
  readonly bucket: Bucket;
  /** The name of the tree. */
  readonly filename: string;
  readonly exclusion: Exclusion;
  /** The entry that is made from it. */
  readonly entryId: string | undefined;
}

/**
 * The objects below a prefix as a tree's entries, in the listing's order. Keys that end in `/` are what consoles make for
 * folders: only those of empty ones are entries.
 */
async function* entriesBelow(
  { bucket, filename, exclusion, entryId }: Walk,
  signal: AbortSignal,
): AsyncGenerator<SourceEntry, void, void> {
  const { client, key: prefix } = bucket;
  // Whatever name the bucket was given: the walk never takes what the upload writes.
  const own = entryId === undefined ? undefined : entryPrefix(entryId);
  const odd = new OddKeys(`s3://${bucket.bucket}/${prefix}`, filename);
  // Files that may turn out to be another one's folder: those whose path the current one starts with.
  const open: string[] = [];
  let folder: string | undefined;
  for await (const object of listObjects(client, bucket.bucket, prefix, signal, {
    ...bucket,
    restores: true,
  })) {
    const path = object.key.slice(prefix.length);
    if (path === "") continue;
    if (exclusion.excludes(path)) {
      exclusion.assertNotKept(path);
      continue;
    }
    if (own !== undefined && object.key.startsWith(own)) {
      throw overlaps(`s3://${bucket.bucket}/${prefix}`, bucket.bucket, OWN_COPIES);
    }
    if (odd.isOdd(path, object.size)) continue;
    if (folder !== undefined && !path.startsWith(folder)) {
      yield { type: "directory", path: folder, mode: FOLDER_MODE };
    }
    folder = undefined;
    while (open.length > 0 && !path.startsWith(open.at(-1) ?? "")) open.pop();
    const parent = open.find((file) => path.startsWith(`${file}/`));
    if (parent !== undefined) {
      odd.addFolder(parent, path);
      continue;
    }
    if (path.endsWith("/")) {
      folder = path;
    } else {
      if (object.isArchived) {
        // Only a HEAD tells of a restore everywhere.
        const command = new FullHeadCommand({ Bucket: bucket.bucket, Key: object.key, ...paidFor(bucket) });
        const head = await client.send(command, { abortSignal: signal });
        refuseArchived({ bucket: bucket.bucket, key: object.key }, head);
      }
      open.push(path);
      yield { ...s3File(bucket, object, path), below: path };
    }
  }
  odd.refuse();
  if (folder !== undefined) yield { type: "directory", path: folder, mode: FOLDER_MODE };
}

function s3File(
  { client, bucket, requestPayer, anyOwner }: Bucket,
  { key, size, etag }: Pick<ListedObject, "key" | "size" | "etag">,
  path: string,
): S3File {
  const place = { client, bucket, key, requestPayer, anyOwner };
  const open = async () => new S3Reader(place, etag);
  return { type: "file", from: "s3", path, size, mode: FILE_MODE, place, etag, open };
}

/** The last part of the key or prefix; of a whole bucket its name. */
function filenameIn(url: string, { bucket, key }: S3Url): string {
  const filename = key === "" ? bucket : (key.replace(/\/$/, "").split("/").at(-1) ?? "");
  const problem = unusablePath(filename);
  if (problem !== undefined || filename === MANIFEST_NAME) {
    throw new InputError(`the last part of ${JSON.stringify(url)} cannot be a file's name`, {
      why: problem ?? "The entry's manifest has that name.",
      fix: "Give the data another name: --name NAME",
    });
  }
  refuseControlCharacters(filename);
  return filename;
}
