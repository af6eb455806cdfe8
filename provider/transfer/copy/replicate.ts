import { isReplicateTag, type Tags } from "../../../staging/classes.ts";
import type { ReplicationMethod } from "../../../staging/entry.ts";
import { UserError } from "../../../staging/errors.ts";
import type { Fallback } from "../../../staging/fallback.ts";
import { formatBytes } from "../../../staging/units.ts";
import { pause } from "../../store/retry.ts";
import { ensureTags, readTags } from "../../store/tagging.ts";
import { abortUploads } from "../delete.ts";
import { checksumMismatch } from "../verify/mismatch.ts";
import {
  type Comparison,
  compareObjects,
  headObject,
  type ObjectPlace,
  type StoredObject,
  withChecksums,
} from "../verify/stored.ts";
import { ageingTags } from "./ageing-tags.ts";
import { copyObject } from "./copy.ts";

/** How long a replication by rule is waited for before the object is copied instead. */
export interface RulePatience {
  /** Whatever the object's size. */
  readonly baseMs: number;
  /** And the time that its bytes take at this rate. */
  readonly bytesPerSecond: number;
  readonly firstPollMs: number;
  readonly maxPollMs: number;
}

/**
 * Most objects are there within 15 minutes; S3 promises no time without RTC, and a copy while it replicates is paid twice.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-troubleshoot.html
 */
export const DEFAULT_PATIENCE: RulePatience = {
  baseMs: 20 * 60_000,
  bytesPerSecond: 50_000_000,
  firstPollMs: 300,
  maxPollMs: 15_000,
};

export interface ReplicaJob {
  readonly source: ObjectPlace;
  readonly destination: ObjectPlace;
  /** Bytes that the source must have, where that is known. */
  readonly size: number | undefined;
  readonly method: ReplicationMethod;
  readonly patience: RulePatience;
  /** Until when rules are waited for, on the clock of `performance.now()`. Default: by the object's own size. */
  readonly deadline?: number;
  /** Tags of a copy, where they are known. Default: the source's, without those that replicate. */
  readonly tags?: Tags;
  /** Whether the destination may have the object already. @default true */
  readonly mayBeThere?: boolean;
  readonly signal: AbortSignal;
  /** Called with the bytes that the replica has gained since the last call. */
  onBytes(bytes: number): void;
  onWait(message: string): void;
  /** Called before so many bytes are copied that a rule was to replicate; the copy waits for it. */
  onGiveUp?(fallback: GivenUp): Promise<void>;
}

/** A rule that is not waited for any more: see `staging/fallback.ts`. */
export type GivenUp = Pick<Fallback, "status" | "bytes" | "waitedMs">;

export interface ReplicaResult {
  readonly via: "rule" | "copy";
  readonly verifiedBy: Exclude<Comparison, "differs">;
}

/**
 * Makes sure that the destination has the object, and that it is the same. A replica that is there and the same is
 * taken as it is. Otherwise the rule's replica is waited for where there is one on its way, else the object is copied.
 * A replica that differs is made again, once.
 * @throws UserError when the source is missing or of another size, or the replica differs again
 */
