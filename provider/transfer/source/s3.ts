import { HeadBucketCommand } from "@aws-sdk/client-s3";
import { headersOf } from "../../../connection/errors/failure.ts";
import { isDenied, isNotFound } from "../../../connection/errors/kinds.ts";
import { InputError } from "../../../staging/errors.ts";
import { checkFilesLeft, type Exclusion, exclusionOf } from "../../../staging/exclude.ts";
import { refuseControlCharacters } from "../../../staging/filename.ts";
import { SAMPLE_ID } from "../../../staging/ids.ts";
import { entryPrefix, MANIFEST_NAME, objectKey } from "../../../staging/manifest.ts";
import { overlaps } from "../../../staging/overlap.ts";
import { copyPartSize, partSizeFor } from "../../../staging/part-size.ts";
import { isPrefix, parseS3Url, type S3Url, unusablePath } from "../../../staging/s3-url.ts";
import { shellQuoted } from "../../../staging/shell.ts";
import type { Owned } from "../../store/expected-owner.ts";
import { explained } from "../../store/explain.ts";
import type { Billed, ListedObject, ObjectStore } from "../../store/object-store.ts";
import { refuseArchived } from "./archive.ts";
import { nothingToExclude } from "./file.ts";
import { downloadForbidden } from "./forbidden.ts";
import { refuseLostMetadata } from "./kept-metadata.ts";
import { OddKeys } from "./odd-keys.ts";
import { S3Reader } from "./s3-reader.ts";
import {
  type FindOptions,
  type S3File,
  type Source,
  SourceChangedError,
  type SourceEntry,
} from "./source.ts";

/** S3 has no permissions, so files from S3 get the usual ones. */
const FILE_MODE = "644";
const FOLDER_MODE = "755";

const OWN_COPIES = "The upload would copy its own copies endlessly.";

/**
 * Finds an object, or all objects below a prefix.
 * @param url `s3://bucket/key` for an object, with `/` at its end for a prefix
 * @throws InputError if there is no object, or if an object cannot be read, is archived, or cannot be a file below a prefix
 */
export async function findS3Source(url: string, options: S3Options): Promise<Source> {
  const place = parseS3Url(url);
  const { exclude = [], requestPayer } = options;
  const { anyOwner } = options.clients;
  const bucket = { ...place, store: await storeWith(place, options), requestPayer, anyOwner };
  if (isPrefix(place)) return findPrefix(url, bucket, options);
  if (exclude.length > 0) throw nothingToExclude(url);
  return findObject(url, bucket, options);
}

type S3Options = Omit<FindOptions, "threads" | "followLinks">;

interface Bucket extends S3Url, Billed, Owned {
  readonly store: ObjectStore;
}

/** The object store of the bucket's region. S3 refuses a request in another region, and names the right region. */
async function storeWith(
  { bucket }: S3Url,
  { clients, signal, requestPayer }: S3Options,
): Promise<ObjectStore> {
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
      // Credentials for the objects may lack permission for HeadBucket. The response still names the region.
      const bucketRegion = headersOf(error)["x-amz-bucket-region"];
      if (bucketRegion === undefined)
        throw isDenied(error) ? downloadForbidden(`s3://${bucket}`, 2, { requestPayer }) : error;
      return bucketRegion;
    }
  });
  return clients.store(region);
}

async function findObject(url: string, bucket: Bucket, { name, signal }: S3Options): Promise<Source> {
  const filename = name ?? filenameIn(url, bucket);
  const head = await explained(`looking for ${url}`, () =>
    bucket.store.head(bucket, signal).catch((error: unknown) => {
      throw isDenied(error) ? downloadForbidden(url, 2, bucket) : error;
    }),
  );
  if (head === undefined) {
    throw new InputError(`there is no object ${url}`, {
      why: `The bucket ${bucket.bucket} has no such key.`,
      fix: `For all objects below it: ${shellQuoted(`${url}/`)}`,
    });
  }
  refuseArchived(bucket, head);
  const { size, etag } = head;
  partSizeFor(size);
  refuseLostMetadata(head, { partSize: copyPartSize(size), sourceEtag: etag }, url);
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
  { name, exclude = [], entryId, signal, onEntry }: S3Options,
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
  const unused = exclusion.finish();
  const empty = checkFilesLeft(url, fileCount, exclusion);
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
    warnings: [...unused, ...empty],
    entries: (stop) => entriesBelow({ ...tree, exclusion: exclusionOf(exclude, names) }, stop),
  };
}

interface Walk {
  readonly bucket: Bucket;
  /** The name of the tree. */
  readonly filename: string;
  readonly exclusion: Exclusion;
  /** The entry that will contain the tree. */
  readonly entryId: string | undefined;
}

/**
 * The objects below a prefix as a tree's entries, in the order of the listing. Consoles create keys that end in `/` for folders;
 * only those of empty folders are entries.
 */
async function* entriesBelow(
  { bucket, filename, exclusion, entryId }: Walk,
  signal: AbortSignal,
): AsyncGenerator<SourceEntry, void, void> {
  const { store, key: prefix } = bucket;
  // The walk never reads the objects of its own upload, even if the URL has another name of the bucket.
  const own = entryId === undefined ? undefined : entryPrefix(entryId);
  const odd = new OddKeys(`s3://${bucket.bucket}/${prefix}`, filename);
  // Files whose path begins the current path. A later key can show that such a file is also a folder.
  const beginnings: string[] = [];
  let folder: string | undefined;
  const listing = { bucket: bucket.bucket, prefix, requestPayer: bucket.requestPayer, restores: true };
  for await (const object of store.listObjects(listing, signal)) {
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
    while (beginnings.length > 0 && !path.startsWith(beginnings.at(-1) ?? "")) beginnings.pop();
    const parent = beginnings.find((file) => path.startsWith(`${file}/`));
    if (parent !== undefined) {
      odd.addFolder(parent, path);
      continue;
    }
    if (path.endsWith("/")) {
      folder = path;
    } else {
      if (object.isArchived) {
        // Some servers report a restore only in a HEAD response.
        const address = { bucket: bucket.bucket, key: object.key };
        const head = await store.head({ ...address, requestPayer: bucket.requestPayer }, signal);
        if (head === undefined)
          throw new SourceChangedError(`s3://${bucket.bucket}/${object.key}`, "vanished");
        refuseArchived(address, head);
      }
      beginnings.push(path);
      yield { ...s3File(bucket, object, path), below: path };
    }
  }
  odd.refuse();
  if (folder !== undefined) yield { type: "directory", path: folder, mode: FOLDER_MODE };
}

function s3File(
  { store, bucket, requestPayer, anyOwner }: Bucket,
  { key, size, etag }: Pick<ListedObject, "key" | "size" | "etag">,
  path: string,
): S3File {
  const place = { store, bucket, key, requestPayer, anyOwner };
  const open = async () => new S3Reader(place, etag);
  return { type: "file", from: "s3", path, size, mode: FILE_MODE, place, etag, open };
}

/** The last part of the key or prefix, or the name of a whole bucket. */
function filenameIn(url: string, { bucket, key }: S3Url): string {
  const filename = key === "" ? bucket : (key.replace(/\/$/, "").split("/").at(-1) ?? "");
  const problem = unusablePath(filename);
  if (problem !== undefined || filename === MANIFEST_NAME) {
    throw new InputError(`the last part of ${JSON.stringify(url)} cannot be a file's name`, {
      why: problem ?? "The entry's manifest has that name.",
      fix: (spell) => `Give the data another name: ${spell("filename", "NAME")}`,
    });
  }
  refuseControlCharacters(filename);
  return filename;
}
