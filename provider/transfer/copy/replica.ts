import { isReplicateTag, type Tags } from "../../../staging/classes.ts";
import type { ReplicationMethod } from "../../../staging/entry.ts";
import { UserError } from "../../../staging/errors.ts";
import type { Fallback } from "../../../staging/fallback.ts";
import { formatBytes } from "../../../staging/units.ts";
import { pause } from "../../store/retry.ts";
import {
  type Comparison,
  compareObjects,
  headObject,
  headWithChecksums,
  type ObjectPlace,
  type StoredObject,
  withChecksums,
} from "../../store/stored-object.ts";
import { ensureTags, readTags } from "../../store/tagging.ts";
import type { DataPlane } from "../data-plane.ts";
import { abortUploads } from "../delete.ts";
import { checksumMismatch } from "../verify/mismatch.ts";
import { ageingTags } from "./ageing-tags.ts";
import { copyObject } from "./copy.ts";

/** The time to wait for a replication rule before spawn copies the object instead. */
export interface RulePatience {
  /** The wait for an object of any size. */
  readonly baseMs: number;
  /** Adds the transfer time of the bytes at this rate. */
  readonly bytesPerSecond: number;
  readonly firstPollMs: number;
  readonly maxPollMs: number;
}

/**
 * S3 replicates most objects within 15 minutes. Without RTC it promises no time. A copy during a replication is billed twice.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-troubleshoot.html
 */
export const DEFAULT_PATIENCE: RulePatience = {
  baseMs: 20 * 60_000,
  bytesPerSecond: 50_000_000,
  firstPollMs: 300,
  maxPollMs: 15_000,
};

export interface ReplicaJob {
  readonly plane: DataPlane;
  readonly source: ObjectPlace;
  readonly destination: ObjectPlace;
  /** The expected size of the source in bytes, if known. */
  readonly size: number | undefined;
  readonly method: ReplicationMethod;
  readonly patience: RulePatience;
  /** The end of the wait for rules, on the clock of `performance.now()`. @default depends on the object's size */
  readonly deadline?: number;
  /** The tags of a copy. @default the source's, without the replicate tags */
  readonly tags?: Tags;
  /** Whether the destination may already have the object. @default true */
  readonly mayExist?: boolean;
  readonly signal: AbortSignal;
  /** Called with the bytes that the replica has received since the last call. */
  onBytes(bytes: number): void;
  onWait(message: string): void;
  /** Called before spawn copies bytes that a rule should have replicated. The copy waits for the promise. */
  onFallback?(fallback: RuleFallback): Promise<void>;
}

/** The end of the wait for a rule: see `staging/fallback.ts`. */
export type RuleFallback = Pick<Fallback, "status" | "bytes" | "waitedMs">;

export interface ReplicaResult {
  readonly via: "rule" | "copy";
  readonly verifiedBy: Exclude<Comparison, "differs">;
}

/**
 * Creates and verifies a replica. An equal replica stays. If the replica does not exist or is of an earlier version, it waits for
 * the rule that replicates the object; if no rule delivers it, it copies the object. It copies once more if the replica differs.
 * @throws UserError if the source is missing or of another size, or if the replica differs again
 */
export async function ensureReplica(job: ReplicaJob): Promise<ReplicaResult> {
  const source = await describeSource(job);
  let replica = job.mayExist === false ? undefined : await findReplica(job);
  let via: ReplicaResult["via"] = replica?.replication === "REPLICA" ? "rule" : "copy";
  if (job.method === "rule" && !isCurrent(replica, source)) {
    const delivered = await awaitRule(job, source);
    if (delivered !== undefined) [replica, via] = [delivered, "rule"];
  }
  if (replica !== undefined) {
    const verifiedBy = compareObjects(source, replica);
    if (verifiedBy !== "differs") {
      await abortUnfinishedCopies(job, source);
      job.onBytes(source.size);
      return { via, verifiedBy };
    }
  }
  const tags = job.tags ?? copyTags(await readTags(job.source, job.signal), source.lastModified)();
  for (let attempt = replica === undefined ? 1 : 2; ; attempt += 1) {
    let copied = 0;
    await copyObject({
      ...{ plane: job.plane, source: job.source, object: source, destination: job.destination, tags },
      // If the server has no checksum of the copy, ETags match only for equal parts.
      keepParts: attempt >= 2,
      signal: job.signal,
      onBytes: (bytes) => {
        copied += bytes;
        job.onBytes(bytes);
      },
    });
    const copy = await findReplica(job);
    const verifiedBy = copy === undefined ? "differs" : compareObjects(source, copy);
    if (verifiedBy !== "differs") {
      // Some servers drop the tags of a multipart upload.
      if (job.tags === undefined || source.facts?.partSize !== 0) {
        await ensureTags(job.destination, tags, job.signal);
      }
      await abortUnfinishedCopies(job, source);
      return { via: "copy", verifiedBy };
    }
    if (attempt >= 2) throw replicaDiffers(job);
    job.onBytes(-copied);
  }
}

