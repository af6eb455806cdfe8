import { bucketArn } from "./bucket-policy.ts";

/**
 * Who may take the replication role: S3. The policy has no condition, as in AWS's own example: AWS documents neither
 * `aws:SourceAccount` nor `aws:SourceArn` for replication, and a key that S3 does not send would fail every replica. A user
 * of another account cannot make S3 take this role, since a role cannot be passed to a service of another account.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
 */
export function replicationTrustPolicy(): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "sts:AssumeRole" }],
  });
}

/**
 * What S3 may do with the role: read objects of every bucket and write replicas to every bucket, each bucket being a
 * source and a destination. Not `ReplicateDelete`: delete markers are not replicated.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
 * @param accountId the account that the buckets must belong to: whoever takes a bucket's name after its deletion gets no
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
