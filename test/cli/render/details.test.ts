import { expect } from "chai";
import { renderDetails } from "../../../cli/render/details.ts";
import { spendingOf } from "../../../cli/services/cost/spending.ts";
import { toReportJson } from "../../../cli/services/entry/report.ts";
import { parseAccountList } from "../../../staging/accounts.ts";
import { ttlRuleId } from "../../../staging/classes.ts";
import { parseLedgerRow } from "../../../staging/ledger.ts";
import { NO_SHA256 } from "../../../staging/manifest.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { parseRegionList } from "../../../staging/regions.ts";
import { parseStackName } from "../../../staging/stack-name.ts";
import { testRecord } from "../records.ts";

const TWO_DAYS_LATER = new Date("2024-01-24T10:30:15Z");

/** The counters of workers; the row has no generation of its own. */
const usage = (item: Record<string, unknown> = {}) =>
  parseLedgerRow({ staging_id: "stage-abc123def456", ...item });

function reportOf(record: StagingRecord, row = usage(), now = TWO_DAYS_LATER) {
  const rules = new Map(record.regions.map((region) => [region, ttlRuleId(record.ttl)]));
  const presence = record.regions.map((region, at) => ({
    ...{ region, bucket: record.buckets[at] ?? "", state: "whole" as const, holdsSome: true },
  }));
  return { record, row, rules, presence, now, spending: spendingOf(record, row, now) };
}

