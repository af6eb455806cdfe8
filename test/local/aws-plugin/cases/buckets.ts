import { allow, blocked, bucket, type Case, json, REGION } from "./case.ts";

const BUCKET = "aws:s3/bucket:Bucket";
const VERSIONING = "aws:s3/bucketVersioning:BucketVersioning";

export const bucketCases: readonly Case[] = [
  {
    name: "Bucket",
    type: BUCKET,
    inputs: {
      bucket: "conf-bucket",
      region: REGION,
      forceDestroy: true,
      tags: { team: "genomics", stage: "one" },
    },
    id: "conf-bucket",
    outputs: {
      arn: "arn:aws:s3:::conf-bucket",
      bucketRegion: REGION,
      bucketDomainName: "conf-bucket.s3.amazonaws.com",
      bucketRegionalDomainName: `conf-bucket.s3.${REGION}.amazonaws.com`,
      tagsAll: { team: "genomics", stage: "one" },
    },
    change: { tags: { team: "physics", cost: "a b/c" } },
    replacing: [
      { change: { bucket: "conf-bucket-two" } },
      { change: { region: "eu-west-1" }, deleteFirst: true },
    ],
    notImported: ["forceDestroy"],
  },
  {
    name: "Bucket without tags",
    type: BUCKET,
    inputs: { bucket: "conf-plain", region: "us-east-1" },
    id: "conf-plain",
    outputs: { bucketRegion: "us-east-1", tagsAll: {} },
    change: { tags: { late: "yes" } },
    replacing: [],
    notImported: ["forceDestroy"],
  },
  {
    name: "BucketVersioning",
    type: VERSIONING,
    needs: [bucket("conf-versioning")],
    inputs: { bucket: "conf-versioning", region: REGION, versioningConfiguration: { status: "Enabled" } },
    id: "conf-versioning",
    change: { versioningConfiguration: { status: "Suspended" } },
    replacing: [{ change: { bucket: "conf-other" } }],
    remains: { versioningConfiguration: { status: "Suspended" } },
  },
  {
    name: "BucketServerSideEncryptionConfiguration",
    type: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    needs: [bucket("conf-encryption")],
    inputs: {
      bucket: "conf-encryption",
      region: REGION,
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
    },
    id: "conf-encryption",
    same: {
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" }, bucketKeyEnabled: false }],
    },
    change: {
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms" }, bucketKeyEnabled: true }],
    },
    replacing: [{ change: { bucket: "conf-other" } }],
    remains: {}, // AES256 or nothing, depending on the endpoint
  },
  {
    name: "BucketServerSideEncryptionConfiguration that blocks a type",
    type: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    needs: [bucket("conf-blocking")],
    inputs: {
      bucket: "conf-blocking",
      region: REGION,
      rules: [
        {
          applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" },
          blockedEncryptionTypes: ["SSE-C"],
        },
      ],
    },
    id: "conf-blocking",
    change: {
      rules: [
        { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" }, blockedEncryptionTypes: ["NONE"] },
      ],
    },
    replacing: [{ change: { bucket: "conf-other" } }],
    remains: {},
    beyond: { moto: "keeps no blocked types" },
  },
  {
    name: "BucketPublicAccessBlock",
    type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    needs: [bucket("conf-access")],
    inputs: { bucket: "conf-access", region: REGION, ...blocked },
    id: "conf-access",
    change: { blockPublicAcls: false },
    replacing: [{ change: { bucket: "conf-other" } }],
  },
  {
    name: "BucketOwnershipControls",
    type: "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    needs: [bucket("conf-ownership")],
    inputs: { bucket: "conf-ownership", region: REGION, rule: { objectOwnership: "BucketOwnerEnforced" } },
    id: "conf-ownership",
    change: { rule: { objectOwnership: "BucketOwnerPreferred" } },
    replacing: [{ change: { bucket: "conf-other" } }],
  },
  {
    name: "BucketPolicy",
    type: "aws:s3/bucketPolicy:BucketPolicy",
    needs: [bucket("conf-policy")],
    inputs: {
      bucket: "conf-policy",
      region: REGION,
      policy: json(
        allow(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::conf-policy/*", "arn:aws:s3:::conf-policy"], {
          Principal: { AWS: "arn:aws:iam::123456789012:root" },
        }),
      ),
    },
    id: "conf-policy",
    same: {
      policy: json(
        allow(["s3:ListBucket", "s3:GetObject"], ["arn:aws:s3:::conf-policy", "arn:aws:s3:::conf-policy/*"], {
          Principal: { AWS: ["123456789012"] },
        }),
        2,
      ),
    },
    change: {
      policy: json(
        allow("s3:GetObject", "arn:aws:s3:::conf-policy/*", { Principal: { AWS: "123456789012" } }),
      ),
    },
    replacing: [{ change: { bucket: "conf-other" } }],
  },
];
