import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  type LifecycleRule,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { isAbsent } from "../../../../connection/errors/absent.ts";
import {
  OLD_VERSION_DAYS,
  STATE_RULE,
  STATE_SID,
  STATE_TAG,
  STATE_TAG_VALUE,
} from "../../../../staging/state-bucket.ts";
import { isRecord } from "../../../../staging/type-guards.ts";

/** One setting of the bucket that holds the state. */
export interface StateSetting {
  /** For people. */
  readonly what: string;
  isMade(client: S3Client, bucket: string): Promise<boolean>;
  make(client: S3Client, bucket: string): Promise<void>;
}

async function undefinedIfAbsent<T>(request: Promise<T>): Promise<T | undefined> {
  return await request.catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
}

/** Tags of the bucket. */
export async function tagsOf(client: S3Client, Bucket: string): Promise<ReadonlyMap<string, string>> {
  const answer = await undefinedIfAbsent(client.send(new GetBucketTaggingCommand({ Bucket })));
  return new Map((answer?.TagSet ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}

/** The first setting: the next run recognises the bucket by it. */
const tag: StateSetting = {
  what: `the tag ${STATE_TAG}`,
  isMade: async (client, bucket) => (await tagsOf(client, bucket)).get(STATE_TAG) === STATE_TAG_VALUE,
  make: async (client, Bucket) => {
    const tags = new Map(await tagsOf(client, Bucket)).set(STATE_TAG, STATE_TAG_VALUE);
    const TagSet = [...tags].map(([Key, Value]) => ({ Key, Value }));
    await client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
  },
};

const PRIVATE = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
} as const;

const publicAccess: StateSetting = {
  what: "public access blocked",
  isMade: async (client, Bucket) => {
    const answer = await undefinedIfAbsent(client.send(new GetPublicAccessBlockCommand({ Bucket })));
    const found = answer?.PublicAccessBlockConfiguration;
    return (Object.keys(PRIVATE) as (keyof typeof PRIVATE)[]).every((key) => found?.[key] === true);
  },
  make: async (client, Bucket) => {
    await client.send(
      new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: { ...PRIVATE } }),
    );
  },
};

const ownership: StateSetting = {
  what: "no access control lists",
  isMade: async (client, Bucket) => {
    const answer = await undefinedIfAbsent(client.send(new GetBucketOwnershipControlsCommand({ Bucket })));
    return answer?.OwnershipControls?.Rules?.[0]?.ObjectOwnership === "BucketOwnerEnforced";
  },
  make: async (client, Bucket) => {
    const OwnershipControls = { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" as const }] };
    await client.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls }));
  },
};

/** Keeps a key of the user's choice (SSE-KMS). */
const encryption: StateSetting = {
  what: "encryption",
  isMade: async (client, Bucket) => {
    const answer = await undefinedIfAbsent(client.send(new GetBucketEncryptionCommand({ Bucket })));
    const [rule] = answer?.ServerSideEncryptionConfiguration?.Rules ?? [];
    return rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm !== undefined;
  },
  make: async (client, Bucket) => {
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" as const } }];
    await client.send(
      new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }),
    );
  },
};

const versioning: StateSetting = {
  what: "versioning",
  isMade: async (client, Bucket) =>
    (await client.send(new GetBucketVersioningCommand({ Bucket }))).Status === "Enabled",
  make: async (client, Bucket) => {
    await client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
  },
};

/** Keeps the user's own statements, which may allow other roles. */
const encryptedTransport: StateSetting = {
  what: "no plain HTTP",
  isMade: async (client, Bucket) =>
    statementsOf(await policyOf(client, Bucket)).some(
      ({ Sid, Effect }) => Sid === STATE_SID && Effect === "Deny",
    ),
  make: async (client, Bucket) => {
    const Policy = statePolicy(Bucket, await policyOf(client, Bucket));
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  },
};

/**
 * The policy of the bucket of a state.
 * @param found the existing policy, whose version decides the meaning of its statements
 */
export function statePolicy(bucket: string, found: Record<string, unknown> | undefined): string {
  const others = statementsOf(found).filter(({ Sid }) => Sid !== STATE_SID);
  const ours = {
    ...{ Sid: STATE_SID, Effect: "Deny", Principal: { AWS: "*" }, Action: "s3:*" },
    Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
  return JSON.stringify({ ...(found ?? { Version: "2012-10-17" }), Statement: [ours, ...others] });
}

async function policyOf(client: S3Client, Bucket: string): Promise<Record<string, unknown> | undefined> {
  const answer = await undefinedIfAbsent(client.send(new GetBucketPolicyCommand({ Bucket })));
  const policy: unknown = answer?.Policy === undefined ? undefined : JSON.parse(answer.Policy);
  return isRecord(policy) ? policy : undefined;
}

function statementsOf(policy: Record<string, unknown> | undefined): Record<string, unknown>[] {
  const statements = policy?.["Statement"];
  return (Array.isArray(statements) ? statements : [statements]).filter(isRecord);
}

/** Released locks are also noncurrent versions below a delete marker. */
const oldVersions: StateSetting = {
  what: `old versions deleted after ${OLD_VERSION_DAYS} days`,
  isMade: async (client, bucket) =>
    (await rulesOf(client, bucket)).some(({ ID, Status }) => ID === STATE_RULE && Status === "Enabled"),
  make: async (client, Bucket) => {
    const others = (await rulesOf(client, Bucket)).filter(({ ID }) => ID !== STATE_RULE);
    const ours: LifecycleRule = {
      ...{ ID: STATE_RULE, Status: "Enabled", Filter: { Prefix: "" } },
      NoncurrentVersionExpiration: { NoncurrentDays: OLD_VERSION_DAYS },
      Expiration: { ExpiredObjectDeleteMarker: true },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    };
    const LifecycleConfiguration = { Rules: [ours, ...others] };
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
  },
};

async function rulesOf(client: S3Client, Bucket: string): Promise<LifecycleRule[]> {
  const answer = await undefinedIfAbsent(client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })));
  return answer?.Rules ?? [];
}

/** All settings, in the order of their creation. The local cloud uses plain HTTP. */
export const stateSettings = (cloud: "local" | "aws"): readonly StateSetting[] => [
  ...[tag, publicAccess, ownership, encryption, versioning],
  ...(cloud === "aws" ? [encryptedTransport] : []),
  oldVersions,
];
