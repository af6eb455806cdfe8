import { bucketArn } from "./bucket-policy.ts";

/**
 * The trust policy of the replication role: only S3 may assume it. It has no condition, as in AWS's example: AWS
 * documents neither `aws:SourceAccount` nor `aws:SourceArn` for replication, and a missing key would fail every
 * replica. A user of another account cannot make S3 assume the role, because a role cannot be passed to a service of
 * another account.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
 */
export function replicationTrustPolicy(): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "sts:AssumeRole" }],
  });
}

/**
 * The permissions of the replication role: read from and replicate to every bucket, because each bucket is source and
 * destination. Without `ReplicateDelete`, because delete markers are not replicated.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
 * @param accountId the account that must own the buckets, so that a new owner of a deleted bucket's name gets no
 * replicas. Undefined on emulators, whose requests have no account.
 */
export function replicationPermissions(buckets: readonly string[], accountId: string | undefined): string {
  const arns = buckets.map(bucketArn);
  const objects = arns.map((arn) => `${arn}/*`);
  const own =
    accountId === undefined ? {} : { Condition: { StringEquals: { "aws:ResourceAccount": accountId } } };
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "ReadConfiguration",
        Effect: "Allow",
        Action: ["s3:GetReplicationConfiguration", "s3:ListBucket"],
        Resource: arns,
        ...own,
      },
      {
        Sid: "ReadSource",
        Effect: "Allow",
        Action: ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
        Resource: objects,
        ...own,
      },
      {
        Sid: "WriteReplica",
        Effect: "Allow",
        Action: ["s3:ReplicateObject", "s3:ReplicateTags"],
        Resource: objects,
        ...own,
      },
    ],
  });
}
