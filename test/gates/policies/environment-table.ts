import { POLICIES } from "./documents.ts";
import type { Asked } from "./simulator.ts";
import type { Table } from "./table.ts";
import { A, BUCKET, C, ID, instanceOf } from "./world.ts";

type Role = "operator" | "stager" | "reader" | "job" | "previewer";

const asks =
  (role: Role) =>
  (action: string, resource: string, changes: Partial<Asked> = {}): readonly Asked[] => [
    { principal: instanceOf(A), identity: POLICIES[role], action, resource, owner: A, ...changes },
  ];
const [operator, stager, reader, job, previewer] = [
  ...([asks("operator"), asks("stager"), asks("reader"), asks("job"), asks("previewer")] as const),
];
const object = `arn:aws:s3:::${BUCKET}/${ID}/data`;
const bucket = `arn:aws:s3:::${BUCKET}`;
const point = `arn:aws:s3:us-east-1:${A}:accesspoint/spawn-${ID}`;
const table = (name: string): string => `arn:aws:dynamodb:us-east-1:${A}:table/${name}`;
const sweepRole = `arn:aws:iam::${A}:role/spawn-sweep-abc123def456`;

/** The permissions of the policies of `spawn environment policy`. */
export const ENVIRONMENT: { allowed: Table; denied: Table } = {
  allowed: {
    "the operator makes a bucket's policy": operator("s3:PutBucketPolicy", bucket),
    "the operator reads a setting of a bucket": operator("s3:GetLifecycleConfiguration", bucket),
    "the operator lists the policies of the replication role": operator(
      "iam:ListRolePolicies",
      `arn:aws:iam::${A}:role/spawn-replication-dev`,
    ),
    "the stager uploads": stager("s3:PutObject", object),
    "the stager tags": stager("s3:PutObjectTagging", object),
    "the stager reads attributes": stager("s3:GetObjectAttributes", object),
    "the stager shares": stager("s3:CreateAccessPoint", point),
    "the stager looks at an access point": stager("s3:GetAccessPoint", "*"),
    "the reader reads": reader("s3:GetObject", object),
    "the reader reads attributes": reader("s3:GetObjectAttributes", object),
    "a job reads": job("s3:GetObject", object),
    "the previewer reads a setting of a bucket": previewer("s3:GetLifecycleConfiguration", bucket),
    "the previewer reads tags": previewer("s3:GetObjectTagging", object),
    "the previewer looks at an access point": previewer("s3:GetAccessPoint", "*"),
  },
  denied: {
    "the previewer uploads": previewer("s3:PutObject", object),
    "the previewer deletes": previewer("s3:DeleteObjectVersion", object),
    "the previewer writes a record": previewer("dynamodb:PutItem", table("spawn-staging-dev")),
    "the previewer passes the replication role": previewer(
      "iam:PassRole",
      `arn:aws:iam::${A}:role/spawn-replication-dev`,
    ),
    "the operator reads another bucket": operator("s3:GetObject", "arn:aws:s3:::payroll/data"),
    "the operator makes a user": operator("iam:CreateUser", `arn:aws:iam::${A}:user/eve`),
    "the operator passes another role": operator("iam:PassRole", `arn:aws:iam::${A}:role/admin`),
    "the stager makes a bucket's policy": stager("s3:PutBucketPolicy", bucket),
    "the stager deletes the bucket": stager("s3:DeleteBucket", bucket),
    "the stager deletes a table": stager("dynamodb:DeleteTable", table("spawn-staging-dev")),
    "the stager writes to another environment's table": stager(
      "dynamodb:PutItem",
      table("spawn-staging-prod"),
    ),
    "the stager passes the replication role": stager(
      "iam:PassRole",
      `arn:aws:iam::${A}:role/spawn-replication-dev`,
    ),
    "the stager passes a sweep's role to another service": stager("iam:PassRole", sweepRole, {
      context: { "iam:PassedToService": "lambda.amazonaws.com" },
    }),
    "the stager writes to a bucket of that name in another account": stager("s3:PutObject", object, {
      ...{ owner: C },
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: {
          Effect: "Allow",
          Principal: { AWS: `arn:aws:iam::${A}:root` },
          Action: "s3:*",
          Resource: object,
        },
      }),
    }),
    "the reader writes": reader("s3:PutObject", object),
    "the reader deletes": reader("s3:DeleteObject", object),
    "the reader changes a record": reader("dynamodb:UpdateItem", table("spawn-staging-dev")),
    "the reader shares": reader("s3:CreateAccessPoint", point),
    "a job writes": job("s3:PutObject", object),
    "a job reads another bucket": job("s3:GetObject", "arn:aws:s3:::payroll/data"),
    "a job reads the records": job("dynamodb:Scan", table("spawn-staging-dev")),
  },
};