async function describeSource(job: ReplicaJob): Promise<StoredObject> {
  const found = await headObject(job.source, job.signal);
  if (found === undefined) {
    throw new UserError(`s3://${job.source.bucket}/${job.source.key} is missing`, {
      why: "It expired or was deleted.",
      fix: "Stage the data again.",
    });
  }
  if (job.size !== undefined && found.size !== job.size) {
    throw new UserError(`s3://${job.source.bucket}/${job.source.key} is not what was staged`, {
      why: `It has ${found.size} bytes instead of ${job.size}: another program changed it.`,
      fix: "Stage the data again.",
    });
  }
  // Every staged object has these metadata; an object of another program does not.
  if (found.facts === undefined) {
    throw new UserError(`s3://${job.source.bucket}/${job.source.key} is not what was staged`, {
      why: "Another program wrote an object of the same size in its place.",
      fix: "Stage the data again.",
    });
  }
  return withChecksums(found, job.source, job.signal);
}

const findReplica = ({ destination, signal }: ReplicaJob): Promise<StoredObject | undefined> =>
  headWithChecksums(destination, signal);

/** Whether the replica exists, and is not of an earlier version: an older object with other bytes. */
const isCurrent = (replica: StoredObject | undefined, source: StoredObject): boolean =>
  replica !== undefined &&
  (replica.lastModified >= source.lastModified || compareObjects(source, replica) !== "differs");

/**
 * Waits for the rule's replica.
 * @returns undefined if no rule applies to the object, if the rule failed, or at the deadline
 */
async function awaitRule(job: ReplicaJob, source: StoredObject): Promise<StoredObject | undefined> {
  const { patience } = job;
  const begun = performance.now();
  const fallBack = async (status: RuleFallback["status"]): Promise<void> =>
    job.onFallback?.({ status, bytes: source.size, waitedMs: performance.now() - begun });
  const deadline = job.deadline ?? deadlineFor(patience, source.size);
  let status = source.replication;
  for (
    let delay = patience.firstPollMs;
    status === "PENDING";
    delay = Math.min(delay * 1.5, patience.maxPollMs)
  ) {
    if (performance.now() > deadline) {
      await fallBack(status);
      return undefined;
    }
    job.onWait(`Waiting for S3 to replicate ${formatBytes(source.size)}`);
    await pause(delay, job.signal);
    // The status stays PENDING until every destination has the object; this destination may have it earlier.
    const replica = await findReplica(job);
    if (isCurrent(replica, source)) return replica;
    status = (await headObject(job.source, job.signal))?.replication;
  }
  if (status === "FAILED") await fallBack(status);
  // Some servers report COMPLETED as soon as one of several destinations has the object, so check this destination.
  return status === "COMPLETED" ? findReplica(job) : undefined;
}

/** The deadline of rules for `bytes`, on the clock of `performance.now()`. */
export function deadlineFor({ baseMs, bytesPerSecond }: RulePatience, bytes: number): number {
  return performance.now() + baseMs + (bytes / bytesPerSecond) * 1000;
}

/**
 * The tags of a copy: the source's without the replicate tags, and with a TTL class that makes both expire together.
 * @param createdAt the time of the source's creation
 */
export function copyTags(tags: Tags, createdAt: Date): () => Tags {
  const kept = Object.fromEntries(Object.entries(tags).filter(([key]) => !isReplicateTag(key)));
  return ageingTags(kept, createdAt);
}

/** Aborts interrupted copies, whose parts S3 bills. A creation whose response was lost leaves an upload, too. */
async function abortUnfinishedCopies(
  { destination, signal }: ReplicaJob,
  source: StoredObject,
): Promise<void> {
  if (source.facts?.partSize === 0) return;
  const { store, bucket, key } = destination;
  await abortUploads(store, bucket, key, signal, key);
}

function replicaDiffers({ destination: { bucket, key } }: ReplicaJob): UserError {
  return checksumMismatch(
    bucket,
    key,
    "the replica was made twice, and its size, checksum or ETag was not the source's. Check who else writes to the bucket.",
  );
}
