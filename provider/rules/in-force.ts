import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketReplicationCommand,
  type LifecycleRule,
  type ReplicationRule,
  type S3Client,
  type Tag,
} from "@aws-sdk/client-s3";
import { errorName } from "../../connection/errors/failure.ts";
import { isNoSuchBucket, isNotImplemented } from "../../connection/errors/kinds.ts";
import { replicateTag, replicationRuleId, TTL_TAG, ttlRuleId } from "../../staging/classes.ts";
import { UserError } from "../../staging/errors.ts";
import type { Region } from "../../staging/regions.ts";
import type { TtlDays } from "../../staging/ttl.ts";
import { type Settling, withRetry } from "../store/retry.ts";

/** A rule that an entry needs and that isn't in its bucket's configuration as it should be. */
class RuleProblem extends Error {
  override readonly name = "RuleProblem";
}

interface RuleCheck {
  readonly client: S3Client;
  readonly bucket: string;
  /** Configurations are eventually consistent: a rule written a moment ago may not show yet. */
  readonly settling: Settling;
  readonly signal: AbortSignal;
}

/**
 * Makes sure that the bucket replicates to `region` what carries that region's tag.
 * @returns the rule's id
 * @throws UserError that names the rule and the bucket
 */
export async function requireReplicationRule(
  check: RuleCheck,
  region: Region,
  destinationBucket: string,
): Promise<string> {
  const id = replicationRuleId(region);
  await requireRule(check, `replication rule ${id}`, async () =>
    replicationProblem(await readReplicationRules(check), region, destinationBucket),
  );
  return id;
}

/** Why the rules do not replicate to `region` what carries that region's tag; undefined where they do. */
export function replicationProblem(
  rules: readonly ReplicationRule[],
  region: Region,
  destinationBucket: string,
): string | undefined {
  const rule = rules.find(({ ID }) => ID === replicationRuleId(region));
  if (rule === undefined) return "It is not there.";
  if (rule.Status !== "Enabled") return "It is disabled.";
  if (!filtersBy(rule.Filter, replicateTag(region), "true"))
    return `Its filter is not the tag ${replicateTag(region)}=true.`;
  if (destinationOf(rule) !== destinationBucket)
    return `Its destination is not the bucket ${destinationBucket}.`;
  return undefined;
}

/** The bucket to which the rule towards `region` replicates; undefined where there is no such rule, or no bucket. */
export async function replicationDestination(
  check: Omit<RuleCheck, "settling">,
  region: Region,
): Promise<string | undefined> {
  try {
    const rule = (await readReplicationRules(check)).find(({ ID }) => ID === replicationRuleId(region));
    return rule && destinationOf(rule);
  } catch (error) {
    if (isNoSuchBucket(error) || isNotImplemented(error)) return undefined;
    throw error;
  }
}

/**
 * Makes sure that the bucket expires, `ttl` days after their creation, the objects that carry that TTL's tag.
 * @returns the rule's id
 * @throws UserError that names the rule and the bucket
 */
export async function requireLifecycleRule(check: RuleCheck, ttl: TtlDays): Promise<string> {
  const id = ttlRuleId(ttl);
  await requireRule(check, `lifecycle rule ${id}`, async () =>
    lifecycleProblem(await readLifecycleRules(check), ttl),
  );
  return id;
}

/** Why the rules do not expire, after `ttl` days, what carries that TTL's tag; undefined where they do. */
export function lifecycleProblem(rules: readonly LifecycleRule[], ttl: TtlDays): string | undefined {
  const rule = rules.find(({ ID }) => ID === ttlRuleId(ttl));
  if (rule === undefined) return "It is not there.";
  if (rule.Status !== "Enabled") return "It is disabled.";
  if (!filtersBy(rule.Filter, TTL_TAG, String(ttl))) return `Its filter is not the tag ${TTL_TAG}=${ttl}.`;
  if (rule.Expiration?.Days !== ttl) return `It does not expire objects after ${ttl} days.`;
  return undefined;
}

async function requireRule(
  check: RuleCheck,
  what: string,
  problemOf: () => Promise<string | undefined>,
): Promise<void> {
  const look = async () => {
    const problem = await problemOf();
    if (problem !== undefined) throw new RuleProblem(problem);
  };
  try {
    await withRetry(look, {
      signal: check.signal,
      ...check.settling,
      retryable: (error) => error instanceof RuleProblem,
    });
  } catch (error) {
    if (!(error instanceof RuleProblem)) throw error;
    throw new UserError(`bucket ${check.bucket} lacks the ${what}`, {
      why: error.message,
      fix: "spawn environment up",
      cause: error,
    });
  }
}

/** @returns none where the bucket has no such configuration */
export async function readReplicationRules({
  client,
  bucket,
  signal,
}: Omit<RuleCheck, "settling">): Promise<ReplicationRule[]> {
  try {
    const answer = await client.send(new GetBucketReplicationCommand({ Bucket: bucket }), {
      abortSignal: signal,
    });
    return answer.ReplicationConfiguration?.Rules ?? [];
  } catch (error) {
    if (errorName(error) === "ReplicationConfigurationNotFoundError") return [];
    throw error;
  }
}

/** @returns none where the bucket has no such configuration */
export async function readLifecycleRules({
  client,
  bucket,
  signal,
}: Omit<RuleCheck, "settling">): Promise<LifecycleRule[]> {
  try {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket });
    return (await client.send(command, { abortSignal: signal })).Rules ?? [];
  } catch (error) {
    if (errorName(error) === "NoSuchLifecycleConfiguration") return [];
    throw error;
  }
}

const destinationOf = (rule: ReplicationRule): string | undefined =>
  rule.Destination?.Bucket?.split(":::").at(-1);

interface Filter {
  readonly Tag?: Tag | undefined;
  readonly And?: { readonly Tags?: Tag[] | undefined } | undefined;
}

/** Whether the filter asks for this tag and no other: an entry's objects carry no tag that isn't theirs. */
function filtersBy(filter: Filter | undefined, key: string, value: string): boolean {
  const tags = filterTags(filter);
  return tags.length === 1 && tags[0]?.Key === key && tags[0].Value === value;
}

/** The tags that a filter asks for. */
export const filterTags = (filter: Filter | undefined): readonly Tag[] =>
  filter?.Tag === undefined ? (filter?.And?.Tags ?? []) : [filter.Tag];
