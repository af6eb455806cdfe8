import {
  CreateTableCommand,
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
import { expect } from "chai";

const BUCKET = "spawn-staging-us-east-1";
const REPLICA = "spawn-staging-us-west-2";
const KEY = "stage-0123456789ab/two words é.bin";
export const ROLE = "spawn-replication";
const ACCOUNT = "000000000000";

/** For a client of any service. */
export function clientSettings(endpoint: string) {
  return {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    forcePathStyle: true,
  };
}

/** Puts one of everything that this program makes in AWS into the cloud. */
export async function fill(endpoint: string): Promise<void> {
  const s3 = new S3Client(clientSettings(endpoint));
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
        Role: `arn:aws:iam::${ACCOUNT}:role/${ROLE}`,
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
  await new IAMClient(clientSettings(endpoint)).send(
    new CreateRoleCommand({
      RoleName: ROLE,
      AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[]}',
    }),
  );
  const made = await accessPoint(
    endpoint,
    "PUT",
    `<CreateAccessPointRequest><Bucket>${BUCKET}</Bucket></CreateAccessPointRequest>`,
  );
  expect(made.status).to.equal(200);
  const dynamodb = new DynamoDBClient(clientSettings(endpoint));
  await dynamodb.send(
    new CreateTableCommand({
      TableName: "records",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "staging_id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "staging_id", KeyType: "HASH" }],
    }),
  );
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

/** @throws AssertionError unless all that {@link fill} made is there, as it was made */
export async function expectFilled(endpoint: string): Promise<void> {
  const s3 = new S3Client(clientSettings(endpoint));
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
  const { Role } = await new IAMClient(clientSettings(endpoint)).send(new GetRoleCommand({ RoleName: ROLE }));
  expect(Role?.RoleName).to.equal(ROLE);
  expect(await (await accessPoint(endpoint, "GET")).text()).to.include(`<Bucket>${BUCKET}</Bucket>`);
  const dynamodb = new DynamoDBClient(clientSettings(endpoint));
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

/** S3 Control as it is on the wire: its client wants the account in the host name, which an IP address cannot have. */
function accessPoint(endpoint: string, method: string, body?: string): Promise<Response> {
  return fetch(`${endpoint}/v20180820/accesspoint/stage-0123456789ab`, {
    method,
    headers: {
      "x-amz-account-id": ACCOUNT,
      authorization:
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
    },
    ...(body === undefined ? {} : { body }),
  });
}
