import type { LifecycleRule, ReplicationRule } from "@aws-sdk/client-s3";
import { LIFECYCLE_CLASSES, replicationRuleId } from "../../staging/classes.ts";
import type { SurveyRequest } from "../../staging/ownership/names.ts";
import { parseRegion } from "../../staging/regions.ts";
import { lifecycleProblem, replicationProblem } from "../rules/in-force.ts";

/** `lifecycle` where the bucket has no such configuration; else the rules of ours that are not in force in it. */
export function lackingLifecycle(rules: readonly LifecycleRule[] | undefined): string[] {
  if (rules === undefined) return ["lifecycle"];
  const lacking = LIFECYCLE_CLASSES.filter(({ ttl }) => lifecycleProblem(rules, ttl) !== undefined);
  return named(
    "lifecycle",
    lacking.map(({ id }) => id),
  );
}

/** The same of the rules by which the bucket replicates to `others`. */
export function lackingReplication(
  rules: readonly ReplicationRule[] | undefined,
  others: SurveyRequest["buckets"],
): string[] {
  if (rules === undefined) return ["replication"];
  return named(
    "replication",
    others
      .map(({ region, name }) => ({ destination: parseRegion(region), name }))
      .filter(({ destination, name }) => replicationProblem(rules, destination, name) !== undefined)
      .map(({ destination }) => replicationRuleId(destination)),
  );
}

/** A line of text for up to 90 rules: the first one stands for all. */
function named(kind: string, [first, ...others]: readonly string[]): string[] {
  if (first === undefined) return [];
  return [`${kind} rule ${first}${others.length === 0 ? "" : ` (and ${others.length} more)`}`];
}
