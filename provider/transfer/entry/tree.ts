import { InputError, UserError } from "../../../staging/errors.ts";
import { manifestKey } from "../../../staging/manifest.ts";
import { OverlapError } from "../../../staging/overlap.ts";
import { partSizeFor } from "../../../staging/part-size.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { forEachParallel } from "../../flow/parallel.ts";
import { pause } from "../../store/retry.ts";
import { ensureTags } from "../../store/tagging.ts";
import type { AgeingTags } from "../copy/ageing-tags.ts";
import { stageCopy } from "../copy/stage.ts";
import { abortUploads } from "../delete.ts";
import { manifestFile } from "../manifest/file.ts";
import { mergeSorted } from "../manifest/merge.ts";
import { ManifestSpool } from "../manifest/spool.ts";
import {
  type DirectorySource,
  SourceChangedError,
  type SourceEntry,
  type SourceFile,
} from "../source/source.ts";
import { TreeChanges } from "../source/tree-changes.ts";
import type { UploadTarget } from "../upload/multipart.ts";
import { type StagedFile, type StageOptions, sendWhole, stageLocalFile } from "../upload/upload.ts";
import { PAGE_KEYS } from "./list-ranges.ts";
import { listTree, type TreeTarget, treePrefix, verifyListing } from "./listing.ts";
import { putSpooledManifest } from "./manifest.ts";

/** Lines of the manifest that may wait in memory for an earlier, larger file. */
const MAX_WAITING_LINES = 20_000;
const WAIT_MS = 20;

interface StagedTree {
  /** The SHA-256 of the manifest, lower-case hex. */
  readonly manifestSha256: string;
  /** The largest part size of all files in bytes; 0 if no file is in parts. */
  readonly partSize: number;
  /** The creation time of the oldest object, which expires first. */
  readonly firstModified: Date;
  /** Names the files that changed or vanished since an earlier attempt uploaded them; undefined if there are none. */
  readonly changes: string | undefined;
}

/**
 * Stages every file of a tree and the manifest into an entry. It compares the objects of an earlier attempt instead of sending
 * them again. Memory does not grow with the number of files.
 * @throws UserError that names the file which changed, vanished or is no longer readable
 */
export async function stageTree(
  source: DirectorySource,
  target: TreeTarget,
  options: StageOptions,
): Promise<StagedTree> {
  const changes = new TreeChanges();
  const spool = await ManifestSpool.create({ version: 1, kind: "directory" });
  try {
    const { partSize, ends } = await stageFiles(source, target, spool, changes, options);
    const manifestSha256 = await spool.finish();
    const { entries } = await spool.read();
    const { firstModified, removed } = await verifyListing(source, target, entries, ends, options.signal);
    for (const path of removed) changes.removed(path);
    await putSpooledManifest(spool, { ...target, key: manifestKey(target.stagingId) }, options);
    // Earlier attempts may have left uploads, and S3 bills their parts.
    await abortUploads(target.store, target.bucket, treePrefix(source, target), options.signal);
    const created = firstModified ?? serverClock.now();
    return { manifestSha256, partSize, firstModified: created, changes: changes.message };
  } finally {
    await spool.remove();
  }
}

interface Task {
  readonly number: number;
  /** The number of files up to this entry. */
  readonly files: number;
  readonly entry: SourceEntry;
  /** Whether the bucket has an object of its path and size. */
  readonly mayExist: boolean;
  /** Whether the bucket has an object of its path, of any size. */
  readonly isKnown: boolean;
}

interface StagedFiles {
  /** The largest one of all files. */
  readonly partSize: number;
  /** The key of every 1,000th file, in ascending order. */
  readonly ends: readonly string[];
}

async function stageFiles(
  source: DirectorySource,
  target: TreeTarget,
  spool: ManifestSpool,
  changes: TreeChanges,
  options: StageOptions,
): Promise<StagedFiles> {
  const prefix = treePrefix(source, target);
  const limiter = options.plane.limiters.of("object", target.bucket);
  const ends: string[] = [];
  let [partSize, fileCount, sizeBytes] = [0, 0, 0];
  await forEachParallel(
    (signal) => tasks(source, target, spool, signal),
    () => limiter.taskLimit,
    options.signal,
    async ({ number, files, entry, mayExist, isKnown }, signal) => {
      if (entry.type !== "file") return spool.add(number, entry);
      const place = { store: target.store, bucket: target.bucket, tags: target.tags() };
      const key = `${prefix}${entry.path}`;
      const staged = await stageTreeFile(entry, { ...place, key }, target.tags, mayExist, {
        ...options,
        signal,
      });
      if (isKnown && !staged.wasThere) changes.sentAgain(entry.path);
      if (files % PAGE_KEYS === 0) ends[files / PAGE_KEYS - 1] = key;
      partSize = Math.max(partSize, staged.partSize);
      fileCount += 1;
      sizeBytes += entry.size;
      await spool.add(number, manifestFile(entry, staged.sha256));
    },
  );
  if (fileCount !== source.fileCount || sizeBytes !== source.sizeBytes) {
    throw new SourceChangedError(source.name);
  }
  return { partSize, ends };
}

/**
 * Stages one of the many files of a tree, with one request if the file is small and not yet in the bucket. {@link stageTree} verifies
 * and cleans up once for all of them.
 * @param mayExist whether a listing has an object of the same key and size
 */
async function stageTreeFile(
  file: SourceFile,
  target: UploadTarget,
  tags: AgeingTags,
  mayExist: boolean,
  options: StageOptions,
): Promise<StagedFile> {
  if (file.from === "local" && partSizeFor(file.size, options.multipart) === 0 && !mayExist) {
    return sendWhole(file, target, options);
  }
  const stageContent = () =>
    file.from === "s3"
      ? stageCopy(file, target, mayExist, options)
      : stageLocalFile(file, target, mayExist, options);
  const staged = await options.plane.filesToCompare(target.bucket).run(stageContent, options.signal);
  if (staged.partSize > 0) await ensureTags(target, tags(staged.lastModified), options.signal);
  return staged;
}

/**
 * Joins the tree's entries with the bucket's listing; both are in the same order. {@link verifyListing} later removes objects
 * without a file.
 */
async function* tasks(
  source: DirectorySource,
  target: TreeTarget,
  spool: ManifestSpool,
  signal: AbortSignal,
): AsyncGenerator<Task, void, void> {
  let [number, files] = [0, 0];
  for await (const [entry, object] of mergeSorted(
    readable(source, signal),
    ({ path }) => path,
    listTree(source, target, signal),
    ({ path }) => path,
  )) {
    if (entry === undefined) continue;
    if (entry.type === "file") files += 1;
    while (spool.waiting > MAX_WAITING_LINES) await pause(WAIT_MS, signal);
    const mayExist = entry.type === "file" && object?.size === entry.size;
    yield { number, files, entry, mayExist, isKnown: object !== undefined };
    number += 1;
  }
}

/** The first walk accepted the source as input, so a later refusal is a failure of the upload. */
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
