import type { Properties } from "../../../provider/plugin/types.ts";

/** Another AWS resource that a case needs first. */
export interface Step {
  readonly type: string;
  readonly inputs: Properties;
}

/** What one AWS type is put through; see conformance.integration.ts. */
export interface Case {
  readonly name: string;
  readonly type: string;
  readonly needs?: readonly Step[];
  readonly inputs: Properties;
  /** The id that the official provider gives it, and under which it is imported. `ACCOUNT` stands for the number. */
  readonly id: string;
  /** The id for an import after the change, where it is another; the engine keeps the first. */
  readonly idAfterChange?: string;
  /** Outputs, besides the inputs. */
  readonly outputs?: Properties;
  /** Inputs that mean the same, said in another way. */
  readonly same?: Properties;
  /** New values of some inputs that can be changed in place. */
  readonly change: Properties;
  /** New values of single inputs that make another resource, and whether the old one has to go first. */
  readonly replacing: readonly { readonly change: Properties; readonly deleteFirst?: true }[];
  /** Inputs that only the state knows, so not an import. */
  readonly notImported?: readonly string[];
  /** What AWS leaves when the settings are removed, if it isn't nothing. */
  readonly remains?: Properties;
  /** Emulators that cannot do this, and why. */
  readonly beyond?: { readonly [emulator: string]: string };
}

const REGION = "us-west-2";
const BUCKET = "aws:s3/bucket:Bucket";
const VERSIONING = "aws:s3/bucketVersioning:BucketVersioning";
const ROLE = "aws:iam/role:Role";
const TABLE = "aws:dynamodb/table:Table";

const bucket = (name: string, region = REGION): Step => ({ type: BUCKET, inputs: { bucket: name, region } });
const versioned = (name: string, region = REGION): Step[] => [
  bucket(name, region),
  {
    type: VERSIONING,
    inputs: { bucket: name, region, versioningConfiguration: { status: "Enabled" } },
  },
];
const json = (value: unknown, indent?: number): string => JSON.stringify(value, undefined, indent);
const trust = (service: string) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
});
const allow = (Action: string | string[], Resource: string | string[], more = {}) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action, Resource, ...more }],
});
const ttlRules = Array.from({ length: 90 }, (_, index) => ({
  id: `ttl-${index + 1}`,
  status: "Enabled",
  filter: { tag: { key: "ttl-days", value: String(index + 1) } },
  expiration: { days: index + 1 },
  noncurrentVersionExpiration: { noncurrentDays: 1 },
}));
const housekeeping = {
  id: "housekeeping",
  status: "Enabled",
  filter: { prefix: "" },
  abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
  expiration: { expiredObjectDeleteMarker: true },
};
const replicate = (to: string, priority: number, more: Properties = {}): Properties => ({
  id: `to-${to}`,
  status: "Enabled",
  priority,
  filter: { tag: { key: `replicate-${to}`, value: "true" } },
  destination: { bucket: `arn:aws:s3:::${to}` },
  deleteMarkerReplication: { status: "Disabled" },
  ...more,
});
const roleArn = "arn:aws:iam::123456789012:role/replication";
const points = {
  blockPublicAcls: true,
  blockPublicPolicy: true,
  ignorePublicAcls: true,
  restrictPublicBuckets: true,
};
const readers = (account: string) =>
  allow("s3:GetObject", `arn:aws:s3:${REGION}:000000000000:accesspoint/conf-point/object/*`, {
    Principal: { AWS: `arn:aws:iam::${account}:root` },
  });

