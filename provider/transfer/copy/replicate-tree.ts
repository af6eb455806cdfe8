import type { Tags } from "../../../staging/classes.ts";
import { UserError } from "../../../staging/errors.ts";
import { entryPrefix } from "../../../staging/manifest.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { formatBytes, MIB } from "../../../staging/units.ts";
import { isInParts, type ListedObject, listObjects } from "../../store/listing.ts";
import { pause } from "../../store/retry.ts";
import { readTags } from "../../store/tagging.ts";
import { abortUploads } from "../delete.ts";
import { turnsFor } from "../flow/limiters.ts";
import { forEachParallel } from "../flow/parallel.ts";
import { limitEach } from "../flow/semaphore.ts";
import { mergeSorted } from "../manifest/merge.ts";
import { removeStale } from "../upload/stale.ts";
import { headObject, type ObjectPlace } from "../verify/stored.ts";
import { ageingTags } from "./ageing-tags.ts";
import { sourceOf } from "./copy.ts";
import {
  copyTags,
  deadlineFor,
  ensureReplica,
  type GivenUp,
  type ReplicaJob,
  type ReplicaResult,
} from "./replicate.ts";
import { sendCopy } from "./through-client.ts";

/** Objects that are looked at in a bucket, and may be large, at the same time: each may have many parts under way. */
const longerWork = limitEach(32);

const STALE_IN_FLIGHT = 32;

/** Up to this size an object is copied by one request, without looking at it first. */
const SMALL_BYTES = 64 * MIB;

/** Objects of which S3 is asked whether a rule is on its way to them: they stand for the others that are not there. */
const SAMPLE = 16;

export interface TreeJob extends Pick<ReplicaJob, "method" | "patience" | "signal" | "onWait" | "onGiveUp"> {
  readonly stagingId: string;
  readonly source: Omit<ObjectPlace, "key">;
  readonly destination: Omit<ObjectPlace, "key">;
  readonly manifestKey: string;
  /** Of copies, where they are known. Default: the manifest's, without those that replicate. */
  readonly tags?: Tags;
  /** Of the files, without the manifest. */
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** Called with the bytes of files that the replica has gained since the last call. */
  onBytes(bytes: number): void;
  onObject(result: ReplicaResult): void;
}

/**
 * Makes sure that the destination has every object of an entry, that each is the same, and that nothing is left of what the
 * entry held before its source changed. Both buckets are listed side by
 * side, so that memory does not grow with their number, and objects whose size and ETag agree take no request of their own:
 * a file that is replicated by rule costs none, one that is copied costs one. The rule has one time for all objects together.
 * @throws UserError when the source does not have all that was staged, or a replica differs twice
 */
export async function replicateTree(job: TreeJob): Promise<void> {
  const { source, destination, manifestKey, signal } = job;
  const manifest = await headObject({ ...source, key: manifestKey }, signal);
  if (manifest === undefined) throw notWhole(job, 0, 0);
  const tags =
    job.tags === undefined
      ? copyTags(await readTags({ ...source, key: manifestKey }, signal), manifest.lastModified)
      : ageingTags(job.tags, serverClock.now());
  // The manifest is the last that is staged, after all files were verified.
  const tree: Tree = { ...job, tags, sealed: wholeSecond(manifest.lastModified) };
  // What the rule was seen to bring is not told twice.
  let told = job.method === "rule" ? await awaitRule(tree) : 0;
  const onBytes = (bytes: number): void => {
    const known = Math.max(0, Math.min(bytes, told));
    told -= known;
    if (bytes !== known) job.onBytes(bytes - known);
  };
  let [objects, bytes] = [0, 0];
  const stale: string[] = [];
  await forEachParallel(
    (stop) => pairs(tree, stop, ({ key }) => stale.push(key)),
    () => turnsFor("copy", destination.bucket).worthStarting,
    signal,
    async ([object, replica], stop) => {
      const isManifest = object.key === manifestKey;
      // The manifest's bytes are not the user's.
      const gained = isManifest ? () => {} : onBytes;
      job.onObject(await replicated(tree, object, replica, gained, stop));
      objects += 1;
      if (!isManifest) bytes += object.size;
    },
  );
  if (objects !== job.fileCount + 1 || bytes !== job.sizeBytes) throw notWhole(job, objects, bytes);
  // What the source had before it changed, and a rule or an earlier attempt has brought.
  await forEachParallel(
    () => stale,
    STALE_IN_FLIGHT,
    signal,
    async (key, stop) => void (await removeStale({ ...destination, key }, stop)),
  );
  // Parts of copies that broke off are of no more use.
  await abortUploads(destination.client, destination.bucket, entryPrefix(job.stagingId), signal);
}

interface Tree extends Omit<TreeJob, "tags"> {
  /** Of copies that are made now. */
  readonly tags: () => Tags;
  /** The second in which the staging ended: what was written later is not what was staged. */
  readonly sealed: number;
}

/** @param replica what the destination's listing has under the object's key */
async function replicated(
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
      replica = object; // it is there, but has to be looked at
    }
  }
  const { key, size } = object;
  const job: ReplicaJob = {
    ...{
      method: tree.method,
      patience: tree.patience,
      onWait: tree.onWait,
      tags: tree.tags(),
      size,
      signal,
      onBytes,
    },
    // The rule has had its time.
    deadline: performance.now(),
    source: { ...tree.source, key },
    destination: { ...tree.destination, key },
    mayBeThere: replica !== undefined,
  };
  return longerWork(tree.destination.bucket).run(() => ensureReplica(job), signal);
}

