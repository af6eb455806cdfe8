import type { LifecycleRule, LifecycleRuleFilter, TransitionStorageClass } from "@aws-sdk/client-s3";
import { omitUndefined, undefinedIfEmpty } from "../../../staging/omit.ts";
import {
  boolean,
  choice,
  type Item,
  integer,
  list,
  object,
  string,
  strings,
  type ValueOf,
} from "../../../staging/schema/fields.ts";
import { fromTagList, toTagList } from "../sdk/tags.ts";

/** A lifecycle rule in the program's form and in S3's. */

const days = integer({ min: 1, computed: true });
const date = string({ problem: dateProblem });
const sizes = {
  objectSizeGreaterThan: integer({ computed: true }),
  objectSizeLessThan: integer({ computed: true }),
};
const storageClass = choice(
  ["GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR"],
  { required: true },
);

const filter = object(
  {
    prefix: string({}),
    ...sizes,
    tag: object({ key: string({ required: true }), value: string({ required: true }) }),
    and: object({ prefix: string({}), tags: strings(), ...sizes }),
  },
  { problem: onePredicate },
);

export const lifecycleRule = object({
  id: string({ required: true, problem: ruleIdProblem }),
  status: choice(["Enabled", "Disabled"], { required: true }),
  prefix: string({ computed: true }),
  filter,
  expiration: object({ days, date, expiredObjectDeleteMarker: boolean({ computed: true }) }),
  noncurrentVersionExpiration: object({
    noncurrentDays: integer({ required: true, min: 1 }),
    newerNoncurrentVersions: integer({ min: 1 }),
  }),
  abortIncompleteMultipartUpload: object({ daysAfterInitiation: integer({ min: 1 }) }),
  transitions: list(object({ days: integer({ computed: true }), date, storageClass }), {
    keyOf: (transition) => transition.storageClass,
  }),
  noncurrentVersionTransitions: list(
    object({
      noncurrentDays: integer({ required: true }),
      newerNoncurrentVersions: integer({ min: 1 }),
      storageClass,
    }),
    { keyOf: (transition) => transition.storageClass },
  ),
});

type Rule = ValueOf<typeof lifecycleRule>;
type Filter = NonNullable<Rule["filter"]>;

export function toLifecycleRule(rule: Rule): LifecycleRule {
  const { expiration, noncurrentVersionExpiration: noncurrent, abortIncompleteMultipartUpload: abort } = rule;
  return {
    ID: rule.id,
    Status: rule.status,
    // S3 requires an explicit filter or, in the old form, a prefix, even without filtering.
    ...(rule.prefix !== undefined && rule.filter === undefined
      ? { Prefix: rule.prefix }
      : { Filter: toFilter(rule.filter ?? {}) }),
    Expiration: expiration && {
      Days: expiration.days || undefined,
      Date: toDate(expiration.date),
      ExpiredObjectDeleteMarker: expiration.expiredObjectDeleteMarker || undefined,
    },
    NoncurrentVersionExpiration: noncurrent && {
      NoncurrentDays: noncurrent.noncurrentDays,
      NewerNoncurrentVersions: noncurrent.newerNoncurrentVersions,
    },
    AbortIncompleteMultipartUpload: abort && { DaysAfterInitiation: abort.daysAfterInitiation },
    Transitions: undefinedIfEmpty(rule.transitions)?.map((transition) => ({
      Days: transition.days,
      Date: toDate(transition.date),
      StorageClass: transition.storageClass,
    })),
    NoncurrentVersionTransitions: undefinedIfEmpty(rule.noncurrentVersionTransitions)?.map((transition) => ({
      NoncurrentDays: transition.noncurrentDays,
      NewerNoncurrentVersions: transition.newerNoncurrentVersions,
      StorageClass: transition.storageClass,
    })),
  };
}