describe("The details of an entry", () => {
  it("have the guide's lines, with savings from instances outside the primary region only", () => {
    const used = usage({
      instance_count: 47,
      download_count: 47,
      "instances_in_us-east-1": 23,
      "instances_in_us-west-2": 24,
    });
    expect(renderDetails(reportOf(testRecord(), used))).to.equal(`Staging ID: stage-abc123def456
File: reference-genome.fasta
Size: 100.0 GB (107,374,182,400 bytes)
SHA256: a1b2c3d4e5f60000000000000000000000000000000000000000000000000000
Uploaded: 2024-01-22 10:30:15 UTC
Expires: 2024-01-29 10:30:15 UTC (7 days)
Sweep ID: sweep-xyz789

Regions:
  us-east-1: s3://spawn-staging-us-east-1/stage-abc123def456/reference-genome.fasta
  us-west-2: s3://spawn-staging-us-west-2/stage-abc123def456/reference-genome.fasta

Data:
  us-east-1: whole
  us-west-2: whole

Destination: /mnt/data/reference.fasta

Lifecycle Rules:
  us-east-1: spawn-ttl-7 (removes on 2024-01-30 00:00:00 UTC)
  us-west-2: spawn-ttl-7 (removes on 2024-01-30 00:00:00 UTC)

Instances Using Data: 47
  us-east-1: 23 instances
  us-west-2: 24 instances

Cost Summary:
  Replication: $2.00
  Storage (to date): $0.31
  Total: $2.31

Savings:
  vs. direct downloads: $216.00 (98.9% savings)
`);
  });

  it("report an unused entry, and one without savings", () => {
    const unused = renderDetails(reportOf(testRecord({ sweepId: undefined })));
    expect(unused).to.contain("Sweep ID: -\n").and.contain("Instances Using Data: 0\n\nCost Summary");
    expect(unused).to.contain("  vs. direct downloads: none yet (no instance outside the primary region)\n");
    const three = testRecord({
      regions: parseRegionList("us-east-1,us-west-2,eu-west-1,eu-west-2,us-west-1,us-east-2"),
    });
    expect(
      renderDetails(reportOf(three, usage({ instance_count: 1, "instances_in_us-west-2": 1 }))),
    ).to.contain("$9.00 (no savings yet with 1 instance outside the primary region)");
  });

  it("show the accounts that can read the entry, and how", () => {
    const point = (region: string) =>
      `arn:aws:s3:${region}:111111111111:accesspoint/spawn-stage-abc123def456`;
    const regions = parseRegionList("us-east-1,us-west-2");
    const shared = testRecord({
      regions,
      allowAccounts: parseAccountList("123456789012,987654321098"),
      accessPoints: new Map(regions.map((region) => [region, { arn: point(region), alias: "x-s3alias" }])),
    });
    expect(renderDetails(reportOf(shared))).to.contain(`
Shared with: 123456789012, 987654321098
  us-east-1: ${point("us-east-1")}
  us-west-2: ${point("us-west-2")}
Through access points only: 123456789012, 987654321098 (not in spawn:readers of the environment's settings when the data were shared)

To use in a parameter sweep of these accounts:
  spawn launch --params sweep.yaml \\
    --stage-id stage-abc123def456 --stage-account 111111111111 \\
    --stage-bucket us-east-1=x-s3alias \\
    --stage-bucket us-west-2=x-s3alias \\
    --stage-dest stage-abc123def456=/mnt/data/reference.fasta

IAM policy for users who run that command, and for other instances that read the data:
  {
    "Version": "2012-10-17",
    "Statement": [
      {
        "Effect": "Allow",
        "Action": [
          "s3:GetObject"
        ],
        "Resource": [
          "${point("us-east-1")}/object/stage-abc123def456/*",
          "${point("us-west-2")}/object/stage-abc123def456/*"
        ]
      }
    ]
  }

Instances Using Data: 0
`);
    const directory = renderDetails(reportOf({ ...shared, kind: "directory" }));
    expect(directory).to.contain('"s3:ListBucket"').and.contain('"s3:prefix": "stage-abc123def456/*"');
    expect(renderDetails(reportOf(testRecord()))).to.not.contain("Shared with");
    const named = { ...shared, bucketReaders: parseAccountList("123456789012") };
    const text = renderDetails(reportOf(named));
    expect(text).to.contain(`
Also by the bucket's name: 123456789012
  aws s3 cp s3://spawn-staging-us-east-1/stage-abc123def456/reference-genome.fasta .
Through access points only: 987654321098 (`);
    expect(text).to.contain('"arn:aws:s3:::spawn-staging-us-west-2/stage-abc123def456/*"');
    expect(renderDetails(reportOf({ ...named, kind: "directory" }))).to.contain(
      "\n  aws s3 sync s3://spawn-",
    );
  });

  it("stop counting storage at the midnight at which S3 removes expired objects", () => {
    const text = renderDetails(reportOf(testRecord(), usage(), new Date("2025-01-01T00:00:00Z")));
    expect(text).to.contain("Expires: 2024-01-29 10:30:15 UTC (expired)\n");
    // Seven days are $1.07; until 00:00 UTC it is half a day more.
    expect(text).to.contain("Storage (to date): $1.16\n");
  });

  it("report a bucket without the rule, and a missing checksum", () => {
    const report = reportOf(testRecord({ sha256: NO_SHA256 }));
    const [first] = report.record.regions;
    const text = renderDetails({ ...report, rules: new Map([[first, undefined]]) });
    expect(text).to.contain("  us-east-1: none known\n  us-west-2: none known\n");
    expect(text).to.contain("\nSHA256: not computed (--no-sha256)\n");
    expect(toReportJson({ ...report, rules: new Map([[first, undefined]]) })).to.deep.include({
      sha256: null,
      lifecycle_rules: { "us-east-1": null },
    });
  });

  it("have the same figures as JSON", () => {
    const row = usage({ instance_count: 34, "instances_in_us-east-1": 10, "instances_in_us-west-2": 24 });
    expect(toReportJson(reportOf(testRecord(), row))).to.deep.include({
      staging_id: "stage-abc123def456",
      status: "active",
      instances_by_region: { "us-east-1": 10, "us-west-2": 24 },
      cost_to_date: { replication: 2, storage: 0.306666, total: 2.306666 },
      savings: { remote_instances: 24, direct: 216, saved: 213.693334, share: 213.693334 / 216 },
      lifecycle_rules: { "us-east-1": "spawn-ttl-7", "us-west-2": "spawn-ttl-7" },
      removed_at: "2024-01-30T00:00:00Z",
    });
  });

  it("show a directory with its files, and the file that declares an entry", () => {
    const record = testRecord({
      kind: "directory",
      filename: "inputs",
      key: "stage-abc123def456/inputs/",
      fileCount: 1200,
      declaredAs: "mesh",
      stack: parseStackName("dev"),
    });
    const text = renderDetails(reportOf(record));
    expect(text).to.contain("Directory: inputs/ (1,200 files)\n");
    expect(text).to.contain(" (of the manifest)\n");
    expect(text).to.contain("Declared as: mesh (in the configuration of stack dev)\n");
    expect(text).to.contain("  us-west-2: s3://spawn-staging-us-west-2/stage-abc123def456/inputs/\n");
  });
});
