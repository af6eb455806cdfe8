import type { LifecycleRule, ReplicationRule } from "@aws-sdk/client-s3";
import { LIFECYCLE_CLASSES, replicationRuleId } from "../../staging/classes.ts";
import { parseRegion } from "../../staging/regions.ts";
import type { SurveyRequest } from "../../staging/resources/environment-facts.ts";
import { lifecycleProblem, replicationProblem } from "../rules/in-force.ts";

/** `lifecycle` if the bucket has no lifecycle configuration; otherwise, spawn's rules that are missing or differ. */
export function lackingLifecycle(rules: readonly LifecycleRule[] | undefined): string[] {
  if (rules === undefined) return ["lifecycle"];
  const lacking = LIFECYCLE_CLASSES.filter(({ ttl }) => lifecycleProblem(rules, ttl) !== undefined);
  return summarized(
    "lifecycle",
    lacking.map(({ id }) => id),
  );
}

/** The same for the rules that replicate from the bucket to `others`. */
export function lackingReplication(
  rules: readonly ReplicationRule[] | undefined,
  others: SurveyRequest["buckets"],
): string[] {
  if (rules === undefined) return ["replication"];
  return summarized(
    "replication",
    others
      .map(({ region, name }) => ({ destination: parseRegion(region), name }))
      .filter(({ destination, name }) => replicationProblem(rules, destination, name) !== undefined)
      .map(({ destination }) => replicationRuleId(destination)),
  );
}

/** One line for up to 90 rules: the first rule and the number of the others. */
function summarized(kind: string, [first, ...others]: readonly string[]): string[] {
  if (first === undefined) return [];
  return [`${kind} rule ${first}${others.length === 0 ? "" : ` (and ${others.length} more)`}`];
}