export const cases: readonly Case[] = [
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
    remains: {}, // AES256 or nothing, as the endpoint has it
  },
  {
    name: "BucketPublicAccessBlock",
    type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    needs: [bucket("conf-access")],
    inputs: { bucket: "conf-access", region: REGION, ...points },
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
  {
    name: "BucketLifecycleConfiguration",
    type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    needs: [bucket("conf-lifecycle")],
    inputs: { bucket: "conf-lifecycle", region: REGION, rules: [...ttlRules, housekeeping] },
    id: "conf-lifecycle",
    same: { rules: [{ ...housekeeping, filter: {} }, ...[...ttlRules].reverse()] },
    change: {
      rules: [
        housekeeping,
        {
          id: "big-and-old",
          status: "Disabled",
          filter: { and: { prefix: "raw/", tags: { a: "1", b: "2" } } },
          transitions: [{ days: 30, storageClass: "GLACIER" }],
        },
      ],
    },
    replacing: [{ change: { bucket: "conf-other" } }],
  },
  {
    name: "BucketLifecycleConfiguration by size",
    type: "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    needs: [bucket("conf-sizes")],
    inputs: {
      bucket: "conf-sizes",
      region: REGION,
      rules: [
        { id: "big", status: "Enabled", filter: { objectSizeGreaterThan: 1024 }, expiration: { days: 1 } },
        { id: "dated", status: "Enabled", filter: {}, expiration: { date: "2031-01-31T00:00:00Z" } },
      ],
    },
    id: "conf-sizes",
    change: {
      rules: [
        {
          id: "middling",
          status: "Enabled",
          filter: { and: { prefix: "raw/", objectSizeGreaterThan: 1024, objectSizeLessThan: 4096 } },
          noncurrentVersionTransitions: [{ noncurrentDays: 30, storageClass: "GLACIER" }],
        },
      ],
    },
    replacing: [],
    beyond: { moto: "it forgets the sizes in filters of lifecycle rules, so they read back as a difference" },
  },
  {
    name: "BucketReplicationConfig",
    type: "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    needs: [
      ...versioned("conf-source"),
      ...versioned("conf-east", "us-east-1"),
      ...versioned("conf-west", "eu-west-1"),
    ],
    inputs: {
      bucket: "conf-source",
      region: REGION,
      role: roleArn,
      rules: [replicate("conf-east", 1), replicate("conf-west", 2)],
    },
    id: "conf-source",
    same: { rules: [replicate("conf-west", 2), replicate("conf-east", 1)] },
    change: {
      rules: [
        replicate("conf-east", 1, { filter: { and: { prefix: "in/", tags: { go: "east" } } } }),
        replicate("conf-west", 3, {
          status: "Disabled",
          destination: { bucket: "arn:aws:s3:::conf-west", storageClass: "STANDARD_IA" },
        }),
      ],
    },
    replacing: [{ change: { bucket: "conf-other" } }],
    beyond: { moto: "it forgets the filters of replication rules, so they read back as a difference" },
  },
  {
    name: "AccessPoint",
    type: "aws:s3/accessPoint:AccessPoint",
    needs: [bucket("conf-shared")],
    inputs: {
      name: "conf-point",
      bucket: "conf-shared",
      region: REGION,
      publicAccessBlockConfiguration: points,
      policy: json(readers("111122223333")),
    },
    id: "ACCOUNT:conf-point",
    outputs: { networkOrigin: "Internet" },
    same: { policy: json(readers("111122223333"), 2) },
    change: { policy: json(readers("444455556666")) },
    replacing: [
      { change: { name: "conf-point-two" } },
      { change: { bucket: "conf-other" }, deleteFirst: true },
      {
        change: { publicAccessBlockConfiguration: { ...points, blockPublicAcls: false } },
        deleteFirst: true,
      },
    ],
  },
  {
    name: "AccessPoint whose policy is removed",
    type: "aws:s3/accessPoint:AccessPoint",
    needs: [bucket("conf-unshared")],
    inputs: {
      name: "conf-bare",
      bucket: "conf-unshared",
      region: REGION,
      policy: json(readers("111122223333")),
    },
    id: "ACCOUNT:conf-bare",
    change: { policy: "{}" },
    replacing: [],
  },
  {
    name: "Role",
    type: ROLE,
    inputs: {
      name: "conf-role",
      description: "Replicates",
      assumeRolePolicy: json(trust("s3.amazonaws.com")),
      tags: { team: "genomics", old: "x" },
    },
    id: "conf-role",
    outputs: { tagsAll: { team: "genomics", old: "x" } },
    same: { assumeRolePolicy: json(trust("s3.amazonaws.com"), 2) },
    change: {
      description: "Copies",
      maxSessionDuration: 7200,
      assumeRolePolicy: json(trust("ec2.amazonaws.com")),
      tags: { team: "physics", new: "y" },
    },
    replacing: [{ change: { name: "conf-role-two" } }, { change: { path: "/spawn/" }, deleteFirst: true }],
    notImported: ["forceDetachPolicies"],
  },
  {
    name: "RolePolicy",
    type: "aws:iam/rolePolicy:RolePolicy",
    needs: [
      { type: ROLE, inputs: { name: "conf-holder", assumeRolePolicy: json(trust("s3.amazonaws.com")) } },
    ],
    inputs: {
      name: "replicate",
      role: "conf-holder",
      policy: json(allow(["s3:GetObject", "s3:ListBucket"], "*")),
    },
    id: "conf-holder:replicate",
    same: { policy: json(allow(["s3:ListBucket", "s3:GetObject"], ["*"]), 2) },
    change: { policy: json(allow("s3:GetObject", "arn:aws:s3:::a+b%20c/*")) },
    replacing: [{ change: { name: "other" } }, { change: { role: "other-role" }, deleteFirst: true }],
  },
  {
    name: "Table",
    type: TABLE,
    inputs: {
      name: "conf-table",
      region: REGION,
      billingMode: "PAY_PER_REQUEST",
      hashKey: "id",
      attributes: ["id", "kind", "at"].map((name) => ({ name, type: "S" })),
      globalSecondaryIndexes: [{ name: "by-kind", hashKey: "kind", rangeKey: "at", projectionType: "ALL" }],
      ttl: { attributeName: "expires", enabled: true },
      pointInTimeRecovery: { enabled: true },
      tags: { team: "genomics", old: "x" },
    },
    id: "conf-table",
    outputs: { tagsAll: { team: "genomics", old: "x" } },
    same: {
      attributes: ["at", "kind", "id"].map((name) => ({ name, type: "S" })),
      globalSecondaryIndexes: [
        {
          name: "by-kind",
          projectionType: "ALL",
          keySchemas: [
            { attributeName: "kind", keyType: "HASH" },
            { attributeName: "at", keyType: "RANGE" },
          ],
        },
      ],
    },
    change: {
      attributes: ["id", "sweep", "at"].map((name) => ({ name, type: "S" })),
      globalSecondaryIndexes: [
        {
          name: "by-sweep",
          hashKey: "sweep",
          rangeKey: "at",
          projectionType: "INCLUDE",
          nonKeyAttributes: ["b", "a"],
        },
        { name: "by-time", hashKey: "at", projectionType: "KEYS_ONLY" },
      ],
      ttl: { attributeName: "removed_at", enabled: true },
      pointInTimeRecovery: { enabled: false },
      tags: { team: "physics", new: "y" },
    },
    replacing: [
      { change: { name: "conf-table-two" } },
      { change: { hashKey: "other" }, deleteFirst: true },
      { change: { rangeKey: "at" }, deleteFirst: true },
    ],
  },
  {
    name: "Table with a range key, protected",
    type: TABLE,
    inputs: {
      name: "conf-bare-table",
      region: REGION,
      billingMode: "PAY_PER_REQUEST",
      hashKey: "id",
      rangeKey: "n",
      attributes: [
        { name: "id", type: "S" },
        { name: "n", type: "N" },
      ],
      deletionProtectionEnabled: true,
    },
    id: "conf-bare-table",
    change: { ttl: { attributeName: "expires", enabled: true }, deletionProtectionEnabled: false },
    replacing: [],
  },
  {
    name: "TableItem",
    type: "aws:dynamodb/tableItem:TableItem",
    needs: [
      {
        type: TABLE,
        inputs: {
          name: "conf-items",
          region: REGION,
          billingMode: "PAY_PER_REQUEST",
          hashKey: "id",
          attributes: [{ name: "id", type: "S" }],
        },
      },
    ],
    inputs: {
      tableName: "conf-items",
      region: REGION,
      hashKey: "id",
      item: json({
        id: { S: "stage|1" },
        size: { N: "107374182400" },
        done: { BOOL: false },
        none: { NULL: true },
        raw: { B: "AAEC" },
        regions: { L: [{ S: "us-east-1" }, { S: "us-west-2" }] },
        names: { SS: ["b", "a"] },
        cost: { M: { daily: { N: "0.153" } } },
      }),
    },
    id: "conf-items|id|stage|1",
    outputs: { hashKeyValue: "stage|1" },
    same: {
      item: json(
        {
          cost: { M: { daily: { N: "0.153" } } },
          names: { SS: ["a", "b"] },
          raw: { B: "AAEC" },
          none: { NULL: true },
          done: { BOOL: false },
          size: { N: "107374182400" },
          id: { S: "stage|1" },
          regions: { L: [{ S: "us-east-1" }, { S: "us-west-2" }] },
        },
        2,
      ),
    },
    change: {
      item: json({
        id: { S: "stage|1" },
        size: { N: "1" },
        done: { BOOL: true },
        regions: { L: [] },
        new: { S: "" },
      }),
    },
    replacing: [{ change: { tableName: "conf-other" } }, { change: { hashKey: "size" } }],
  },
  {
    name: "TableItem with a range key, its key changed in place",
    type: "aws:dynamodb/tableItem:TableItem",
    needs: [
      {
        type: TABLE,
        inputs: {
          name: "conf-ranged",
          region: REGION,
          billingMode: "PAY_PER_REQUEST",
          hashKey: "id",
          rangeKey: "n",
          attributes: [
            { name: "id", type: "S" },
            { name: "n", type: "N" },
          ],
        },
      },
    ],
    inputs: {
      tableName: "conf-ranged",
      region: REGION,
      hashKey: "id",
      rangeKey: "n",
      item: json({ id: { S: "a" }, n: { N: "1" }, text: { S: "one" } }),
    },
    id: "conf-ranged|id|a|n|1",
    outputs: { hashKeyValue: "a", rangeKeyValue: "1" },
    change: { item: json({ id: { S: "a" }, n: { N: "2" }, text: { S: "two" } }) },
    idAfterChange: "conf-ranged|id|a|n|2",
    replacing: [],
  },
];
