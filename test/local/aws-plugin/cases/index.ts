import { accessPointCases } from "./access-points.ts";
import { autoScalingCases } from "./auto-scaling.ts";
import { bucketRuleCases } from "./bucket-rules.ts";
import { bucketCases } from "./buckets.ts";
import type { Case } from "./case.ts";
import { dynamodbCases } from "./dynamodb.ts";
import { ec2Cases } from "./ec2.ts";
import { iamCases } from "./iam.ts";

/** At least one case for every type of the plugin, as a test verifies. */
export const cases: readonly Case[] = [
  ...bucketCases,
  ...bucketRuleCases,
  ...accessPointCases,
  ...iamCases,
  ...dynamodbCases,
  ...ec2Cases,
  ...autoScalingCases,
];

export function caseOf(name: string): Case {
  const found = cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
}
