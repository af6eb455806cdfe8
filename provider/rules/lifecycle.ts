import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  type TransitionDefaultMinimumObjectSize,
} from "@aws-sdk/client-s3";
import { isAbsent } from "../../connection/errors/absent.ts";
import { undefinedIf } from "../../connection/errors/failure.ts";
import { HOUSEKEEPING_RULE_ID, LIFECYCLE_CLASSES } from "../../staging/classes.ts";
import type { BucketRule } from "../../staging/resources/bucket-rules.ts";
import { isStringArray } from "../../staging/type-guards.ts";
import { assertRoom, type ConfigurationKind, type Target } from "./configuration.ts";

const OURS: ReadonlySet<string> = new Set([HOUSEKEEPING_RULE_ID, ...LIFECYCLE_CLASSES.map(({ id }) => id)]);

const asRule = (rule: BucketRule): LifecycleRule => rule as unknown as LifecycleRule;

/** @returns undefined if the bucket has no such configuration */
export function readLifecycle({ client, bucket, signal }: Target) {
  const command = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket });
  return undefinedIf(isAbsent, client.send(command, { abortSignal: signal }));
}

/** The lifecycle configuration of a bucket. */
export const lifecycleKind: ConfigurationKind = {
  title: "lifecycle rules",
  idOf: (rule) => asRule(rule).ID,
  isOurs: (id) => OURS.has(id),

  async get(target) {
    const found = await readLifecycle(target);
    if (found === undefined) return undefined;
    const { Rules = [], TransitionDefaultMinimumObjectSize } = found;
    return { rules: Rules as unknown as BucketRule[], rest: { TransitionDefaultMinimumObjectSize } };
  },

  async put({ client, bucket, signal }, { rules, rest }) {
    const size = rest["TransitionDefaultMinimumObjectSize"] as TransitionDefaultMinimumObjectSize | undefined;
    await client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: bucket,
        LifecycleConfiguration: { Rules: rules as unknown as LifecycleRule[] },
        ...(size === undefined ? {} : { TransitionDefaultMinimumObjectSize: size }),
      }),
      { abortSignal: signal },
    );
  },

  async remove({ client, bucket, signal }) {
    await client.send(new DeleteBucketLifecycleCommand({ Bucket: bucket }), { abortSignal: signal });
  },

  merge(bucket, users, ours) {
    const rules = [...users.rules.map(withFilter), ...ours];
    assertRoom(bucket, "lifecycle rules", users.rules, ours);
    return { rules, rest: users.rest };
  },

  remember({ rules }) {
    const old = rules.filter(isOfOldForm).map(({ ID }) => ID);
    return old.length === 0 ? undefined : JSON.stringify(old);
  },

  restored(users, before) {
    const ids: unknown = JSON.parse(before);
    if (!isStringArray(ids)) return users;
    // S3 rejects a mix of both forms, so the old form is restored only if all rules can use it. A rule that was added later or has
    // other filters cannot.
    const canRestore = users.rules.every((rule) => ids.includes(asRule(rule).ID ?? "") && isPrefixOnly(rule));
    return canRestore ? { ...users, rules: users.rules.map(withBarePrefix) } : users;
  },
};

/** Rules of the first API version have a prefix without a filter. S3 rejects them together with rules that filter by tags. */
const isOfOldForm = (rule: BucketRule): boolean =>
  asRule(rule).Filter === undefined && (rule as { Prefix?: string }).Prefix !== undefined;

function withFilter(rule: BucketRule): BucketRule {
  if (!isOfOldForm(rule)) return rule;
  const { Prefix, ...others } = rule;
  return { ...others, Filter: { Prefix } };
}

/** Whether the rule filters by a prefix only, so that the old form can express it. */
function isPrefixOnly(rule: BucketRule): boolean {
  const { Filter, Prefix } = rule as { Filter?: Readonly<Record<string, unknown>>; Prefix?: unknown };
  if (Prefix !== undefined || typeof Filter?.["Prefix"] !== "string") return false;
  return Object.entries(Filter).every(([key, value]) => key === "Prefix" || value === undefined);
}

function withBarePrefix(rule: BucketRule): BucketRule {
  const { Filter, ...others } = rule;
  return { ...others, Prefix: (Filter as { Prefix: string }).Prefix };
}
