import type { AccountId } from "../staging/accounts.ts";
import { READERS_TAG } from "../staging/classes.ts";
import type { EnvironmentSettings } from "../staging/environment.ts";
import { ID_DIGITS, ID_PREFIX } from "../staging/ids.ts";
import type { BucketRule } from "../staging/resources/bucket-rules.ts";

export const bucketArn = (bucket: string): string => `arn:aws:s3:::${bucket}`;

/** The public access block of buckets and access points. */
export const BLOCK_PUBLIC_ACCESS = {
  blockPublicAcls: true,
  blockPublicPolicy: true,
  ignorePublicAcls: true,
  restrictPublicBuckets: true,
} as const;

/** An access point can only allow reads, because sharing is for readers. */
const SHARED_ACTIONS = ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:ListBucket"];

/** Inputs of a bucket's policy. It does not depend on the entries. */
interface BucketSharing {
  readonly bucket: string;
  /** The account of the bucket. */
  readonly accountId: string;
  /** The local cloud has plain HTTP only. */
  readonly cloud: EnvironmentSettings["cloud"];
  /** The accounts of `spawn:readers`. */
  readonly readers: readonly AccountId[];
}

/**
 * The policy of a staging bucket, independent of its entries. It delegates reads to access points of this account
 * and, by the objects' tags, to accounts that use the bucket's name. It denies plain HTTP.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
 */
export function bucketPolicy(sharing: BucketSharing): string {
  const resources = [bucketArn(sharing.bucket), `${bucketArn(sharing.bucket)}/*`];
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: statementsOf("", resources, resources, sharing),
  });
}

/**
 * The same statements for an adopted bucket. They cover only objects of entries, and their Sids have a unique prefix.
 */
export function adoptedPolicyStatements(sharing: BucketSharing): BucketRule[] {
  const bucket = bucketArn(sharing.bucket);
  const objects = `${bucket}/${ENTRIES}`;
  return statementsOf("SpawnStaging", [objects], [bucket, objects], sharing);
}

const statementsOf = (
  sid: string,
  overTls: readonly string[],
  delegated: readonly string[],
  { bucket, accountId, cloud, readers }: BucketSharing,
): BucketRule[] => [
  ...(cloud === "aws" ? [{ Sid: `${sid}DenyPlainHttp`, ...denyPlainHttp(overTls) }] : []),
  { Sid: `${sid}DelegateToAccessPoints`, ...delegateToAccessPoints(delegated, accountId) },
  ...readStatements(sid, bucket, readers, cloud),
];

/** Keys with the prefix of any entry. */
const ENTRIES = `${ID_PREFIX}${"?".repeat(ID_DIGITS)}/*`;

/**
 * Allows reads by the bucket's name. The tag has accounts of 12 digits with a separator, so no account is part of
 * another. A listing has no tag: an account of `spawn:readers` can list any entry whose ID it knows. The policy of an
 * adopted bucket may allow plain HTTP, so both statements require TLS.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html
 */
function readStatements(
  sid: string,
  bucket: string,
  readers: readonly AccountId[],
  cloud: EnvironmentSettings["cloud"],
) {
  if (readers.length === 0) return [];
  const overTls = cloud === "aws" ? { Bool: { "aws:SecureTransport": "true" } } : {};
  const Principal = { AWS: readers.map((account) => `arn:aws:iam::${account}:root`) };
  return [
    {
      Sid: `${sid}ReadTagged`,
      ...{ Effect: "Allow", Principal, Action: "s3:GetObject", Resource: `${bucketArn(bucket)}/${ENTRIES}` },
      Condition: {
        StringLike: { [`s3:ExistingObjectTag/${READERS_TAG}`]: `*\${aws:PrincipalAccount}*` },
        ...overTls,
      },
    },
    {
      Sid: `${sid}ListEntry`,
      ...{ Effect: "Allow", Principal, Action: "s3:ListBucket", Resource: bucketArn(bucket) },
      Condition: { StringLike: { "s3:prefix": ENTRIES }, ...overTls },
    },
  ];
}

const delegateToAccessPoints = (resource: readonly string[], accountId: string) => ({
  Effect: "Allow",
  Principal: { AWS: "*" },
  Action: SHARED_ACTIONS,
  Resource: resource,
  Condition: { StringEquals: { "s3:DataAccessPointAccount": accountId } },
});

const denyPlainHttp = (resource: readonly string[]) => ({
  Effect: "Deny",
  Principal: { AWS: "*" },
  Action: "s3:*",
  Resource: resource,
  Condition: { Bool: { "aws:SecureTransport": "false" } },
});
