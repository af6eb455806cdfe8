import type { Tags } from "../../../staging/classes.ts";
import { UserError } from "../../../staging/errors.ts";
import { entryPrefix } from "../../../staging/manifest.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { MIB } from "../../../staging/units.ts";
import { forEachParallel } from "../../flow/parallel.ts";
import type { ListedObject } from "../../store/object-store.ts";
import { headObject, isInParts } from "../../store/stored-object.ts";
import { readTags } from "../../store/tagging.ts";
import { abortUploads, deleteStale } from "../delete.ts";
import { wholeSecond } from "../verify/object.ts";
import { ageingTags } from "./ageing-tags.ts";
import { copyWhole } from "./copy.ts";
import { copyTags, ensureReplica, type ReplicaJob, type ReplicaResult } from "./replica.ts";
import { isSame, listPairs } from "./tree-listings.ts";
import { awaitTreeRule, type TreeRule } from "./tree-rule.ts";

const STALE_IN_FLIGHT = 32;

/** One request copies an object up to this size, without a HEAD request. */
const SMALL_BYTES = 64 * MIB;

export interface TreeJob extends TreeRule, Pick<ReplicaJob, "plane" | "method"> {
  /** The tags of copies. @default the manifest's, without the replicate tags */
  readonly tags?: Tags;
  /** The number of files, without the manifest. */
  readonly fileCount: number;
  onObject(result: ReplicaResult): void;
}

/**
 * Replicates every object of an entry, verifies the replicas, and deletes replicas of objects that the source no longer has.
 * It lists both buckets in step, so memory does not grow with the number of objects. An object whose size and ETag match takes
 * no request of its own: a file that a rule replicates costs none, a copied file costs one. All objects share one deadline for
 * the rule.
 * @throws UserError if the source lacks staged objects, or if a replica differs twice
 */
export async function replicateTree(job: TreeJob): Promise<void> {
  const { source, destination, manifestKey, signal } = job;
  const manifest = await headObject({ ...source, key: manifestKey }, signal);
  if (manifest === undefined) throw notWhole(job, 0, 0);
  const tags =
    job.tags === undefined
      ? copyTags(await readTags({ ...source, key: manifestKey }, signal), manifest.lastModified)
      : ageingTags(job.tags, serverClock.now());
  // The manifest is staged last, after the verification of all files.
  const tree: Tree = { ...job, tags, sealed: wholeSecond(manifest.lastModified) };
  // Bytes that `awaitTreeRule` has reported do not count twice.
  let reported = job.method === "rule" ? await awaitTreeRule(tree) : 0;
  const onBytes = (bytes: number): void => {
    const known = Math.max(0, Math.min(bytes, reported));
    reported -= known;
    if (bytes !== known) job.onBytes(bytes - known);
  };
  let [objects, bytes] = [0, 0];
  const stale: string[] = [];
  await forEachParallel(
    (stop) => listPairs(tree, stop),
    () => job.plane.limiters.of("copy", destination.bucket).taskLimit,
    signal,
    async ([object, replica], stop) => {
      if (object === undefined) return void stale.push(replica.key);
      const isManifest = object.key === manifestKey;
      // The manifest is not the user's data.
      const onGain = isManifest ? () => {} : onBytes;
      job.onObject(await replicateObject(tree, object, replica, onGain, stop));
      objects += 1;
      if (!isManifest) bytes += object.size;
    },
  );
  if (objects !== job.fileCount + 1 || bytes !== job.sizeBytes) throw notWhole(job, objects, bytes);
  // The source no longer has these objects; a rule or an earlier attempt replicated them.
  await forEachParallel(
    () => stale,
    STALE_IN_FLIGHT,
    signal,
    async (key, stop) => void (await deleteStale({ ...destination, key }, stop)),
  );
  // Interrupted copies leave multipart uploads, and S3 bills their parts.
  await abortUploads(destination.store, destination.bucket, entryPrefix(job.stagingId), signal);
}

interface Tree extends Omit<TreeJob, "tags"> {
  /** The tags of a copy that is made now. */
  readonly tags: () => Tags;
  /** The second in which the staging ended. Objects of later seconds are not the staged ones. */
  readonly sealed: number;
}

/** @param replica the object that the destination lists under the same key */
async function replicateObject(
  tree: Tree,
  object: ListedObject,
  replica: ListedObject | undefined,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<ReplicaResult> {
  if (isUntouched(object, tree)) {
    if (replica !== undefined && isSame(object, replica)) {
      onBytes(object.size);
      return { via: tree.method, verifiedBy: "etag" };
    }
    if (replica === undefined && object.size <= SMALL_BYTES && !isInParts(object)) {
      if (await copySmall(tree, object, signal)) {
        onBytes(object.size);
        return { via: "copy", verifiedBy: "etag" };
      }
      replica = object; // the copy exists, but its ETag differs
    }
  }
  const { key, size } = object;
  const job: ReplicaJob = {
    ...{
      plane: tree.plane,
      method: tree.method,
      patience: tree.patience,
      onWait: tree.onWait,
      tags: tree.tags(),
      size,
      signal,
      onBytes,
    },
    // `awaitTreeRule` has waited for the rule.
    deadline: performance.now(),
    source: { ...tree.source, key },
    destination: { ...tree.destination, key },
    mayExist: replica !== undefined,
  };
  return tree.plane.objectsToCompare(tree.destination.bucket).run(() => ensureReplica(job), signal);
}

/** @returns whether the ETags are equal. With some encryptions each object has a different ETag */
async function copySmall(tree: Tree, object: ListedObject, signal: AbortSignal): Promise<boolean> {
  const { key, etag } = object;
  const source = { ...tree.source, key };
  const destination = { ...tree.destination, key };
  const tags = tree.tags();
  const copied = await copyWhole({ plane: tree.plane, source, object, destination, tags, signal });
  return copied.etag === etag;
}

/** Whether the object's time proves that it is the staged one. For objects of the last second, spawn compares the metadata. */
const isUntouched = (object: ListedObject, { sealed }: Tree): boolean =>
  wholeSecond(object.lastModified) < sealed;

function notWhole(job: TreeJob, objects: number, bytes: number): UserError {
  const url = `s3://${job.source.bucket}/${entryPrefix(job.stagingId)}`;
  if (objects === 0) {
    return new UserError(`${url} holds nothing to replicate`, {
      why: "The data expired or were deleted.",
      fix: "Stage the data again.",
    });
  }
  return new UserError(`${url} is not what was staged`, {
    why: `It has ${objects} objects of ${bytes} bytes beside the manifest's, instead of ${job.fileCount + 1} of ${job.sizeBytes}: another program changed it.`,
    fix: "Stage the data again.",
  });
}
