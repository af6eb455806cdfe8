import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  type TransitionDefaultMinimumObjectSize,
} from "@aws-sdk/client-s3";
import { errorName } from "../../connection/errors/failure.ts";
import { HOUSEKEEPING_RULE_ID, LIFECYCLE_CLASSES } from "../../staging/classes.ts";
import { UserError } from "../../staging/errors.ts";
import type { BucketRule } from "../../staging/resources/bucket-rules.ts";
import { isStringArray } from "../../staging/type-guards.ts";
import type { ConfigurationKind } from "./configuration.ts";

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html */
const MAX_RULES = 1_000;
const OURS: ReadonlySet<string> = new Set([HOUSEKEEPING_RULE_ID, ...LIFECYCLE_CLASSES.map(({ id }) => id)]);

const asRule = (rule: BucketRule): LifecycleRule => rule as unknown as LifecycleRule;

/** The lifecycle configuration of a bucket. */
export const lifecycleKind: ConfigurationKind = {
  title: "lifecycle rules",
  idOf: (rule) => asRule(rule).ID,
  isOurs: (id) => OURS.has(id),

  async get({ client, bucket, signal }) {
    try {
      const command = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket });
      const { Rules = [], TransitionDefaultMinimumObjectSize } = await client.send(command, {
        abortSignal: signal,
      });
      return { rules: Rules as unknown as BucketRule[], rest: { TransitionDefaultMinimumObjectSize } };
    } catch (error) {
      if (errorName(error) === "NoSuchLifecycleConfiguration") return undefined;
      throw error;
    }
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
    if (rules.length > MAX_RULES) {
      throw new UserError(`the bucket ${bucket} has no room for ${ours.length} more lifecycle rules`, {
        why: `S3 allows ${MAX_RULES}, and the bucket already has ${users.rules.length}.`,
        fix: "Remove rules that are not needed any more, or use a bucket of its own for staging.",
      });
    }
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
