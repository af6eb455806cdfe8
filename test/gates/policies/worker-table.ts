import { POLICIES } from "./documents.ts";
import type { Asked } from "./simulator.ts";
import type { Table } from "./table.ts";
import { A, B, BUCKET, ID, instanceOf, OTHER_ID } from "./world.ts";

const SWEEP = "sweep-abc123def456";
const OTHER_SWEEP = "sweep-000000000000";
const table = (name: string): string => `arn:aws:dynamodb:us-east-1:${B}:table/${name}`;
const object = (key: string): string => `arn:aws:s3:::${BUCKET}/${key}`;
const group = (sweep: string): string =>
  `arn:aws:autoscaling:us-east-1:${B}:autoScalingGroup:01234567-89ab-cdef-0123-456789abcdef:autoScalingGroupName/spawn-${sweep}`;

const asks = (action: string, resource: string, changes: Partial<Asked> = {}): readonly Asked[] => [
  { principal: instanceOf(B), identity: POLICIES.worker, action, resource, owner: B, ...changes },
];
const item = (action: string, name: string, key: string, more: Asked["context"] = {}): readonly Asked[] =>
  asks(`dynamodb:${action}`, table(name), { context: { "dynamodb:LeadingKeys": [key], ...more } });

const COUNTERS = {
  "dynamodb:Attributes": ["staging_id", "instance_count", "download_count", "instances_in_us-east-1"],
};

/** The permissions of a sweep's worker. */
export const WORKER: { allowed: Table; denied: Table } = {
  allowed: {
    "reads its data": asks("s3:GetObject", object(`${ID}/data`)),
    "reads an item of its sweep": item("GetItem", "spawn-sweeps-dev", SWEEP),
    "looks for an index": item("Query", "spawn-sweeps-dev", SWEEP),
    "claims an index": item("UpdateItem", "spawn-sweeps-dev", SWEEP),
    "counts a download": item("UpdateItem", "spawn-usage-dev", ID, COUNTERS),
    "writes a log": asks("s3:PutObject", object(`${SWEEP}/logs/0.txt`)),
    "tags a log": asks("s3:PutObjectTagging", object(`${SWEEP}/logs/0.txt`)),
    "leaves its group": asks("autoscaling:TerminateInstanceInAutoScalingGroup", group(SWEEP)),
  },
  denied: {
    "reads another entry": asks("s3:GetObject", object(`${OTHER_ID}/data`)),
    "reads its data from a bucket of that name in another account": asks(
      "s3:GetObject",
      object(`${ID}/data`),
      {
        owner: A,
        policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: {
            Effect: "Allow",
            Principal: { AWS: `arn:aws:iam::${B}:root` },
            Action: "s3:*",
            Resource: object("*"),
          },
        }),
      },
    ),
    "lists the bucket": asks("s3:ListBucket", `arn:aws:s3:::${BUCKET}`),
    "overwrites its data": asks("s3:PutObject", object(`${ID}/data`)),
    "changes the TTL of its data": asks("s3:PutObjectTagging", object(`${ID}/data`)),
    "deletes its data": asks("s3:DeleteObject", object(`${ID}/data`)),
    "deletes a log": asks("s3:DeleteObject", object(`${SWEEP}/logs/0.txt`)),
    "reads a log of another sweep": asks("s3:GetObject", object(`${OTHER_SWEEP}/logs/0.txt`)),
    "writes a log of another sweep": asks("s3:PutObject", object(`${OTHER_SWEEP}/logs/0.txt`)),
    "replaces the bucket's policy": asks("s3:PutBucketPolicy", `arn:aws:s3:::${BUCKET}`),
    "reads an item of another sweep": item("GetItem", "spawn-sweeps-dev", OTHER_SWEEP),
    "claims an index of another sweep": item("UpdateItem", "spawn-sweeps-dev", OTHER_SWEEP),
    "reads all sweeps": asks("dynamodb:Scan", table("spawn-sweeps-dev")),
    "writes a whole item": item("PutItem", "spawn-sweeps-dev", SWEEP),
    "deletes an item": item("DeleteItem", "spawn-sweeps-dev", SWEEP),
    "counts a download of another entry": item("UpdateItem", "spawn-usage-dev", OTHER_ID, COUNTERS),
    "changes the size in the row of its data": item("UpdateItem", "spawn-usage-dev", ID, {
      "dynamodb:Attributes": ["staging_id", "size_bytes"],
    }),
    "reads the row of its data as it counts": item("UpdateItem", "spawn-usage-dev", ID, {
      ...COUNTERS,
      "dynamodb:ReturnValues": "ALL_OLD",
    }),
    "reads the record of its data": item("GetItem", "spawn-staging-dev", ID),
    "changes the record of its data": item("UpdateItem", "spawn-staging-dev", ID),
    "deletes the table": asks("dynamodb:DeleteTable", table("spawn-sweeps-dev")),
    "ends an instance of another group": asks(
      "autoscaling:TerminateInstanceInAutoScalingGroup",
      group(OTHER_SWEEP),
    ),
    "enlarges its group": asks("autoscaling:UpdateAutoScalingGroup", group(SWEEP)),
    "passes its role": asks("iam:PassRole", `arn:aws:iam::${B}:role/spawn-${SWEEP}`),
    "gives its role more rights": asks("iam:PutRolePolicy", `arn:aws:iam::${B}:role/spawn-${SWEEP}`),
    "makes an access key": asks("iam:CreateAccessKey", `arn:aws:iam::${B}:user/another`),
    "takes the replication role": asks("sts:AssumeRole", `arn:aws:iam::${B}:role/spawn-replication-dev`),
    "starts an instance": asks("ec2:RunInstances", `arn:aws:ec2:us-east-1:${B}:instance/i-0123456789abcdef0`),
  },
};
