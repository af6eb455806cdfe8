import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
} from "@aws-sdk/client-s3";
import { adoptedPolicyStatements } from "../../components/bucket-policy.ts";
import { adoptedLifecycleRules } from "../../components/lifecycle-rules.ts";
import { adoptedReplicationRules } from "../../components/replication-rules.ts";
import type { SdkClient } from "../../provider/store/sdk-client.ts";
import type { BucketRulesInputs, RuleKind } from "../../staging/resources/bucket-rules.ts";
import { environmentSettings } from "../components/settings.ts";
import { bucketOf, PRIMARY, SECOND, THIRD } from "./cloud-fixture.ts";

export const ROLE = "arn:aws:iam::123456789012:role/spawn-replication-dev";

/** Creates an empty bucket, like its user. */
export async function makeBucket(client: SdkClient, Bucket: string, region: string): Promise<SdkClient> {
  const LocationConstraint = region as BucketLocationConstraint;
  await client.send(
    new CreateBucketCommand({
      Bucket,
      ...(region === "us-east-1" ? {} : { CreateBucketConfiguration: { LocationConstraint } }),
    }),
  );
  return client;
}

/** All settings of the bucket in S3's form; null for absent ones. */
export async function settingsOf(client: SdkClient, Bucket: string): Promise<Record<string, unknown>> {
  const answerOf = async (request: Promise<{ $metadata: unknown }>): Promise<unknown> => {
    try {
      const { $metadata, ...answer } = await request;
      return answer;
    } catch (error) {
      if (error instanceof Error && "$metadata" in error) return null;
      throw error;
    }
  };
  return {
    lifecycle: await answerOf(client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))),
    replication: await answerOf(client.send(new GetBucketReplicationCommand({ Bucket }))),
    policy: await answerOf(client.send(new GetBucketPolicyCommand({ Bucket }))),
    tags: await answerOf(client.send(new GetBucketTaggingCommand({ Bucket }))),
    versioning: await answerOf(client.send(new GetBucketVersioningCommand({ Bucket }))),
  };
}

/** An environment's declaration of a bucket that replicates to two others. */
export function rulesInputs(kind: RuleKind, bucket: string, region: string = PRIMARY): BucketRulesInputs {
  const settings = environmentSettings({
    regions: [PRIMARY, SECOND, THIRD],
    buckets: { [SECOND]: bucketOf(SECOND), [THIRD]: bucketOf(THIRD) },
  });
  const at = { region, bucket, kind };
  if (kind === "lifecycle") return { ...at, rules: adoptedLifecycleRules() };
  if (kind === "policy") {
    const sharing = { bucket, accountId: "123456789012", cloud: "aws", readers: [] } as const;
    return { ...at, rules: adoptedPolicyStatements(sharing) };
  }
  return { ...at, rules: adoptedReplicationRules(settings, PRIMARY, "123456789012"), role: ROLE };
}
