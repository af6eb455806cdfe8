import { InputError } from "./errors.ts";
import type { StagingId } from "./ids.ts";
import type { Region } from "./regions.ts";
import { removalMidnight, TTL_CLASSES, type TtlDays, utcDay } from "./ttl.ts";

/**
 * A bucket has one lifecycle and one replication configuration, so rules are classes that the environment
 * declares once for each bucket; an object joins a class by a tag. This file names the classes and their tags.
 */

/** S3 allows 10 tags an object. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
export const MAX_OBJECT_TAGS = 10;
/**
 * Destinations that can be joined by tag: what is left beside the id, the TTL and, where accounts read by the bucket's name, the tag
 * that names them. Further ones are copied.
 */
export const maxTaggedDestinations = (readersTag: string | undefined): number =>
  MAX_OBJECT_TAGS - (readersTag === undefined ? 2 : 3);

export const ID_TAG = "StagingID";
export const TTL_TAG = "spawn:ttl-days";
/** Its value is that of `readersTagOf`; an object without it is read by access points only. */
export const READERS_TAG = "spawn:readers";
const REPLICATE_TAG_PREFIX = "spawn:replicate-";

/** Lifecycle rule for the objects of one TTL. */
export const ttlRuleId = (ttl: TtlDays): string => `spawn-ttl-${ttl}`;
/** Lifecycle rule for what no TTL covers: incomplete multipart uploads, delete markers without versions. */
export const HOUSEKEEPING_RULE_ID = "spawn-housekeeping";
/** Days after which S3 aborts a multipart upload that nobody completed. */
export const ABORT_MULTIPART_DAYS = 7;
/** Days that a noncurrent version lives on after it was replaced or deleted. */
export const NONCURRENT_DAYS = 1;

/** Replication rule towards one region. */
export const replicationRuleId = (destination: Region): string => `spawn-replicate-${destination}`;
export const replicateTag = (destination: Region): string => `${REPLICATE_TAG_PREFIX}${destination}`;
export const isReplicateTag = (key: string): boolean => key.startsWith(REPLICATE_TAG_PREFIX);

export type Tags = Readonly<Record<string, string>>;

/** Tags of an object that the client creates in its primary region. `byRule` are the regions that a rule replicates to. */
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
      fix: "--replication copy",
    });
  }
  const replicate = byRule.map((region) => [replicateTag(region), "true"]);
  return { ...replicaTags(id, ttl, readersTag), ...Object.fromEntries(replicate) };
}

/** Tags of a copy that the client makes: no replicate tags, or its destination would replicate it again. */
export function replicaTags(id: StagingId, ttl: TtlDays, readersTag?: string): Tags {
  const readers = readersTag === undefined ? {} : { [READERS_TAG]: readersTag };
  return { [ID_TAG]: id, [TTL_TAG]: String(ttl), ...readers };
}

/**
 * The TTL class of an object that was created after the entry's upload. S3 counts a lifecycle rule's days from the object's own
 * creation and rounds up to the next 00:00 UTC, so the midnights that had passed by then are taken off: all objects of an entry
 * go at the same midnight. One day is the least that a rule has, so what is created on the last day goes a midnight later.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html#intro-lifecycle-rules-number-of-days
 */
export function ttlClassAt(ttl: TtlDays, uploadedAt: Date, createdAt: Date): TtlDays {
  return Math.max(1, ttl - midnightsBetween(uploadedAt, createdAt)) as TtlDays;
}

/** The TTL of an entry, from the class `tag` of an object of another age: the inverse of {@link ttlClassAt}, if there is one. */
export const ttlOfClass = (tag: number, uploadedAt: Date, createdAt: Date): number =>
  tag + midnightsBetween(uploadedAt, createdAt);

/** When S3 removes an object of its {@link ttlClassAt class}. */
export const objectRemoval = (ttl: TtlDays, uploadedAt: Date, createdAt: Date): Date =>
  removalMidnight(createdAt, ttlClassAt(ttl, uploadedAt, createdAt));

/** None where the clocks of two servers have the object before the upload. */
const midnightsBetween = (earlier: Date, later: Date): number => Math.max(0, utcDay(later) - utcDay(earlier));

/** A tree's objects have the same tags, all of them. */
const encoded = new WeakMap<Tags, string>();

/** The `x-amz-tagging` header's form: a URL query string. */
export function encodeTags(tags: Tags): string {
  const known = encoded.get(tags);
  if (known !== undefined) return known;
  const text = new URLSearchParams(tags).toString().replaceAll("+", "%20");
  encoded.set(tags, text);
  return text;
}

/** One lifecycle rule as data; the component turns it into its resource, the provider compares it with the bucket's. */
export interface LifecycleClass {
  readonly id: string;
  readonly ttl: TtlDays;
  readonly tag: { readonly key: string; readonly value: string };
}

export const LIFECYCLE_CLASSES: readonly LifecycleClass[] = TTL_CLASSES.map((ttl) => ({
  id: ttlRuleId(ttl),
  ttl,
  tag: { key: TTL_TAG, value: String(ttl) },
}));
