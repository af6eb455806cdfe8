import type { ReplicationRule, ReplicationRuleFilter, StorageClass } from "@aws-sdk/client-s3";
import { choice, integer, object, string, strings, type ValueOf } from "../../../staging/schema/fields.ts";
import { mustMatch } from "../problem.ts";
import { fromTagList, toTagList } from "../sdk/tags.ts";
import { ruleIdProblem } from "./lifecycle-rules.ts";

/** A replication rule in the program's form and in S3's. */

const bucketArnProblem = mustMatch(
  /^arn:aws[a-z-]*:s3:::[a-z0-9.-]+$/,
  "is not the ARN of a bucket, such as arn:aws:s3:::name",
);
const status = choice(["Enabled", "Disabled"], { required: true });
const minutes = integer({ required: true, min: 15, max: 15 });
const STORAGE_CLASSES = [
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER",
  "DEEP_ARCHIVE",
  "GLACIER_IR",
] as const;

export const replicationRule = object({
  id: string({ required: true, problem: ruleIdProblem }),
  status,
  priority: integer({ computed: true }),
  filter: object(
    {
      prefix: string({}),
      tag: object({ key: string({ required: true }), value: string({ required: true }) }),
      and: object({ prefix: string({}), tags: strings() }),
    },
    { required: true },
  ),
  deleteMarkerReplication: object({ status }, { required: true }),
  existingObjectReplication: object({ status }),
  destination: object(
    {
      bucket: string({ required: true, problem: bucketArnProblem }),
      account: string({}),
      storageClass: choice(STORAGE_CLASSES),
      replicationTime: object({ status, time: object({ minutes }, { required: true }) }),
      metrics: object({ status, eventThreshold: object({ minutes }) }),
    },
    { required: true },
  ),
});

type Rule = ValueOf<typeof replicationRule>;
type Filter = Rule["filter"];
type Destination = Rule["destination"];

export function toReplicationRule(rule: Rule): ReplicationRule {
  const { existingObjectReplication: existing } = rule;
  return {
    ID: rule.id,
    Priority: rule.priority ?? 0,
    Status: rule.status,
    Filter: toFilter(rule.filter),
    DeleteMarkerReplication: { Status: rule.deleteMarkerReplication.status },
    ExistingObjectReplication: existing && { Status: existing.status },
    Destination: toDestination(rule.destination),
  };
}

export function fromReplicationRule(rule: ReplicationRule): Rule {
  const existing = rule.ExistingObjectReplication?.Status;
  return {
    id: rule.ID ?? "",
    priority: rule.Priority ?? 0,
    status: rule.Status ?? "Disabled",
    filter: fromFilter(rule.Filter ?? {}),
    deleteMarkerReplication: { status: rule.DeleteMarkerReplication?.Status ?? "Disabled" },
    ...(existing && { existingObjectReplication: { status: existing } }),
    destination: fromDestination(rule.Destination),
  };
}

/** S3 expects one tag or a prefix bare and several predicates in `And`. */
function toFilter({ prefix, tag, and }: Filter): ReplicationRuleFilter {
  if (and) return { And: { Prefix: and.prefix, Tags: and.tags && toTagList(and.tags) } };
  return tag ? { Tag: { Key: tag.key, Value: tag.value } } : { Prefix: prefix ?? "" };
}

function fromFilter({ Prefix, Tag, And }: ReplicationRuleFilter): Filter {
  const tags = fromTagList(And?.Tags);
  return {
    ...(Prefix && { prefix: Prefix }),
    ...(Tag && { tag: { key: Tag.Key ?? "", value: Tag.Value ?? "" } }),
    ...(And && { and: { ...(And.Prefix && { prefix: And.Prefix }), ...(tags && { tags }) } }),
  };
}

function toDestination({ bucket, account, storageClass, replicationTime: time, metrics }: Destination) {
  return {
    Bucket: bucket,
    Account: account || undefined,
    StorageClass: storageClass,
    ReplicationTime: time && { Status: time.status, Time: { Minutes: time.time.minutes } },
    Metrics: metrics && {
      Status: metrics.status,
      EventThreshold: metrics.eventThreshold && { Minutes: metrics.eventThreshold.minutes },
    },
  };
}

function fromDestination(destination: ReplicationRule["Destination"]): Destination {
  const { Bucket = "", Account, StorageClass, ReplicationTime: time, Metrics: metrics } = destination ?? {};
  return {
    bucket: Bucket,
    ...(Account && { account: Account }),
    ...(StorageClass && { storageClass: StorageClass as Exclude<StorageClass, NotForReplicas> }),
    ...(time && {
      replicationTime: { status: time.Status ?? "Disabled", time: { minutes: time.Time?.Minutes ?? 0 } },
    }),
    ...(metrics && {
      metrics: {
        status: metrics.Status ?? "Disabled",
        ...(metrics.EventThreshold && { eventThreshold: { minutes: metrics.EventThreshold.Minutes ?? 0 } }),
      },
    }),
  };
}

type NotForReplicas = Exclude<StorageClass, (typeof STORAGE_CLASSES)[number]>;
