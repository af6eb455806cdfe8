import type { LifecycleRule, ReplicationRule, Tag } from "@aws-sdk/client-s3";
import { undefinedIf } from "../../connection/errors/failure.ts";
import { isNoSuchBucket, isNotImplemented } from "../../connection/errors/kinds.ts";
import { replicateTag, replicationRuleId, TTL_TAG, ttlRuleId } from "../../staging/classes.ts";
import { UserError } from "../../staging/errors.ts";
import type { Region } from "../../staging/regions.ts";
import type { TtlDays } from "../../staging/ttl.ts";
import { becomesTrue, type Settling } from "../store/retry.ts";
import type { Target } from "./configuration.ts";
import { readLifecycle } from "./lifecycle.ts";
import { readReplication } from "./replication.ts";

interface RuleCheck extends Target {
  /** Configurations are eventually consistent: a newly written rule may not be visible yet. */
  readonly settling: Settling;
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
    replicationProblem((await readReplication(check))?.Rules ?? [], region, destinationBucket),
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
export async function replicationDestination(target: Target, region: Region): Promise<string | undefined> {
  const isExpected = (error: unknown) => isNoSuchBucket(error) || isNotImplemented(error);
  const found = await undefinedIf(isExpected, readReplication(target));
  const rule = found?.Rules?.find(({ ID }) => ID === replicationRuleId(region));
  return rule && destinationOf(rule);
}

/**
 * Checks that the bucket expires objects with the tag of `ttl` that many days after their creation.
 * @returns the rule's id
 * @throws UserError that names the rule and the bucket
 */
export async function requireLifecycleRule(check: RuleCheck, ttl: TtlDays): Promise<string> {
  const id = ttlRuleId(ttl);
  await requireRule(check, `lifecycle rule ${id}`, async () =>
    lifecycleProblem((await readLifecycle(check))?.Rules ?? [], ttl),
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
  let problem = "";
  const hasNoProblem = async (): Promise<boolean> => {
    problem = (await problemOf()) ?? "";
    return problem === "";
  };
  const { signal, settling } = check;
  if (await becomesTrue(hasNoProblem, { signal, ...settling, retryable: () => false })) return;
  throw new UserError(`bucket ${check.bucket} lacks the ${what}`, {
    why: problem,
    fix: (_spell, command) => command("spawn environment up"),
  });
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
