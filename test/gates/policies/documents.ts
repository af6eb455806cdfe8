import { statePolicy } from "../../../cli/services/environment/state-bucket/settings.ts";
import { accessPointPolicy } from "../../../components/access-points.ts";
import { adoptedPolicyStatements, bucketPolicy } from "../../../components/bucket-policy.ts";
import { replicationPermissions, replicationTrustPolicy } from "../../../components/replication-policy.ts";
import { WORKER_TRUST_POLICY } from "../../../components/sweep-role.ts";
import { parseStagingId } from "../../../staging/ids.ts";
import { environmentPolicy, type PolicyName } from "../../../staging/policies/policies.ts";
import { trustPolicy } from "../../../staging/policies/trust.ts";
import { readerPolicy } from "../../../staging/reader-policy.ts";
import type { SweepSpec } from "../../../staging/sweep/spec.ts";
import { workerPolicy } from "../../../staging/sweep/worker-policy.ts";
import { environmentSettings } from "../../components/settings.ts";
import { dataset, shares, sweepSpec } from "../../staging/sweep/sweep-spec.ts";
import { A, ADOPTED_BUCKET, B, BUCKET, ID, POINT, REGION } from "./world.ts";

const document = (Statement: readonly unknown[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement });

const worker = (changes: Partial<SweepSpec> = {}): string =>
  workerPolicy(sweepSpec(changes), environmentSettings({ cloud: "aws" }), B);

/** Locations in another account, as `launch --stage-account` takes them: an alias, an ARN, a bucket's name. */
const ofOther = (id: string, kind: "file" | "directory", bucket: string) =>
  dataset({ stagingId: parseStagingId(id), account: A, kind, copies: [{ region: REGION, bucket }] });

const ofEnvironment = (name: PolicyName): string =>
  JSON.stringify(environmentPolicy(name, environmentSettings({ cloud: "aws" }), A));

const access = new Map([
  [REGION, { arn: POINT, alias: "spawn-stage-abc-1234567890abcdefghijklmnop-s3alias" }],
]);

/** The text of every generated policy, with all optional statements, by a name. */
export const POLICIES = {
  operator: ofEnvironment("operator"),
  stager: ofEnvironment("stager"),
  reader: ofEnvironment("reader"),
  job: ofEnvironment("worker"),
  previewer: ofEnvironment("previewer"),
  "pipeline trust": JSON.stringify(trustPolicy("github:acme/data:environment:spawn-up", A, "aws")),
  boundary: ofEnvironment("boundary"),
  state: statePolicy("my-state", undefined),
  bucket: bucketPolicy({ bucket: BUCKET, accountId: A, cloud: "aws", readers: [B] }),
  "adopted bucket": document(
    adoptedPolicyStatements({ bucket: ADOPTED_BUCKET, accountId: A, cloud: "aws", readers: [B] }),
  ),
  "access point": accessPointPolicy(
    { namePrefix: "spawn", stagingId: ID, region: REGION, cloud: "aws", accounts: [B] },
    A,
  ),
  "replication trust": replicationTrustPolicy(),
  "replication role": replicationPermissions([BUCKET, "spawn-staging-us-west-2"], A),
  "worker trust": WORKER_TRUST_POLICY,
  worker: worker(),
  "worker with all": worker({
    regions: shares({ "us-east-1": 1 }),
    datasets: [
      dataset(),
      dataset({ stagingId: parseStagingId("stage-000000000001"), kind: "directory" }),
      ofOther("stage-000000000002", "directory", "abc-1234567890abcdefghijklmnop-s3alias"),
      ofOther("stage-000000000003", "directory", `arn:aws:s3:${REGION}:${A}:accesspoint/spawn-3`),
      ofOther("stage-000000000004", "file", BUCKET),
    ],
    results: "s3://my-results/genome $1/",
    iamActions: ["s3:GetObject", "dynamodb:GetItem"],
  }),
  "reader of a file": JSON.stringify(
    readerPolicy({ stagingId: ID, kind: "file", accessPoints: access, buckets: [] }),
  ),
  "reader of a directory": JSON.stringify(
    readerPolicy({ stagingId: ID, kind: "directory", accessPoints: access, buckets: [] }),
  ),
  "reader by name": JSON.stringify(
    readerPolicy({ stagingId: ID, kind: "directory", accessPoints: access, buckets: [BUCKET] }),
  ),
} as const;

/** The files that generate policies. */
export const SOURCES = [
  "cli/services/environment/state-bucket/settings.ts",
  "components/access-points.ts",
  "components/bucket-policy.ts",
  "components/replication-policy.ts",
  "components/sweep-role.ts",
  // Adds our statements to the policy of an adopted bucket.
  "provider/rules/policy.ts",
  "staging/policies/document.ts",
  "staging/policies/trust.ts",
  "staging/reader-policy.ts",
  "staging/sweep/worker-policy.ts",
];
