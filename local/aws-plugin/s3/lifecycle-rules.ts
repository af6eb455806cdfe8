import type { LifecycleRule, LifecycleRuleFilter, TransitionStorageClass } from "@aws-sdk/client-s3";
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
  id: string({ required: true, problem: idProblem }),
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
    ...(expiration && {
      Expiration: {
        ...given("Days", expiration.days || undefined),
        ...given("Date", toDate(expiration.date)),
        ...given("ExpiredObjectDeleteMarker", expiration.expiredObjectDeleteMarker || undefined),
      },
    }),
    ...(noncurrent && {
      NoncurrentVersionExpiration: {
        NoncurrentDays: noncurrent.noncurrentDays,
        ...given("NewerNoncurrentVersions", noncurrent.newerNoncurrentVersions),
      },
    }),
    ...(abort && { AbortIncompleteMultipartUpload: given("DaysAfterInitiation", abort.daysAfterInitiation) }),
    ...(rule.transitions?.length && {
      Transitions: rule.transitions.map((transition) => ({
        ...given("Days", transition.days),
        ...given("Date", toDate(transition.date)),
        StorageClass: transition.storageClass,
      })),
    }),
    ...(rule.noncurrentVersionTransitions?.length && {
      NoncurrentVersionTransitions: rule.noncurrentVersionTransitions.map((transition) => ({
        NoncurrentDays: transition.noncurrentDays,
        ...given("NewerNoncurrentVersions", transition.newerNoncurrentVersions),
        StorageClass: transition.storageClass,
      })),
    }),
  };
}

export function fromLifecycleRule(rule: LifecycleRule): Rule {
  const { Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload } = rule;
  return {
    id: rule.ID ?? "",
    status: rule.Status ?? "Disabled",
    ...(rule.Prefix ? { prefix: rule.Prefix } : {}),
    ...(rule.Filter && { filter: fromFilter(rule.Filter) }),
    ...(Expiration && {
      expiration: {
        ...given("days", Expiration.Days),
        ...given("date", fromDate(Expiration.Date)),
        ...given("expiredObjectDeleteMarker", Expiration.ExpiredObjectDeleteMarker),
      },
    }),
    ...(NoncurrentVersionExpiration && {
      noncurrentVersionExpiration: {
        noncurrentDays: NoncurrentVersionExpiration.NoncurrentDays ?? 0,
        ...given("newerNoncurrentVersions", NoncurrentVersionExpiration.NewerNoncurrentVersions),
      },
    }),
    ...(AbortIncompleteMultipartUpload && {
      abortIncompleteMultipartUpload: given(
        "daysAfterInitiation",
        AbortIncompleteMultipartUpload.DaysAfterInitiation,
      ),
    }),
    ...(rule.Transitions?.length && {
      transitions: rule.Transitions.map((transition) => ({
        ...given("days", transition.Days),
        ...given("date", fromDate(transition.Date)),
        storageClass: storageClassOf(transition.StorageClass),
      })),
    }),
    ...(rule.NoncurrentVersionTransitions?.length && {
      noncurrentVersionTransitions: rule.NoncurrentVersionTransitions.map((transition) => ({
        noncurrentDays: transition.NoncurrentDays ?? 0,
        ...given("newerNoncurrentVersions", transition.NewerNoncurrentVersions),
        storageClass: storageClassOf(transition.StorageClass),
      })),
    }),
  };
}

/** S3 expects a single predicate bare and several in `And`. */
function toFilter({
  prefix,
  tag,
  and,
  objectSizeGreaterThan,
  objectSizeLessThan,
}: Filter): LifecycleRuleFilter {
  if (and) {
    return {
      And: {
        ...given("Prefix", and.prefix),
        ...given("Tags", and.tags && toTagList(and.tags)),
        ...given("ObjectSizeGreaterThan", and.objectSizeGreaterThan || undefined),
        ...given("ObjectSizeLessThan", and.objectSizeLessThan || undefined),
      },
    };
  }
  if (tag) return { Tag: { Key: tag.key, Value: tag.value } };
  if (objectSizeGreaterThan) return { ObjectSizeGreaterThan: objectSizeGreaterThan };
  if (objectSizeLessThan) return { ObjectSizeLessThan: objectSizeLessThan };
  return { Prefix: prefix ?? "" };
}

function fromFilter({
  Prefix,
  Tag,
  And,
  ObjectSizeGreaterThan,
  ObjectSizeLessThan,
}: LifecycleRuleFilter): Filter {
  return {
    ...given("prefix", Prefix || undefined),
    ...given("objectSizeGreaterThan", ObjectSizeGreaterThan),
    ...given("objectSizeLessThan", ObjectSizeLessThan),
    ...(Tag && { tag: { key: Tag.Key ?? "", value: Tag.Value ?? "" } }),
    ...(And && {
      and: {
        ...given("prefix", And.Prefix || undefined),
        ...given("tags", fromTagList(And.Tags)),
        ...given("objectSizeGreaterThan", And.ObjectSizeGreaterThan),
        ...given("objectSizeLessThan", And.ObjectSizeLessThan),
      },
    }),
  };
}

function onePredicate(filter: Item): string | undefined {
  const given = Object.entries(filter).filter(([, value]) => value !== "" && value !== 0);
  if (given.length <= 1) return undefined;
  return `expected one of ${given.map(([name]) => name).join(", ")}: several belong into "and"`;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html */
function idProblem(id: string): string | undefined {
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

/** The property, if it has a value. */
function given<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]: V });
}
