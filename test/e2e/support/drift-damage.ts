import { DeleteItemCommand, DeleteTableCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import {
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketReplicationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type ReplicationRule,
  type S3Client,
} from "@aws-sdk/client-s3";
import {
  DeleteAccessPointCommand,
  PutAccessPointPolicyCommand,
  type S3ControlClient,
} from "@aws-sdk/client-s3-control";
import { makeS3ControlClient } from "../../../cli/clients/s3-control.ts";
import type { Aws } from "./aws.ts";
import { bucketOf, PRIMARY, ROLE, TABLES } from "./drift-world.ts";
import { randomFile } from "./world.ts";

const ACCOUNT = "000000000000";
const STRANGER = "arn:aws:iam::999999999999:root";

/** Manual changes to an environment and its entries, with plain AWS clients. */
export class Damage {
  readonly #aws: Aws;
  readonly #iam: IAMClient;
  readonly #control = new Map<string, S3ControlClient>();

  constructor(aws: Aws) {
    this.#aws = aws;
    this.#iam = new IAMClient({ endpoint: aws.endpoint, credentials: aws.keys, region: PRIMARY });
  }

  close(): void {
    for (const client of [this.#iam, ...this.#control.values()]) client.destroy();
  }

  s3(region: string): S3Client {
    return this.#aws.s3(region);
  }

  /** Other bytes of the same size, as a newer version without tags. */
  overwrite(region: string, Key: string, size: number): Promise<unknown> {
    const Body = randomFile(size);
    return this.s3(region).send(new PutObjectCommand({ Bucket: bucketOf(region), Key, Body }));
  }

  /** Only a delete marker: the versions stay. */
  hide(region: string, Key: string): Promise<unknown> {
    return this.s3(region).send(new DeleteObjectCommand({ Bucket: bucketOf(region), Key }));
  }

  /** Every version and delete marker below the prefix. */
  async erase(region: string, prefix: string): Promise<void> {
    const bucket = bucketOf(region);
    for (const { key: Key, versionId: VersionId } of await this.#aws.versions(region, bucket, prefix))
      await this.s3(region).send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }));
  }

  /** Replaces the object's tags. */
  retag(region: string, Key: string, tags: Record<string, string>): Promise<unknown> {
    const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    return this.s3(region).send(
      new PutObjectTaggingCommand({ Bucket: bucketOf(region), Key, Tagging: { TagSet } }),
    );
  }

  async editLifecycle(region: string, edit: (rule: LifecycleRule) => LifecycleRule[]): Promise<void> {
    const Bucket = bucketOf(region);
    const { Rules = [] } = await this.s3(region).send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    await this.s3(region).send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: { Rules: Rules.flatMap(edit) },
      }),
    );
  }

  async editReplication(region: string, edit: (rule: ReplicationRule) => ReplicationRule): Promise<void> {
    const Bucket = bucketOf(region);
    const { ReplicationConfiguration } = await this.s3(region).send(
      new GetBucketReplicationCommand({ Bucket }),
    );
    const { Role, Rules = [] } = ReplicationConfiguration ?? {};
    await this.s3(region).send(
      new PutBucketReplicationCommand({
        Bucket,
        ReplicationConfiguration: { Role, Rules: Rules.map(edit) },
      }),
    );
  }

  /** Grants read access to a foreign account. */
  openBucket(region: string): Promise<unknown> {
    const Bucket = bucketOf(region);
    return this.s3(region).send(
      new PutBucketPolicyCommand({
        Bucket,
        Policy: allowStranger("s3:GetObject", `arn:aws:s3:::${Bucket}/*`),
      }),
    );
  }

  /** Deletes the bucket with its content, and its access points, without which AWS would keep it. */
  async deleteBucket(region: string, sharedIds: readonly string[]): Promise<void> {
    for (const id of sharedIds) await this.deleteAccessPoint(region, id);
    await this.erase(region, "");
    await this.s3(region).send(new DeleteBucketCommand({ Bucket: bucketOf(region) }));
  }

  deleteAccessPoint(region: string, id: string): Promise<unknown> {
    return this.#controlOf(region).send(
      new DeleteAccessPointCommand({ AccountId: ACCOUNT, Name: `spawn-${id}` }),
    );
  }

  openAccessPoint(region: string, id: string): Promise<unknown> {
    const arn = `arn:aws:s3:${region}:${ACCOUNT}:accesspoint/spawn-${id}`;
    return this.#controlOf(region).send(
      new PutAccessPointPolicyCommand({
        AccountId: ACCOUNT,
        Name: `spawn-${id}`,
        Policy: allowStranger("s3:GetObject", `${arn}/object/*`),
      }),
    );
  }

  #controlOf(region: string): S3ControlClient {
    const { endpoint, keys: credentials } = this.#aws;
    const client =
      this.#control.get(region) ??
      makeS3ControlClient({
        ...{ endpoint, credentials, region, maxAttempts: 1 },
        requestHandler: { connectionTimeout: 5_000, socketTimeout: 5_000 },
      });
    this.#control.set(region, client);
    return client;
  }

  deleteItem(table: string, id: string): Promise<unknown> {
    return this.#aws
      .dynamo(PRIMARY)
      .send(new DeleteItemCommand({ TableName: table, Key: { staging_id: { S: id } } }));
  }

  /** Makes the record claim a TTL of 50 days. */
  extendItem(table: string, id: string): Promise<unknown> {
    return this.#aws.dynamo(PRIMARY).send(
      new UpdateItemCommand({
        TableName: table,
        Key: { staging_id: { S: id } },
        UpdateExpression: "SET ttl_days = :ttl",
        ExpressionAttributeValues: { ":ttl": { N: "50" } },
      }),
    );
  }

  async deleteTables(): Promise<void> {
    for (const TableName of Object.values(TABLES))
      await this.#aws.dynamo(PRIMARY).send(new DeleteTableCommand({ TableName }));
  }

  editRolePolicy(): Promise<unknown> {
    return this.#iam.send(
      new PutRolePolicyCommand({
        RoleName: ROLE,
        PolicyName: "replicate",
        PolicyDocument: JSON.stringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Action: "s3:GetObjectVersion", Resource: "*" }],
        }),
      }),
    );
  }

  async deleteRole(): Promise<void> {
    await this.#iam.send(new DeleteRolePolicyCommand({ RoleName: ROLE, PolicyName: "replicate" }));
    await this.#iam.send(new DeleteRoleCommand({ RoleName: ROLE }));
  }
}

const allowStranger = (Action: string, Resource: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Sid: "Stranger", Effect: "Allow", Principal: { AWS: STRANGER }, Action, Resource }],
  });
