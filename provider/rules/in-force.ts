import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketReplicationCommand,
  type LifecycleRule,
  type ReplicationRule,
  type Tag,
} from "@aws-sdk/client-s3";
import { errorName } from "../../connection/errors/failure.ts";
import { isNoSuchBucket, isNotImplemented } from "../../connection/errors/kinds.ts";
import { replicateTag, replicationRuleId, TTL_TAG, ttlRuleId } from "../../staging/classes.ts";
import { UserError } from "../../staging/errors.ts";
import type { Region } from "../../staging/regions.ts";
import type { TtlDays } from "../../staging/ttl.ts";
import { type Settling, withRetry } from "../store/retry.ts";
import type { SdkClient } from "../store/sdk-client.ts";

/** The bucket lacks a rule that an entry needs, or has a different one. */
class RuleProblem extends Error {
  override readonly name = "RuleProblem";
}

interface RuleCheck {
  readonly client: SdkClient;
  readonly bucket: string;
  /** Configurations are eventually consistent: a newly written rule may not be visible yet. */
  readonly settling: Settling;
  readonly signal: AbortSignal;
}

/**
 * Checks that the bucket replicates the objects with `region`'s tag to that region.
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

/** Why the rules do not replicate objects with `region`'s tag to that region; undefined if they do. */
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

/** The destination bucket of the rule for `region`; undefined if the rule or the bucket does not exist. */
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
 * Checks that the bucket expires objects with the tag of `ttl` that many days after their creation.
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

/** Why the rules do not expire objects with the tag of `ttl` after that many days; undefined if they do. */
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
  const requireNoProblem = async () => {
    const problem = await problemOf();
    if (problem !== undefined) throw new RuleProblem(problem);
  };
  try {
    await withRetry(requireNoProblem, {
      signal: check.signal,
      ...check.settling,
      retryable: (error) => error instanceof RuleProblem,
    });
  } catch (error) {
    if (!(error instanceof RuleProblem)) throw error;
    throw new UserError(`bucket ${check.bucket} lacks the ${what}`, {
      why: error.message,
      fix: (_spell, command) => command("spawn environment up"),
      cause: error,
    });
  }
}

/** @returns an empty list if the bucket has no such configuration */
export async function readReplicationRules({
  client,
  bucket,
  signal,
}: Omit<RuleCheck, "settling">): Promise<ReplicationRule[]> {
  try {
    const response = await client.send(new GetBucketReplicationCommand({ Bucket: bucket }), {
      abortSignal: signal,
    });
    return response.ReplicationConfiguration?.Rules ?? [];
  } catch (error) {
    if (errorName(error) === "ReplicationConfigurationNotFoundError") return [];
    throw error;
  }
}

/** @returns an empty list if the bucket has no such configuration */
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

/** Whether the filter requires exactly this tag. Objects might lack any other required tag. */
function filtersBy(filter: Filter | undefined, key: string, value: string): boolean {
  const tags = filterTags(filter);
  return tags.length === 1 && tags[0]?.Key === key && tags[0].Value === value;
}

/** The tags that a filter requires. */
export const filterTags = (filter: Filter | undefined): readonly Tag[] =>
  filter?.Tag === undefined ? (filter?.And?.Tags ?? []) : [filter.Tag];
