import type { Tags } from "./classes.ts";
import type { StagingId } from "./ids.ts";
import { MS_PER_DAY, removalMidnight, type TtlDays } from "./ttl.ts";

/** A lifecycle rule as S3's API has it, as far as it can end an object's life. */
export interface OwnRule {
  readonly ID?: string | undefined;
  readonly Status?: string | undefined;
  /** Of the API's first version, in place of a filter. */
  readonly Prefix?: string | undefined;
  readonly Filter?: OwnFilter | undefined;
  readonly Expiration?: { readonly Days?: number | undefined; readonly Date?: Date | undefined } | undefined;
  readonly Transitions?: readonly OwnTransition[] | undefined;
}

interface OwnTransition {
  readonly Days?: number | undefined;
  readonly Date?: Date | undefined;
  readonly StorageClass?: string | undefined;
}

interface OwnTag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

interface Conditions {
  readonly Prefix?: string | undefined;
  readonly ObjectSizeGreaterThan?: number | undefined;
  readonly ObjectSizeLessThan?: number | undefined;
}

interface OwnFilter extends Conditions {
  readonly Tag?: OwnTag | undefined;
  readonly And?: (Conditions & { readonly Tags?: readonly OwnTag[] | undefined }) | undefined;
}

/** What of an entry decides which rules apply to it. */
export interface Lifetime {
  readonly id: StagingId;
  readonly ttl: TtlDays;
  /** All tags that an object of it can carry. */
  readonly tags: Tags;
  readonly uploadedAt: Date;
  /** Bytes of its largest object at most. @default any size */
  readonly maxSizeBytes?: number | undefined;
}

/** A rule of the user's that ends an entry's use before its TTL does. */
export interface EarlyEnd {
  readonly ruleId: string;
  /** `archive`: S3 keeps the data where instances cannot read them without a restoration. */
  readonly end: "expire" | "archive";
  /** Whole days of the TTL that the rule leaves; 0 where there is none. */
  readonly days: number;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html */
const ARCHIVES: ReadonlySet<string> = new Set(["GLACIER", "DEEP_ARCHIVE"]);

/**
 * The rule that ends the entry first, of those that do so before its TTL: of all rules that apply to an object, S3
 * follows the earliest. In doubt a rule applies, such as one for sizes that an object of a directory may have.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
 * @param rules without our own
 */
export function earlyEnd(rules: readonly OwnRule[], entry: Lifetime): EarlyEnd | undefined {
  const ends = rules
    .filter((rule) => rule.Status === "Enabled" && applies(rule, entry))
    .flatMap((rule) => endsOf(rule, entry))
    .filter(({ days }) => days < entry.ttl);
  return ends.sort((a, b) => a.days - b.days)[0];
}

function endsOf({ ID, Expiration, Transitions = [] }: OwnRule, entry: Lifetime): EarlyEnd[] {
  const ruleId = ID ?? "without an ID";
  const archives = Transitions.filter(({ StorageClass = "" }) => ARCHIVES.has(StorageClass));
  return [
    ...[Expiration ?? {}].map((when) => ({ ruleId, end: "expire" as const, days: daysUntil(when, entry) })),
    ...archives.map((when) => ({ ruleId, end: "archive" as const, days: daysUntil(when, entry) })),
  ].flatMap(({ days, ...end }) => (days === undefined ? [] : { ...end, days }));
}

/** The longest TTL that ends no later; undefined where there is neither a number of days nor a date. */
function daysUntil({ Days, Date: date }: OwnTransition, { uploadedAt, ttl }: Lifetime): number | undefined {
  if (Days !== undefined) return Days;
  if (date === undefined) return undefined;
  const left = Math.floor((date.getTime() - removalMidnight(uploadedAt, ttl).getTime()) / MS_PER_DAY);
  return Math.max(0, ttl + left);
}

function applies({ Prefix, Filter = {} }: OwnRule, entry: Lifetime): boolean {
  const { And = {}, Tag } = Filter;
  const tags = [...(And.Tags ?? []), ...(Tag === undefined ? [] : [Tag])];
  return (
    [Prefix, Filter.Prefix, And.Prefix].every((prefix = "") => meetsPrefix(prefix, entry.id)) &&
    tags.every(({ Key = "", Value = "" }) => entry.tags[Key] === Value) &&
    [Filter, And].every((sizes) => meetsSizes(sizes, entry.maxSizeBytes))
  );
}

/** Whether an object of the entry can have a name that begins so. */
function meetsPrefix(prefix: string, id: StagingId): boolean {
  const own = `${id}/`;
  return own.startsWith(prefix) || prefix.startsWith(own);
}

/** Whether an object of at most `max` bytes, and at least one, can be of the size. */
function meetsSizes(
  { ObjectSizeGreaterThan: above = 0, ObjectSizeLessThan: below = Number.POSITIVE_INFINITY }: Conditions,
  max = Number.POSITIVE_INFINITY,
): boolean {
  return above < max && below > 1;
}
