import { DescribeTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { HeadBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { bucketOf, type EnvironmentSettings } from "../../staging/environment.ts";
import { InputError } from "../../staging/errors.ts";
import type { Region, RegionList } from "../../staging/regions.ts";
import { commandLine } from "../command-line.ts";

export interface PreflightClients {
  readonly dynamodb: DynamoDBClient;
  s3(region: Region): Promise<S3Client>;
}

/**
 * Makes sure that the environment is there before an entry is started in it.
 * @throws InputError when it is not up yet, or has no bucket in one of the regions; it says the command
 */
export async function checkEnvironmentIsUp(
  settings: EnvironmentSettings,
  regions: RegionList,
  clients: PreflightClients,
): Promise<void> {
  const buckets = regions.map((region) => [region, bucketOf(settings, region)] as const);
  const fix = commandLine("spawn environment up", settings.name);
  const table = clients.dynamodb
    .send(new DescribeTableCommand({ TableName: settings.recordsTable }))
    .catch((error: Error) => {
      if (error.name !== "ResourceNotFoundException") throw error;
      throw new InputError(`environment ${settings.name} is not up yet`, {
        why: `There is no table ${settings.recordsTable}.`,
        fix,
      });
    });
  const heads = buckets.map(async ([region, bucket]) => {
    const client = await clients.s3(region);
    await client.send(new HeadBucketCommand({ Bucket: bucket })).catch((error: Error) => {
      if (error.name !== "NotFound" && error.name !== "NoSuchBucket") throw error;
      throw new InputError(`environment ${settings.name} has no bucket in ${region} yet`, {
        why: `The bucket ${bucket} is configured but does not exist.`,
        fix,
      });
    });
  });
  // The table first: where nothing is up, "not up yet" says more than a missing bucket.
  const [tableResult, ...bucketResults] = await Promise.allSettled([table, ...heads]);
  for (const result of [tableResult, ...bucketResults]) {
    if (result?.status === "rejected") throw result.reason;
  }
}
