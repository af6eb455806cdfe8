import { accessPointCases } from "./access-points.ts";
import { autoScalingCases } from "./auto-scaling.ts";
import { bucketRuleCases } from "./bucket-rules.ts";
import { bucketCases } from "./buckets.ts";
import type { Case } from "./case.ts";
import { dynamodbCases } from "./dynamodb.ts";
import { ec2Cases } from "./ec2.ts";
import { iamCases } from "./iam.ts";

/** A case, or several, for every type of the plugin; a test says so. */
export const cases: readonly Case[] = [
  ...bucketCases,
  ...bucketRuleCases,
  ...accessPointCases,
  ...iamCases,
  ...dynamodbCases,
  ...ec2Cases,
  ...autoScalingCases,
];