/** @returns whether the copy's ETag is the object's; some encryptions give each object its own */
async function copySmall(
  { source, destination, tags }: Tree,
  { key, etag, size }: ListedObject,
  signal: AbortSignal,
): Promise<boolean> {
  const place = { ...source, key };
  const { client, bucket } = destination;
  const input = { bucket, key, source: sourceOf(place, { ifMatch: etag }), tags: tags() };
  const way = { source: place, size, destination: client, signal };
  const copied = await turnsFor("copy", bucket).run(0, () => sendCopy(way, input), signal);
  return copied.etag === etag;
}

/**
 * Waits until the destination lists everything that the rule is to replicate, or the rule will not bring it: no rule took
 * the objects, it failed, or its time is over.
 * @returns bytes of the files that are there
 */
async function awaitRule(tree: Tree): Promise<number> {
  const { patience, signal } = tree;
  const started = performance.now();
  const deadline = deadlineFor(patience, tree.sizeBytes);
  let told = 0;
  let firstMissing: string | undefined;
  let status: GivenUp["status"] | undefined;
  const giveUp = async (): Promise<number> => {
    if (status !== undefined) {
      const waitedMs = performance.now() - started;
      await tree.onGiveUp?.({ status, bytes: tree.sizeBytes - told, waitedMs });
    }
    return told;
  };
  for (let delay = patience.firstPollMs; ; delay = Math.min(delay * 1.5, patience.maxPollMs)) {
    const begun = performance.now();
    const { bytes, missing } = await compareListings(tree);
    if (bytes > told) tree.onBytes(bytes - told);
    told = Math.max(told, bytes);
    if (missing.length === 0) return told;
    if (performance.now() > deadline) return giveUp();
    // Listing takes its time: what was missing when it began may be there when it ends, and others on their way.
    const moves = missing[0]?.key !== firstMissing;
    firstMissing = missing[0]?.key;
    const statuses = await statusesOf(tree, missing);
    status = (["PENDING", "FAILED"] as const).find((one) => statuses.has(one));
    if (!statuses.has("PENDING") && !(moves && statuses.has("COMPLETED"))) return giveUp();
    tree.onWait(`Waiting for S3 to replicate ${formatBytes(tree.sizeBytes)}`);
    // Listings of many objects are no cheap question.
    await pause(Math.max(delay, 2 * (performance.now() - begun)), signal);
  }
}

async function compareListings(tree: Tree): Promise<{ bytes: number; missing: readonly ListedObject[] }> {
  const missing: ListedObject[] = [];
  let bytes = 0;
  for await (const [object, replica] of pairs(tree, tree.signal)) {
    if (replica === undefined) {
      if (missing.length < SAMPLE) missing.push(object);
    } else if (object.key !== tree.manifestKey && isSame(object, replica)) {
      bytes += object.size;
    }
  }
  return { bytes, missing };
}

/** What S3 says of the replication of the objects. */
async function statusesOf(tree: Tree, objects: readonly ListedObject[]): Promise<Set<string | undefined>> {
  const found = await Promise.all(objects.map(({ key }) => headObject({ ...tree.source, key }, tree.signal)));
  return new Set(found.map((object) => object?.replication));
}

async function* pairs(
  job: Omit<TreeJob, "tags">,
  signal: AbortSignal,
  onStale: (replica: ListedObject) => void = () => {},
): AsyncGenerator<[ListedObject, ListedObject | undefined], void, void> {
  const prefix = entryPrefix(job.stagingId);
  const keyOf = ({ key }: ListedObject): string => key;
  const list = ({ client, bucket }: Omit<ObjectPlace, "key">) => listObjects(client, bucket, prefix, signal);
  for await (const [object, replica] of mergeSorted(list(job.source), keyOf, list(job.destination), keyOf)) {
    if (object !== undefined) yield [object, replica];
    else onStale(replica);
  }
}

/** Equal ETags of one kind are of equal bytes: MD5s, in equal parts where there are any. */
const isSame = (object: ListedObject, replica: ListedObject): boolean =>
  object.size === replica.size && object.etag !== "" && object.etag === replica.etag;

/** Whether the object is for certain what was staged, by its time. Of the last ones their metadata tell. */
const isUntouched = (object: ListedObject, { sealed }: Tree): boolean =>
  wholeSecond(object.lastModified) < sealed;

/** Listings and HEADs tell times to different digits. */
const wholeSecond = (time: Date): number => Math.floor(time.getTime() / 1000);

function notWhole(job: TreeJob, objects: number, bytes: number): UserError {
  const url = `s3://${job.source.bucket}/${entryPrefix(job.stagingId)}`;
  if (objects === 0) {
    return new UserError(`${url} holds nothing to replicate`, {
      why: "The data expired, or somebody deleted them.",
      fix: "Stage the data again.",
    });
  }
  return new UserError(`${url} is not what was staged`, {
    why: `It has ${objects} objects of ${bytes} bytes beside the manifest's, instead of ${job.fileCount + 1} of ${job.sizeBytes}: somebody wrote to it.`,
    fix: "Stage the data again.",
  });
}