export async function ensureReplica(job: ReplicaJob): Promise<ReplicaResult> {
  const source = await describeSource(job);
  let replica = job.mayBeThere === false ? undefined : await findReplica(job);
  let via: ReplicaResult["via"] = replica?.replication === "REPLICA" ? "rule" : "copy";
  if (replica === undefined && job.method === "rule") {
    replica = await awaitRule(job, source);
    if (replica !== undefined) via = "rule";
  }
  if (replica !== undefined) {
    const verifiedBy = compareObjects(source, replica);
    if (verifiedBy !== "differs") {
      await abortLeftCopies(job, source);
      job.onBytes(source.size);
      return { via, verifiedBy };
    }
  }
  const tags = job.tags ?? copyTags(await readTags(job.source, job.signal), source.lastModified)();
  for (let attempt = replica === undefined ? 1 : 2; ; attempt += 1) {
    let copied = 0;
    await copyObject({ ...job.source, object: source }, job.destination, {
      tags,
      // Should the server have no checksum of the copy, the ETags of equal parts tell.
      keepParts: attempt >= 2,
      signal: job.signal,
      onBytes: (bytes) => {
        copied += bytes;
        job.onBytes(bytes);
      },
    });
    const made = await findReplica(job);
    const verifiedBy = made === undefined ? "differs" : compareObjects(source, made);
    if (verifiedBy !== "differs") {
      // Some servers forget the tags that a multipart upload was started with.
      if (job.tags === undefined || source.facts?.partSize !== 0) {
        await ensureTags(job.destination, tags, job.signal);
      }
      await abortLeftCopies(job, source);
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
      why: "It expired, or somebody deleted it.",
      fix: "Stage the data again.",
    });
  }
  if (job.size !== undefined && found.size !== job.size) {
    throw new UserError(`s3://${job.source.bucket}/${job.source.key} is not what was staged`, {
      why: `It has ${found.size} bytes instead of ${job.size}: somebody wrote to it.`,
      fix: "Stage the data again.",
    });
  }
  // Everything that was staged has them; another program's object of the same size has not.
  if (found.facts === undefined) {
    throw new UserError(`s3://${job.source.bucket}/${job.source.key} is not what was staged`, {
      why: "Another program wrote an object of the same size in its place.",
      fix: "Stage the data again.",
    });
  }
  return withChecksums(found, job.source, job.signal);
}

async function findReplica(job: ReplicaJob): Promise<StoredObject | undefined> {
  const found = await headObject(job.destination, job.signal);
  return found && withChecksums(found, job.destination, job.signal);
}

/**
 * Waits for the rule's replica.
 * @returns undefined when none will come: no rule took the object, the rule failed, or its time is over
 */
async function awaitRule(job: ReplicaJob, source: StoredObject): Promise<StoredObject | undefined> {
  const { patience } = job;
  const begun = performance.now();
  const giveUp = async (status: GivenUp["status"]): Promise<void> =>
    job.onGiveUp?.({ status, bytes: source.size, waitedMs: performance.now() - begun });
  const deadline = job.deadline ?? deadlineFor(patience, source.size);
  let status = source.replication;
  for (
    let delay = patience.firstPollMs;
    status === "PENDING";
    delay = Math.min(delay * 1.5, patience.maxPollMs)
  ) {
    if (performance.now() > deadline) {
      await giveUp(status);
      return undefined;
    }
    job.onWait(`Waiting for S3 to replicate ${formatBytes(source.size)}`);
    await pause(delay, job.signal);
    // The status stays PENDING until every destination has the object; this one may have it before.
    const replica = await findReplica(job);
    if (replica !== undefined) return replica;
    status = (await headObject(job.source, job.signal))?.replication;
  }
  if (status === "FAILED") await giveUp(status);
  // Some servers say COMPLETED when one of several destinations has it, so it is looked for and not believed.
  return status === "COMPLETED" ? findReplica(job) : undefined;
}

/** The end of the time that rules get for `bytes`, on the clock of `performance.now()`. */
export function deadlineFor({ baseMs, bytesPerSecond }: RulePatience, bytes: number): number {
  return performance.now() + baseMs + (bytes / bytesPerSecond) * 1000;
}

/**
 * A copy carries its source's tags, but none that would have it replicated further, and the TTL class of its own age.
 * @param createdAt when the source was created
 */
export function copyTags(tags: Tags, createdAt: Date): () => Tags {
  const kept = Object.fromEntries(Object.entries(tags).filter(([key]) => !isReplicateTag(key)));
  return ageingTags(kept, createdAt);
}

/** Parts of copies that broke off, or whose beginning was never answered, are of no more use once the replica is right. */
async function abortLeftCopies({ destination, signal }: ReplicaJob, source: StoredObject): Promise<void> {
  if (source.facts?.partSize === 0) return;
  const { client, bucket, key } = destination;
  await abortUploads(client, bucket, key, signal, key);
}

function replicaDiffers({ destination: { bucket, key } }: ReplicaJob): UserError {
  return checksumMismatch(
    bucket,
    key,
    "the replica was made twice, and its size, checksum or ETag was not the source's. Check who else writes to the bucket.",
  );
}
