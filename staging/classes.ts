import { InputError } from "./errors.ts";
import type { StagingId } from "./ids.ts";
import type { Region } from "./regions.ts";
import { removalMidnight, TTL_CLASSES, type TtlDays, utcDay } from "./ttl.ts";

/**
 * A bucket has one lifecycle and one replication configuration, so rules are classes: the environment declares them
 * once per bucket, and an object selects its classes by tags. This file names the classes and their tags.
 */

/** S3 allows 10 tags per object. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
export const MAX_OBJECT_TAGS = 10;
/**
 * Destinations that tags can select: the tags left after the ID, the TTL and, if accounts read by the bucket's name,
 * the readers. spawn copies to further regions.
 */
export const maxTaggedDestinations = (readersTag: string | undefined): number =>
  MAX_OBJECT_TAGS - (readersTag === undefined ? 2 : 3);

const ID_TAG = "StagingID";
export const TTL_TAG = "spawn:ttl-days";
/** Its value comes from `readersTagOf`. Only access points can read an object without it. */
export const READERS_TAG = "spawn:readers";
const REPLICATE_TAG_PREFIX = "spawn:replicate-";

/** Lifecycle rule for the objects of one TTL. */
export const ttlRuleId = (ttl: TtlDays): string => `spawn-ttl-${ttl}`;
/** Lifecycle rule for everything without a TTL: incomplete multipart uploads, delete markers without versions. */
export const HOUSEKEEPING_RULE_ID = "spawn-housekeeping";
/** Days after which S3 aborts an incomplete multipart upload. */
export const ABORT_MULTIPART_DAYS = 7;
/** Days that S3 keeps a noncurrent version after its replacement or deletion. */
export const NONCURRENT_DAYS = 1;

/** Replication rule to one region. */
export const replicationRuleId = (destination: Region): string => `spawn-replicate-${destination}`;
export const replicateTag = (destination: Region): string => `${REPLICATE_TAG_PREFIX}${destination}`;
export const isReplicateTag = (key: string): boolean => key.startsWith(REPLICATE_TAG_PREFIX);

export type Tags = Readonly<Record<string, string>>;

/** Tags of an object that the client creates in its primary region. A rule replicates it to the regions in `byRule`. */
export function primaryTags(
  id: StagingId,
  ttl: TtlDays,
  byRule: readonly Region[],
  readersTag?: string,
): Tags {
  const most = maxTaggedDestinations(readersTag);
  if (byRule.length > most) {
    throw new InputError(`${byRule.length} regions cannot be replicated by rule`, {
      why: `An object carries at most ${MAX_OBJECT_TAGS} tags, which leaves ${most} regions.`,
      fix: (spell) => spell("replication", "copy"),
    });
  }
  const replicate = byRule.map((region) => [replicateTag(region), "true"]);
  return { ...replicaTags(id, ttl, readersTag), ...Object.fromEntries(replicate) };
}

/** Tags of a copy by the client: without replicate tags, because its destination would replicate it again. */
export function replicaTags(id: StagingId, ttl: TtlDays, readersTag?: string): Tags {
  const readers = readersTag === undefined ? {} : { [READERS_TAG]: readersTag };
  return { [ID_TAG]: id, [TTL_TAG]: String(ttl), ...readers };
}

/**
 * The TTL class of an object that was created after the entry's upload. S3 counts a lifecycle rule's days from the
 * object's own creation and rounds up to the next 00:00 UTC. The class subtracts the midnights since the upload, so
 * all objects of an entry expire at the same midnight. The minimum of a rule is one day, so an object created on the
 * last day expires a midnight later.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html#intro-lifecycle-rules-number-of-days
 */
export function ttlClassAt(ttl: TtlDays, uploadedAt: Date, createdAt: Date): TtlDays {
  return Math.max(1, ttl - midnightsBetween(uploadedAt, createdAt)) as TtlDays;
}

/** The TTL of an entry from the class `tag` of an object of another age: the inverse of {@link ttlClassAt}, if there is one. */
export const ttlOfClass = (tag: number, uploadedAt: Date, createdAt: Date): number =>
  tag + midnightsBetween(uploadedAt, createdAt);

/** The time at which S3 deletes an object of its {@link ttlClassAt class}. */
export const objectRemoval = (ttl: TtlDays, uploadedAt: Date, createdAt: Date): Date =>
  removalMidnight(createdAt, ttlClassAt(ttl, uploadedAt, createdAt));

/** Undefined if the clocks of two servers put the object before the upload. */
const midnightsBetween = (earlier: Date, later: Date): number => Math.max(0, utcDay(later) - utcDay(earlier));

/** In the form of the `x-amz-tagging` header: a URL query string. */
export const encodeTags = (tags: Tags): string =>
  Object.entries(tags)
    .map((tag) => tag.map(encodeURIComponent).join("="))
    .join("&");

/** One lifecycle rule as data: the component declares it, and the provider compares it with the bucket's. */
interface LifecycleClass {
  readonly id: string;
  readonly ttl: TtlDays;
  readonly tag: { readonly key: string; readonly value: string };
}

export const LIFECYCLE_CLASSES: readonly LifecycleClass[] = TTL_CLASSES.map((ttl) => ({
  id: ttlRuleId(ttl),
  ttl,
  tag: { key: TTL_TAG, value: String(ttl) },
}));
