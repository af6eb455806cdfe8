import { errorName, statusOf } from "../../../connection/errors/failure.ts";
import { forEachParallel } from "../../../provider/flow/parallel.ts";
import { lockConfigurationOf } from "../../../provider/store/object-lock.ts";
import type { ObjectStore } from "../../../provider/store/object-store.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { entryPrefix } from "../../../staging/manifest.ts";
import { shellQuoted } from "../../../staging/shell.ts";
import type { Context } from "../../context.ts";
import type { BucketName } from "../entry/remains/buckets.ts";

/** A lock that keeps S3 from deleting a version of an object. */
interface ObjectLock {
  readonly bucket: string;
  readonly region: string;
  readonly key: string;
  readonly versionId: string;
  /** The end of the retention; undefined for a legal hold, which a user has to release. */
  readonly until: Date | undefined;
}

/** Concurrent requests while the versions are checked. */
const IN_FLIGHT = 16;

/**
 * The first locks under an entry's prefix, at most one per bucket. A bucket without Object Lock costs one request; in others it reads the
 * hold and the retention of every version until it finds a lock.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
 */
export async function findLocks(
  context: Pick<Context, "s3" | "store">,
  id: StagingId,
  buckets: readonly BucketName[],
  now: Date,
): Promise<ObjectLock[]> {
  const found = await Promise.all(
    buckets.map(async (named) => {
      const client = await context.s3(named.region);
      const locking = await lockConfigurationOf(client, named.bucket);
      return locking === undefined
        ? undefined
        : await firstLock(await context.store(named.region), named, id, now);
    }),
  );
  return found.filter((lock) => lock !== undefined);
}

class Found extends Error {
  readonly lock: ObjectLock;

  constructor(lock: ObjectLock) {
    super("found");
    this.lock = lock;
  }
}

async function firstLock(
  store: ObjectStore,
  named: BucketName,
  id: StagingId,
  now: Date,
): Promise<ObjectLock | undefined> {
  try {
    await forEachParallel(
      (stop) => versionsOf(store, named.bucket, id, stop),
      IN_FLIGHT,
      new AbortController().signal,
      async ({ key, versionId }, stop) => {
        const lock = await lockOf(store, named, { key, versionId }, now, stop);
        if (lock !== undefined) throw new Found(lock);
      },
    );
    return undefined;
  } catch (error) {
    if (error instanceof Found) return error.lock;
    throw error;
  }
}

interface Version {
  readonly key: string;
  readonly versionId: string;
}

async function* versionsOf(
  store: ObjectStore,
  bucket: string,
  id: StagingId,
  abortSignal: AbortSignal,
): AsyncGenerator<Version> {
  const versions = store.listVersions({ bucket, prefix: entryPrefix(id) }, abortSignal);
  for await (const { key, versionId = "", isDeleteMarker } of versions)
    if (!isDeleteMarker) yield { key, versionId };
}

async function lockOf(
  store: ObjectStore,
  { bucket, region }: BucketName,
  { key, versionId }: Version,
  now: Date,
  abortSignal: AbortSignal,
): Promise<ObjectLock | undefined> {
  try {
    const head = await store.head({ bucket, key, versionId }, abortSignal);
    if (head === undefined) return undefined;
    const at = { bucket, region, key, versionId };
    if (head.hasLegalHold) return { ...at, until: undefined };
    return head.retainUntil !== undefined && head.retainUntil > now
      ? { ...at, until: head.retainUntil }
      : undefined;
  } catch (error) {
    // It was deleted meanwhile, or the credentials may not read it. Then S3 itself refuses the deletion of a locked version.
    if (statusOf(error) === 403 || errorName(error) === "NoSuchVersion") return undefined;
    throw error;
  }
}

/**
 * The error for a deletion that S3 refuses because of locks.
 * @param again the command to run after the lock has ended
 */
export function lockedError(
  id: StagingId,
  locks: readonly ObjectLock[],
  done: "nothing" | "some",
  again: string,
): UserError {
  const names = locks.map(({ bucket, key, until }) => {
    const how = until === undefined ? "a legal hold" : `a retention until ${until.toISOString()}`;
    return `s3://${bucket}/${key} has ${how}`;
  });
  const hold = locks.find(({ until }) => until === undefined);
  const release =
    hold &&
    `aws s3api put-object-legal-hold --bucket ${shellQuoted(hold.bucket)} --key ${shellQuoted(hold.key)} --version-id ${shellQuoted(hold.versionId)} --legal-hold Status=OFF --region ${shellQuoted(hold.region)}`;
  const rest = done === "nothing" ? "Nothing was deleted" : "Locked data stay, and are listed as deleting";
  return new UserError(`${id} cannot be deleted: S3 Object Lock protects its objects`, {
    why: `${names.join("; ")}. ${rest}; S3 charges for it, and stage cost counts it.`,
    fix: release === undefined ? `Once the retention is over: ${again}` : `${release} && ${again}`,
  });
}
