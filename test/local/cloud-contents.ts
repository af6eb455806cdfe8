import {
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { CreateRoleCommand, GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateAccessPointCommand, GetAccessPointCommand } from "@aws-sdk/client-s3-control";
import { expect } from "chai";
import { makeS3ControlClient } from "../../cli/clients/s3-control.ts";
import type { RunningCloud } from "../../local/cloud/cloud.ts";
import { createTable } from "../support/tables.ts";

const BUCKET = "spawn-staging-us-east-1";
const REPLICA = "spawn-staging-us-west-2";
const KEY = "stage-0123456789ab/two words é.bin";
export const ROLE = "spawn-replication";
const POINT = { AccountId: "000000000000", Name: "stage-0123456789ab" };
const HANDLER = { connectionTimeout: 5_000, socketTimeout: 5_000 };

/** A local cloud and its key. */
type CloudAccess = Pick<RunningCloud, "endpoint" | "keys">;

/** For a client of any service. */
export function clientSettings({ endpoint, keys }: CloudAccess) {
  return {
    endpoint,
    region: "us-east-1",
    // The SDK writes into the object.
    credentials: { ...keys },
    forcePathStyle: true,
  };
}

/** Creates one of each kind of AWS resource that this program creates. */
export async function fill(cloud: CloudAccess): Promise<void> {
  const s3 = new S3Client(clientSettings(cloud));
  for (const Bucket of [BUCKET, REPLICA]) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  }
  await s3.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket: BUCKET,
      LifecycleConfiguration: {
        Rules: [
          {
            ID: "ttl-7",
            Status: "Enabled",
            Filter: { Tag: { Key: "spawn:ttl-days", Value: "7" } },
            Expiration: { Days: 7 },
          },
        ],
      },
    }),
  );
  await s3.send(
    new PutBucketReplicationCommand({
      Bucket: BUCKET,
      ReplicationConfiguration: {
        Role: `arn:aws:iam::${POINT.AccountId}:role/${ROLE}`,
        Rules: [
          {
            ID: "to-us-west-2",
            Status: "Enabled",
            Priority: 1,
            Filter: { Tag: { Key: "spawn:replicate-us-west-2", Value: "true" } },
            DeleteMarkerReplication: { Status: "Disabled" },
            Destination: { Bucket: `arn:aws:s3:::${REPLICA}` },
          },
        ],
      },
    }),
  );
  for (const Body of ["first", "second"]) {
    await s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body, Tagging: "StagingID=stage-0123456789ab" }),
    );
  }
  await new IAMClient(clientSettings(cloud)).send(
    new CreateRoleCommand({
      RoleName: ROLE,
      AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}',
    }),
  );
  const control = makeS3ControlClient({ ...clientSettings(cloud), maxAttempts: 1, requestHandler: HANDLER });
  await control.send(new CreateAccessPointCommand({ ...POINT, Bucket: BUCKET }));
  const dynamodb = new DynamoDBClient(clientSettings(cloud));
  await createTable(dynamodb, "records", ["staging_id"]);
  await dynamodb.send(
    new PutItemCommand({
      TableName: "records",
      Item: {
        staging_id: { S: "stage-0123456789ab" },
        size_bytes: { N: "5" },
        regions: { L: [{ S: "us-east-1" }] },
      },
    }),
  );
}

/** @throws AssertionError unless all resources of {@link fill} exist unchanged */
export async function expectFilled(cloud: CloudAccess): Promise<void> {
  const s3 = new S3Client(clientSettings(cloud));
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: BUCKET }));
  expect(Versions.map(({ Key, IsLatest }) => [Key, IsLatest])).to.deep.equal([
    [KEY, true],
    [KEY, false],
  ]);
  const bodies = await Promise.all(
    Versions.map(async ({ VersionId }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: KEY, VersionId }));
      return Body?.transformToString();
    }),
  );
  expect(bodies).to.deep.equal(["second", "first"]);
  const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket: BUCKET, Key: KEY }));
  expect(TagSet).to.deep.equal([{ Key: "StagingID", Value: "stage-0123456789ab" }]);
  const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket: BUCKET }));
  expect(Status).to.equal("Enabled");
  const lifecycle = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: BUCKET }));
  expect(lifecycle.Rules?.map(({ ID, Expiration }) => [ID, Expiration?.Days])).to.deep.equal([["ttl-7", 7]]);
  const { ReplicationConfiguration } = await s3.send(new GetBucketReplicationCommand({ Bucket: BUCKET }));
  expect(ReplicationConfiguration?.Rules?.[0]).to.deep.include({
    ID: "to-us-west-2",
    Filter: { Tag: { Key: "spawn:replicate-us-west-2", Value: "true" } },
  });
  const { Role } = await new IAMClient(clientSettings(cloud)).send(new GetRoleCommand({ RoleName: ROLE }));
  expect(Role?.RoleName).to.equal(ROLE);
  const control = makeS3ControlClient({ ...clientSettings(cloud), maxAttempts: 1, requestHandler: HANDLER });
  expect((await control.send(new GetAccessPointCommand(POINT))).Bucket).to.equal(BUCKET);
  const dynamodb = new DynamoDBClient(clientSettings(cloud));
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: "records" }));
  expect(Table?.TableStatus).to.equal("ACTIVE");
  const { Item } = await dynamodb.send(
    new GetItemCommand({ TableName: "records", Key: { staging_id: { S: "stage-0123456789ab" } } }),
  );
  expect(Item).to.deep.equal({
    staging_id: { S: "stage-0123456789ab" },
    size_bytes: { N: "5" },
    regions: { L: [{ S: "us-east-1" }] },
  });
}
