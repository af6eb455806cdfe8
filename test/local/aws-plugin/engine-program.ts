import { Table } from "@pulumi/aws/dynamodb/table.js";
import { TableItem } from "@pulumi/aws/dynamodb/tableItem.js";
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity.js";
import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { AccessPoint } from "@pulumi/aws/s3/accessPoint.js";
import { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketLifecycleConfiguration } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import { BucketOwnershipControls } from "@pulumi/aws/s3/bucketOwnershipControls.js";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy.js";
import { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock.js";
import { BucketReplicationConfig } from "@pulumi/aws/s3/bucketReplicationConfig.js";
import { BucketServerSideEncryptionConfiguration } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js";
import { BucketVersioning } from "@pulumi/aws/s3/bucketVersioning.js";
import { interpolate, jsonStringify, type Output } from "@pulumi/pulumi";

/** The differences between two runs of the program. */
export interface Settings {
  readonly prefix: string;
  readonly ttlDays: number;
  readonly team: string;
  readonly hashKey: string;
}

/** The number of resources in {@link everyType}, including the stack. */
export const RESOURCES = 16;

/** A program with every type, wired like spawn's own: most inputs are outputs of other resources. */
export function everyType({ prefix, ttlDays, team, hashKey }: Settings): {
  account: Output<string>;
  point: Output<string>;
} {
  const account = getCallerIdentityOutput().accountId;
  const tags = { team };
  const role = new Role("role", {
    name: `${prefix}-role`,
    assumeRolePolicy: {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "sts:AssumeRole" }],
    },
    tags,
  });
  const [east, west] = (["us-east-1", "us-west-2"] as const).map((region) => {
    const bucket = new Bucket(`bucket-${region}`, { bucket: `${prefix}-${region}`, region, tags });
    const versioning = new BucketVersioning(`versioning-${region}`, {
      bucket: bucket.bucket,
      region,
      versioningConfiguration: { status: "Enabled" },
    });
    return { bucket, versioning, region };
  });
  if (east === undefined || west === undefined) throw new Error("two regions were asked for");
  const { bucket, region } = west;
  new BucketServerSideEncryptionConfiguration("encryption", {
    bucket: bucket.bucket,
    region,
    rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
  });
  new BucketOwnershipControls("ownership", {
    bucket: bucket.bucket,
    region,
    rule: { objectOwnership: "BucketOwnerEnforced" },
  });
  const block = new BucketPublicAccessBlock("block", {
    bucket: bucket.bucket,
    region,
    blockPublicAcls: true,
  });
  new BucketPolicy("policy", {
    bucket: block.bucket,
    region,
    policy: jsonStringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { AWS: interpolate`arn:aws:iam::${account}:root` },
          Action: ["s3:GetObject"],
          Resource: [interpolate`${bucket.arn}/*`],
        },
      ],
    }),
  });
  new BucketLifecycleConfiguration("lifecycle", {
    bucket: bucket.bucket,
    region,
    rules: [
      { id: "ttl", status: "Enabled", filter: { prefix: "" }, expiration: { days: ttlDays } },
      { id: "tidy", status: "Enabled", filter: {}, expiration: { expiredObjectDeleteMarker: true } },
    ],
  });
  const permissions = new RolePolicy("permissions", {
    name: "replicate",
    role: role.name,
    policy: jsonStringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:Replicate*", Resource: interpolate`${east.bucket.arn}/*` }],
    }),
  });
  new BucketReplicationConfig(
    "replication",
    {
      bucket: bucket.bucket,
      region,
      role: role.arn,
      rules: [
        {
          id: "east",
          status: "Enabled",
          priority: 1,
          filter: { tag: { key: "replicate", value: "true" } },
          destination: { bucket: east.bucket.arn },
          deleteMarkerReplication: { status: "Disabled" },
        },
      ],
    },
    { dependsOn: [permissions, west.versioning, east.versioning] },
  );
  const point = new AccessPoint("point", {
    name: `${prefix}-point`,
    bucket: bucket.bucket,
    region,
    policy: jsonStringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { AWS: "111122223333" },
          Action: "s3:GetObject",
          Resource: interpolate`arn:aws:s3:${region}:${account}:accesspoint/${prefix}-point/object/*`,
        },
      ],
    }),
  });
  const table = new Table("table", {
    name: `${prefix}-table`,
    region,
    billingMode: "PAY_PER_REQUEST",
    hashKey,
    attributes: [{ name: hashKey, type: "S" }],
    ttl: { attributeName: "expires", enabled: true },
    pointInTimeRecovery: { enabled: true },
    tags,
  });
  new TableItem("item", {
    tableName: table.name,
    region,
    hashKey: table.hashKey,
    item: jsonStringify({ [hashKey]: { S: "one" }, bucket: { S: bucket.arn }, days: { N: String(ttlDays) } }),
  });
  return { account, point: point.alias };
}
