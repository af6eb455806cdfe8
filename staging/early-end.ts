import type { Tags } from "./classes.ts";
import type { StagingId } from "./ids.ts";
import { MS_PER_DAY, removalMidnight, type TtlDays } from "./ttl.ts";

/** A lifecycle rule in the form of S3's API, with the parts that can end an object's life. */
export interface OwnRule {
  readonly ID?: string | undefined;
  readonly Status?: string | undefined;
  /** From the API's first version, in place of a filter. */
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

/** The properties of an entry that decide which rules apply to it. */
export interface Lifetime {
  readonly id: StagingId;
  readonly ttl: TtlDays;
  /** All tags that an object of the entry can carry. */
  readonly tags: Tags;
  readonly uploadedAt: Date;
  /** Maximum bytes of its largest object. @default any size */
  readonly maxSizeBytes?: number | undefined;
}

/** A user's rule that ends an entry before its TTL does. */
export interface EarlyEnd {
  readonly ruleId: string;
  /** `archive`: instances cannot read the data without a restore. */
  readonly end: "expire" | "archive";
  /** Whole days of the TTL that the rule leaves; possibly 0. */
  readonly days: number;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html */
const ARCHIVES: ReadonlySet<string> = new Set(["GLACIER", "DEEP_ARCHIVE"]);

/**
 * The user's rule that first ends the entry before its TTL: S3 follows the earliest of all rules that apply to an
 * object. A rule that might apply counts, such as one for sizes that an object of a directory may have.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
 * @param rules without spawn's own
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

/** The longest TTL that ends no later; undefined if the rule has neither days nor a date. */
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

/** Whether an object of the entry can have a name with this prefix. */
function meetsPrefix(prefix: string, id: StagingId): boolean {
  const own = `${id}/`;
  return own.startsWith(prefix) || prefix.startsWith(own);
}

/** Whether an object of 1 to `max` bytes can have a size that the rule matches. */
function meetsSizes(
  { ObjectSizeGreaterThan: above = 0, ObjectSizeLessThan: below = Number.POSITIVE_INFINITY }: Conditions,
  max = Number.POSITIVE_INFINITY,
): boolean {
  return above < max && below > 1;
}