export function fromLifecycleRule(rule: LifecycleRule): Rule {
  const { Expiration: expiration, NoncurrentVersionExpiration: noncurrent } = rule;
  const abort = rule.AbortIncompleteMultipartUpload;
  return {
    id: rule.ID ?? "",
    status: rule.Status ?? "Disabled",
    ...omitUndefined({
      prefix: rule.Prefix || undefined,
      filter: rule.Filter && fromFilter(rule.Filter),
      expiration:
        expiration &&
        omitUndefined({
          days: expiration.Days,
          date: fromDate(expiration.Date),
          expiredObjectDeleteMarker: expiration.ExpiredObjectDeleteMarker,
        }),
      noncurrentVersionExpiration: noncurrent && {
        noncurrentDays: noncurrent.NoncurrentDays ?? 0,
        ...omitUndefined({ newerNoncurrentVersions: noncurrent.NewerNoncurrentVersions }),
      },
      abortIncompleteMultipartUpload:
        abort && omitUndefined({ daysAfterInitiation: abort.DaysAfterInitiation }),
      transitions: undefinedIfEmpty(rule.Transitions)?.map((transition) => ({
        ...omitUndefined({ days: transition.Days, date: fromDate(transition.Date) }),
        storageClass: storageClassOf(transition.StorageClass),
      })),
      noncurrentVersionTransitions: undefinedIfEmpty(rule.NoncurrentVersionTransitions)?.map(
        (transition) => ({
          noncurrentDays: transition.NoncurrentDays ?? 0,
          ...omitUndefined({ newerNoncurrentVersions: transition.NewerNoncurrentVersions }),
          storageClass: storageClassOf(transition.StorageClass),
        }),
      ),
    }),
  };
}

/** S3 expects a single predicate bare and several in `And`. */
function toFilter({ prefix = "", tag, and, ...sizes }: Filter): LifecycleRuleFilter {
  if (and) {
    return {
      And: {
        Prefix: and.prefix,
        Tags: and.tags && toTagList(and.tags),
        ObjectSizeGreaterThan: and.objectSizeGreaterThan || undefined,
        ObjectSizeLessThan: and.objectSizeLessThan || undefined,
      },
    };
  }
  if (tag) return { Tag: { Key: tag.key, Value: tag.value } };
  if (sizes.objectSizeGreaterThan) return { ObjectSizeGreaterThan: sizes.objectSizeGreaterThan };
  if (sizes.objectSizeLessThan) return { ObjectSizeLessThan: sizes.objectSizeLessThan };
  return { Prefix: prefix };
}

function fromFilter({ Prefix, Tag, And, ...sizes }: LifecycleRuleFilter): Filter {
  return omitUndefined({
    prefix: Prefix || undefined,
    objectSizeGreaterThan: sizes.ObjectSizeGreaterThan,
    objectSizeLessThan: sizes.ObjectSizeLessThan,
    tag: Tag && { key: Tag.Key ?? "", value: Tag.Value ?? "" },
    and:
      And &&
      omitUndefined({
        prefix: And.Prefix || undefined,
        tags: fromTagList(And.Tags),
        objectSizeGreaterThan: And.ObjectSizeGreaterThan,
        objectSizeLessThan: And.ObjectSizeLessThan,
      }),
  });
}

function onePredicate(filter: Item): string | undefined {
  const given = Object.entries(filter).filter(([, value]) => value !== "" && value !== 0);
  if (given.length <= 1) return undefined;
  return `expected one of ${given.map(([name]) => name).join(", ")}: several belong into "and"`;
}

/**
 * Of the ID of a lifecycle rule or a replication rule.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
 */
export function ruleIdProblem(id: string): string | undefined {
  return id.length > 255 ? `"${id}" has ${id.length} characters, and 255 are allowed` : undefined;
}

function dateProblem(text: string): string | undefined {
  return /^\d{4}-\d\d-\d\dT00:00:00Z$/.test(text) && !Number.isNaN(Date.parse(text))
    ? undefined
    : `"${text}" must be a midnight in UTC, such as 2026-01-31T00:00:00Z`;
}

const toDate = (text: string | undefined) => (text === undefined ? undefined : new Date(text));
const fromDate = (date: Date | undefined) => date?.toISOString().replace(".000Z", "Z");
const storageClassOf = (value: TransitionStorageClass | undefined) => value ?? "GLACIER";
