import { expect } from "chai";
import { renderDetails } from "../../../cli/render/details.ts";
import { parseAccountList } from "../../../staging/accounts.ts";
import { parseRegionList } from "../../../staging/regions.ts";
import { parseUsageRow } from "../../../staging/usage.ts";
import { testRecord } from "../records.ts";

const TWO_DAYS_LATER = new Date("2024-01-24T10:30:15Z");

const usage = (item: Record<string, unknown> = {}) =>
  parseUsageRow({ staging_id: "stage-abc123def456", ...item });

describe("the details of an entry", () => {
  it("has the guide's lines, with savings from instances outside the primary region only", () => {
    const used = usage({
      instance_count: 47,
      download_count: 47,
      "instances_in_us-east-1": 23,
      "instances_in_us-west-2": 24,
    });
    expect(renderDetails(testRecord(), used, TWO_DAYS_LATER)).to.equal(`Staging ID: stage-abc123def456
File: reference-genome.fasta
Size: 100.0 GB (107,374,182,400 bytes)
SHA256: a1b2c3d4e5f60000000000000000000000000000000000000000000000000000
Uploaded: 2024-01-22 10:30:15 UTC
Expires: 2024-01-29 10:30:15 UTC (7 days)
Sweep ID: sweep-xyz789

Regions:
  us-east-1: s3://spawn-staging-us-east-1/stage-abc123def456/reference-genome.fasta
  us-west-2: s3://spawn-staging-us-west-2/stage-abc123def456/reference-genome.fasta

Destination: /mnt/data/reference.fasta

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

  it("says so where nobody has used it, and where it has not paid off", () => {
    const unused = renderDetails(testRecord({ sweepId: undefined }), usage(), TWO_DAYS_LATER);
    expect(unused).to.contain("Sweep ID: -\n").and.contain("Instances Using Data: 0\n\nCost Summary");
    expect(unused).to.contain("  vs. direct downloads: none yet (no instance outside the primary region)\n");
    const three = testRecord({
      regions: parseRegionList("us-east-1,us-west-2,eu-west-1,eu-west-2,us-west-1,us-east-2"),
    });
    expect(
      renderDetails(three, usage({ instance_count: 1, "instances_in_us-west-2": 1 }), TWO_DAYS_LATER),
    ).to.contain("$9.00 (no savings yet with 1 instance outside the primary region)");
  });

  it("shows with whom it is shared, and by what they read", () => {
    const point = (region: string) =>
      `arn:aws:s3:${region}:111111111111:accesspoint/spawn-stage-abc123def456`;
    const regions = parseRegionList("us-east-1,us-west-2");
    const shared = testRecord({
      regions,
      allowAccounts: parseAccountList("123456789012,987654321098"),
      accessPoints: new Map(regions.map((region) => [region, { arn: point(region), alias: "x-s3alias" }])),
    });
    expect(renderDetails(shared, usage(), TWO_DAYS_LATER)).to.contain(`Destination: /mnt/data/reference.fasta

Shared with: 123456789012, 987654321098
  us-east-1: ${point("us-east-1")}
  us-west-2: ${point("us-west-2")}

Instances Using Data: 0
`);
    expect(renderDetails(testRecord(), usage(), TWO_DAYS_LATER)).to.not.contain("Shared with");
  });

  it("stops counting storage at the expiry", () => {
    const text = renderDetails(testRecord(), usage(), new Date("2025-01-01T00:00:00Z"));
    expect(text).to.contain("Expires: 2024-01-29 10:30:15 UTC (expired)\n");
    expect(text).to.contain("Storage (to date): $1.07\n");
  });

  it("shows a directory with its files, and where a declared entry is declared", () => {
    const record = testRecord({
      kind: "directory",
      filename: "inputs",
      key: "stage-abc123def456/inputs/",
      fileCount: 1200,
      declaredAs: "mesh",
      stack: "dev",
    });
    const text = renderDetails(record, usage(), TWO_DAYS_LATER);
    expect(text).to.contain("Directory: inputs/ (1,200 files)\n");
    expect(text).to.contain(" (of the manifest)\n");
    expect(text).to.contain("Declared as: mesh (in the configuration of stack dev)\n");
    expect(text).to.contain("  us-west-2: s3://spawn-staging-us-west-2/stage-abc123def456/inputs/\n");
  });
});
