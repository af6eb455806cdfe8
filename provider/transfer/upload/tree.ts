import type { S3Client } from "@aws-sdk/client-s3";
import type { Tags } from "../../../staging/classes.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import { type ManifestEntry, type ManifestFile, manifestKey, objectKey } from "../../../staging/manifest.ts";
import { OverlapError } from "../../../staging/overlap.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { type ListedObject, listObjects } from "../../store/listing.ts";
import { pause } from "../../store/retry.ts";
import { abortUploads } from "../delete.ts";
import { turnsFor } from "../flow/limiters.ts";
import { forEachParallel } from "../flow/parallel.ts";
import { mergeSorted } from "../manifest/merge.ts";
import { putSpooledManifest } from "../manifest/object.ts";
import { ManifestSpool } from "../manifest/spool.ts";
import {
  type DirectorySource,
  SourceChangedError,
  type SourceEntry,
  type SourceFile,
  shown,
} from "../source/source.ts";
import { TreeChanges } from "../source/tree-changes.ts";
import { type StageOptions, stageTreeFile } from "./file.ts";
import { removeStale } from "./stale.ts";

/** Lines of the manifest that may wait in memory for a large file before them. */
const MAX_WAITING_LINES = 20_000;
const WAIT_MS = 20;
const STALE_IN_FLIGHT = 32;

/** Where a tree goes. */
export interface TreeTarget {
  readonly client: S3Client;
  readonly bucket: string;
  readonly stagingId: string;
  /** Of an object that is made now. */
  readonly tags: () => Tags;
}

export interface StagedTree {
  /** Of the manifest, lower-case hex. */
  readonly manifestSha256: string;
  /** The largest part size of all files; 0 where none is in parts. */
  readonly partSize: number;
  /** When the first of its objects was made: that one expires first. */
  readonly firstModified: Date;
  /** What earlier attempts had sent, and the source has not any more, or in another way. */
  readonly changes: TreeChanges;
}

/**
 * Makes sure that the entry holds every file of a tree, and the manifest beside them. What an earlier attempt has sent is
 * compared and not sent again. Memory does not grow with the number of files.
 * @throws UserError that names the file which changed, vanished or cannot be read any more
 */
export async function stageTree(
  source: DirectorySource,
  target: TreeTarget,
  options: StageOptions,
): Promise<StagedTree> {
  const changes = new TreeChanges();
  const spool = await ManifestSpool.create({ version: 1, kind: "directory" });
  try {
    const partSize = await stageFiles(source, target, spool, changes, options);
    const manifestSha256 = await spool.finish();
    const firstModified = await verifyListing(source, target, spool, changes, options.signal);
    const place = { client: target.client, bucket: target.bucket, tags: target.tags() };
    await putSpooledManifest(spool, { ...place, key: manifestKey(target.stagingId) }, options);
    // Uploads that earlier attempts left are of no more use.
    await abortUploads(target.client, target.bucket, treePrefix(source, target), options.signal);
    return { manifestSha256, partSize, firstModified: firstModified ?? serverClock.now(), changes };
  } finally {
    await spool.remove();
  }
}

/** The prefix of a tree's keys, ending in `/`. */
export const treePrefix = (
  { filename }: Pick<DirectorySource, "filename">,
  { stagingId }: Pick<TreeTarget, "stagingId">,
): string => `${objectKey(stagingId, filename)}/`;

interface Task {
  readonly number: number;
  readonly entry: SourceEntry;
  readonly mayBeThere: boolean;
  /** Whether the bucket has an object of its path, of whatever size. */
  readonly isKnown: boolean;
}

/** @returns the largest part size */
async function stageFiles(
  source: DirectorySource,
  target: TreeTarget,
  spool: ManifestSpool,
  changes: TreeChanges,
  options: StageOptions,
): Promise<number> {
  const prefix = treePrefix(source, target);
  const turns = turnsFor("object", target.bucket);
  let [largestPart, fileCount, sizeBytes] = [0, 0, 0];
  await forEachParallel(
    (signal) => tasks(source, target, spool, signal),
    () => turns.worthStarting,
    options.signal,
    async ({ number, entry, mayBeThere, isKnown }, signal) => {
      if (entry.type !== "file") return spool.add(number, entry);
      const place = { client: target.client, bucket: target.bucket, tags: target.tags() };
      const key = `${prefix}${entry.path}`;
      const staged = await stageTreeFile(entry, { ...place, key }, mayBeThere, { ...options, signal });
      if (isKnown && !staged.wasThere) changes.sentAgain(entry.path);
      largestPart = Math.max(largestPart, staged.partSize);
      fileCount += 1;
      sizeBytes += entry.size;
      await spool.add(number, manifestFile(entry, staged.sha256));
    },
  );
  if (fileCount !== source.fileCount || sizeBytes !== source.sizeBytes) {
    throw new SourceChangedError(source.name);
  }
  return largestPart;
}

