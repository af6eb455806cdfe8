import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { HeadBucketCommand } from "@aws-sdk/client-s3";
import type { Context } from "../context.ts";

/** What is there of an environment. */
export interface EnvironmentStatus {
  readonly environment: string;
  readonly cloud: "local" | "aws";
  readonly endpoint: string | null;
  /** Whether everything is there. */
  readonly up: boolean;
  readonly buckets: readonly {
    readonly region: string;
    readonly bucket: string;
    /** Whether the user made it, so that it stays when the environment goes. */
    readonly adopted: boolean;
    readonly exists: boolean;
  }[];
  readonly tables: readonly {
    readonly role: "records" | "usage";
    readonly table: string;
    readonly exists: boolean;
  }[];
}

/** Looks at the environment's buckets and tables themselves. */
export async function environmentStatus(context: Context): Promise<EnvironmentStatus> {
  const [settings, endpoint, dynamodb] = await Promise.all([
    context.settings(),
    context.endpoint(),
    context.dynamo(),
  ]);
  const buckets = await Promise.all(
    [...settings.buckets].map(async ([region, bucket]) => {
      const client = await context.s3(region);
      const exists = await answers(client.send(new HeadBucketCommand({ Bucket: bucket })), [
        "NotFound",
        "NoSuchBucket",
      ]);
      return { region, bucket, adopted: settings.adopted.has(region), exists };
    }),
  );
  const tables = await Promise.all(
    (
      [
        ["records", settings.recordsTable],
        ["usage", settings.usageTable],
      ] as const
    ).map(async ([role, table]) => {
      const exists = await answers(dynamodb.send(new DescribeTableCommand({ TableName: table })), [
        "ResourceNotFoundException",
      ]);
      return { role, table, exists };
    }),
  );
  const up = [...buckets, ...tables].every(({ exists }) => exists);
  return {
    environment: settings.name,
    cloud: settings.cloud,
    endpoint: endpoint ?? null,
    up,
    buckets,
    tables,
  };
}

/** Whether a request succeeds; false for the errors that mean "there is none". */
async function answers(request: Promise<unknown>, absent: readonly string[]): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (error instanceof Error && absent.includes(error.name)) return false;
    throw error;
  }
}
