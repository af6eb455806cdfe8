import { POLICIES } from "./documents.ts";
import type { Asked } from "./simulator.ts";
import type { Table } from "./table.ts";
import { A, BUCKET, C, ID, instanceOf } from "./world.ts";

const REPLICA = "spawn-staging-us-west-2";
const ROLE = `arn:aws:iam::${A}:role/spawn-replication-dev`;

const asks = (action: string, resource: string, owner: string = A): readonly Asked[] => [
  { principal: instanceOf(A), identity: POLICIES["replication role"], action, resource, owner },
];
const takes = (role: "replication trust" | "worker trust", principal: string): readonly Asked[] => [
  { principal, action: "sts:AssumeRole", resource: ROLE, owner: A, policy: POLICIES[role] },
];

/** S3's permissions for replication, and the principals that can assume the roles. */
export const REPLICATION: { allowed: Table; denied: Table } = {
  allowed: {
    "S3 takes the replication role": takes("replication trust", "s3.amazonaws.com"),
    "EC2 takes a worker's role": takes("worker trust", "ec2.amazonaws.com"),
    "it reads the rules": asks("s3:GetReplicationConfiguration", `arn:aws:s3:::${BUCKET}`),
    "it reads an object": asks("s3:GetObjectVersionForReplication", `arn:aws:s3:::${BUCKET}/${ID}/data`),
    "it reads an object's tags": asks("s3:GetObjectVersionTagging", `arn:aws:s3:::${BUCKET}/${ID}/data`),
    "it writes a replica": asks("s3:ReplicateObject", `arn:aws:s3:::${REPLICA}/${ID}/data`),
    "it tags a replica": asks("s3:ReplicateTags", `arn:aws:s3:::${REPLICA}/${ID}/data`),
  },
  denied: {
    "EC2 takes the replication role": takes("replication trust", "ec2.amazonaws.com"),
    "S3 takes a worker's role": takes("worker trust", "s3.amazonaws.com"),
    "another account takes the replication role": takes("replication trust", instanceOf(C)),
    "another account takes a worker's role": takes("worker trust", instanceOf(C)),
    "it writes a replica to a bucket of that name in another account": asks(
      "s3:ReplicateObject",
      `arn:aws:s3:::${REPLICA}/${ID}/data`,
      C,
    ),
    "it deletes a replica": asks("s3:ReplicateDelete", `arn:aws:s3:::${REPLICA}/${ID}/data`),
    "it reads another bucket": asks("s3:GetObjectVersionForReplication", "arn:aws:s3:::payroll/data"),
    "it changes the rules": asks("s3:PutReplicationConfiguration", `arn:aws:s3:::${BUCKET}`),
  },
};
