import { bucketArn } from "./bucket-policy.ts";

/**
 * Who may take the replication role: S3, on AWS only on behalf of this account (in an emulator the request has no account).
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
 */
export function replicationTrustPolicy(accountId: string | undefined): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "s3.amazonaws.com" },
        Action: "sts:AssumeRole",
        ...(accountId === undefined
          ? {}
          : { Condition: { StringEquals: { "aws:SourceAccount": accountId } } }),
      },
    ],
  });
}

/**
 * What S3 may do with the role: read objects of every bucket and write replicas to every bucket, each bucket being a
 * source and a destination. Not `ReplicateDelete`: delete markers are not replicated.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
 */
export function replicationPermissions(buckets: readonly string[]): string {
  const arns = buckets.map(bucketArn);
  const objects = arns.map((arn) => `${arn}/*`);
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "ReadConfiguration",
        Effect: "Allow",
        Action: ["s3:GetReplicationConfiguration", "s3:ListBucket"],
        Resource: arns,
      },
      {
        Sid: "ReadSource",
        Effect: "Allow",
        Action: ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
        Resource: objects,
      },
      {
        Sid: "WriteReplica",
        Effect: "Allow",
        Action: ["s3:ReplicateObject", "s3:ReplicateTags"],
        Resource: objects,
      },
    ],
  });
}
