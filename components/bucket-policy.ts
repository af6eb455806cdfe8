import type { EnvironmentSettings } from "../staging/environment.ts";
import { ID_DIGITS, ID_PREFIX } from "../staging/ids.ts";
import type { BucketRule } from "../staging/resources.ts";

export const bucketArn = (bucket: string): string => `arn:aws:s3:::${bucket}`;

/** What an access point of an entry can hand on: reading, since sharing is for readers. */
const SHARED_ACTIONS = ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:ListBucket"];

/**
 * The policy of a staging bucket, the same whatever its entries are: the entries' access points, which the condition
 * limits to those of this account, say who may read, and plain HTTP is refused.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html
 *
 * On the local cloud plain HTTP is what there is, and emulators that enforce policies ignore the condition.
 */
export function bucketPolicy(bucket: string, accountId: string, cloud: EnvironmentSettings["cloud"]): string {
  const resource = [bucketArn(bucket), `${bucketArn(bucket)}/*`];
  const statements = [
    ...(cloud === "aws" ? [{ Sid: "DenyPlainHttp", ...denyPlainHttp(resource) }] : []),
    { Sid: "DelegateToAccessPoints", ...delegateToAccessPoints(resource, accountId) },
  ];
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

/**
 * The same statements to stand beside those of a bucket that the user made: about the objects of entries only, since the
 * others are the user's business. Their Sids begin as nobody else's do.
 */
export function adoptedPolicyStatements(
  bucket: string,
  accountId: string,
  cloud: EnvironmentSettings["cloud"],
): BucketRule[] {
  const objects = `${bucketArn(bucket)}/${ID_PREFIX}${"?".repeat(ID_DIGITS)}/*`;
  return [
    ...(cloud === "aws" ? [{ Sid: "SpawnStagingDenyPlainHttp", ...denyPlainHttp([objects]) }] : []),
    {
      Sid: "SpawnStagingDelegateToAccessPoints",
      ...delegateToAccessPoints([bucketArn(bucket), objects], accountId),
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
