import { UserError } from "../../../staging/errors.ts";
import { type ManifestEntry, type ManifestFile, objectKey } from "../../../staging/manifest.ts";
import { forEachParallel } from "../../flow/parallel.ts";
import type { ListedObject, ObjectStore } from "../../store/object-store.ts";
import type { AgeingTags } from "../copy/ageing-tags.ts";
import { deleteStale } from "../delete.ts";
import { mergeSorted } from "../manifest/merge.ts";
import { type DirectorySource, shown } from "../source/source.ts";
import { listRanges } from "./list-ranges.ts";

const STALE_IN_FLIGHT = 32;

/** The destination of a tree. */
export interface TreeTarget {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly stagingId: string;
  readonly tags: AgeingTags;
}

/** The prefix of a tree's keys, ending in `/`. */
export const treePrefix = (
  { filename }: Pick<DirectorySource, "filename">,
  { stagingId }: Pick<TreeTarget, "stagingId">,
): string => `${objectKey(stagingId, filename)}/`;

interface TreeObject extends ListedObject {
  /** Relative to the tree. */
  readonly path: string;
}

/** @param after lists only the keys after this one */
export async function* listTree(
  source: DirectorySource,
  target: TreeTarget,
  signal: AbortSignal,
  after?: string,
): AsyncGenerator<TreeObject, void, void> {
  const prefix = treePrefix(source, target);
  for await (const object of target.store.listObjects({ bucket: target.bucket, prefix, after }, signal)) {
    yield { ...object, path: object.key.slice(prefix.length) };
  }
}

interface Listing {
  /** The creation time of the oldest object; undefined if there are no objects. */
  readonly firstModified: Date | undefined;
  /** The paths of objects that the source no longer has, and that are now deleted. */
  readonly removed: readonly string[];
}

/**
 * Compares the bucket's listing with the manifest. The upload verified each file; this checks that all files exist, and removes
 * objects of earlier attempts that the source no longer has.
 * @param entries of the manifest
 * @param ends see {@link listRanges}
 */
export async function verifyListing(
  source: DirectorySource,
  target: TreeTarget,
  entries: AsyncIterable<ManifestEntry>,
  ends: readonly string[],
  signal: AbortSignal,
): Promise<Listing> {
  let firstModified: Date | undefined;
  const stale: string[] = [];
  for await (const [file, object] of mergeSorted(
    onlyFiles(entries),
    ({ path }) => path,
    listRanges(ends, (after) => listTree(source, target, signal, after)),
    ({ path }) => path,
  )) {
    if (file === undefined) {
      stale.push(object.path);
      continue;
    }
    if (object === undefined || object.size !== file.size) throw notStored(file.path, source, target);
    if (firstModified === undefined || object.lastModified < firstModified)
      firstModified = object.lastModified;
  }
  // An unmounted directory looks empty.
  if (stale.length > 0 && source.fileCount === 0) throw isEmptyNow(stale.length, source, target);
  const prefix = treePrefix(source, target);
  await forEachParallel(
    () => stale,
    STALE_IN_FLIGHT,
    signal,
    async (path, stop) => {
      const isOurs = await deleteStale({ ...target, key: `${prefix}${path}` }, stop);
      if (!isOurs) throw notInSource(path, source, target);
    },
  );
  return { firstModified, removed: stale };
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
    { why: "Another program changed it after the upload.", fix: "Run the command again." },
  );
}