export function manifestFile(file: SourceFile, sha256: string | undefined): ManifestFile {
  const { type, path, size, mode } = file;
  if (sha256 !== undefined) return { type, path, size, sha256, mode };
  if (file.from === "s3") return { type, path, size, etag: file.etag, mode };
  throw new Error(`${path} was staged without its SHA-256`);
}

/**
 * The tree's entries, each with whether the bucket has an object of its path and size: both come in the same order. What
 * only the bucket has is removed in the end, when all the rest is there.
 */
async function* tasks(
  source: DirectorySource,
  target: TreeTarget,
  spool: ManifestSpool,
  signal: AbortSignal,
): AsyncGenerator<Task, void, void> {
  let number = 0;
  for await (const [entry, object] of mergeSorted(
    readable(source, signal),
    ({ path }) => path,
    listTree(source, target, signal),
    ({ path }) => path,
  )) {
    if (entry === undefined) continue;
    while (spool.waiting > MAX_WAITING_LINES) await pause(WAIT_MS, signal);
    const mayBeThere = entry.type === "file" && object?.size === entry.size;
    yield { number, entry, mayBeThere, isKnown: object !== undefined };
    number += 1;
  }
}

interface TreeObject extends ListedObject {
  /** Relative to the tree. */
  readonly path: string;
}

async function* listTree(
  source: DirectorySource,
  target: TreeTarget,
  signal: AbortSignal,
): AsyncGenerator<TreeObject, void, void> {
  const prefix = treePrefix(source, target);
  for await (const object of listObjects(target.client, target.bucket, prefix, signal)) {
    yield { ...object, path: object.key.slice(prefix.length) };
  }
}

/** What could be staged when it was looked at first is no bad input later on, but something that went wrong. */
async function* readable(
  source: DirectorySource,
  signal: AbortSignal,
): AsyncGenerator<SourceEntry, void, void> {
  try {
    yield* source.entries(signal);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (error instanceof OverlapError) {
      const { message, why = "", fix = "" } = error;
      throw new UserError(message, { why, fix, cause: error });
    }
    throw new UserError(`${source.name} changed while it was being uploaded: ${error.message}`, {
      ...(error.why === undefined ? {} : { why: error.why }),
      fix: "Wait until nothing writes to the directory, then run the command again.",
      cause: error,
    });
  }
}

/**
 * Compares what the bucket lists with the manifest: each file was checked when it arrived, this sees that all are there, and
 * removes what earlier attempts sent and the source has no more.
 * @returns when the first object was made; undefined where there is none
 */
async function verifyListing(
  source: DirectorySource,
  target: TreeTarget,
  spool: ManifestSpool,
  changes: TreeChanges,
  signal: AbortSignal,
): Promise<Date | undefined> {
  let first: Date | undefined;
  const stale: string[] = [];
  const { entries } = await spool.read();
  for await (const [file, object] of mergeSorted(
    onlyFiles(entries),
    ({ path }) => path,
    listTree(source, target, signal),
    ({ path }) => path,
  )) {
    if (file === undefined) {
      stale.push(object.path);
      continue;
    }
    if (object === undefined || object.size !== file.size) throw notStored(file.path, source, target);
    if (first === undefined || object.lastModified < first) first = object.lastModified;
  }
  if (stale.length === 0) return first;
  // A directory that is not mounted looks empty.
  if (source.fileCount === 0) throw isEmptyNow(stale.length, source, target);
  const prefix = treePrefix(source, target);
  await forEachParallel(
    () => stale,
    STALE_IN_FLIGHT,
    signal,
    async (path, stop) => {
      const isOurs = await removeStale({ ...target, key: `${prefix}${path}` }, stop);
      if (!isOurs) throw notInSource(path, source, target);
      changes.removed(path);
    },
  );
  return first;
}

async function* onlyFiles(entries: AsyncIterable<ManifestEntry>): AsyncGenerator<ManifestFile, void, void> {
  for await (const entry of entries) if (entry.type === "file") yield entry;
}

function notInSource(path: string, source: DirectorySource, target: TreeTarget): UserError {
  return new UserError(
    `${shown(`s3://${target.bucket}/${treePrefix(source, target)}${path}`)} is not of ${shown(source.name)}`,
    {
      why: "Another program wrote it among the objects of this entry.",
      fix: "Delete it, or move it to another prefix, then run the command again.",
    },
  );
}

function isEmptyNow(count: number, source: DirectorySource, target: TreeTarget): UserError {
  return new UserError(`${shown(source.name)} is empty now`, {
    why: `An earlier attempt uploaded ${count} of its files to s3://${target.bucket}/${treePrefix(source, target)}.`,
    fix: "Check that the directory is mounted, then run the command again.",
  });
}

function notStored(path: string, source: DirectorySource, target: TreeTarget): UserError {
  return new UserError(
    `${shown(`s3://${target.bucket}/${treePrefix(source, target)}${path}`)} is missing or of another size`,
    { why: "It was uploaded a moment ago: somebody wrote to it.", fix: "Run the command again." },
  );
}
