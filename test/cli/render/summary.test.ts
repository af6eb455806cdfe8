import { expect } from "chai";
import { type UploadPlan, uploadPlanLines, uploadSummaryLines } from "../../../cli/render/summary.ts";
import { textOf } from "../../../cli/screen.ts";
import { parseStagingId } from "../../../staging/ids.ts";
import { parseTtlDays } from "../../../staging/ttl.ts";
import { GIB_100 } from "../records.ts";

const uploadPlanText = (plan: UploadPlan): string => textOf(uploadPlanLines(plan));

const finished = (sizeBytes: number, regions: string[], ttl = 7) =>
  textOf(
    uploadSummaryLines({
      stagingId: parseStagingId("stage-abc123def456"),
      environment: "dev",
      sizeBytes,
      regions,
      ttl: parseTtlDays(ttl),
      uploadedAt: new Date("2024-01-22T10:30:15Z"),
    }),
  );

describe("The upload's summary", () => {
  it("shows before the upload its data, regions and readers", () => {
    const plan = {
      filename: "reference-genome.fasta",
      sizeBytes: GIB_100,
      regions: ["us-east-1", "us-west-2"],
      destination: "/mnt/data/reference.fasta",
    };
    expect(uploadPlanText(plan)).to.equal(`Staging Data: reference-genome.fasta
Size: 100.0 GB
Regions: us-east-1, us-west-2
Destination: /mnt/data/reference.fasta
`);
    expect(uploadPlanText({ ...plan, fileCount: 1234 })).to.contain("Size: 100.0 GB (1,234 files)\n");
  });

  it("has the guide's lines with the calculator's figures", () => {
    expect(finished(GIB_100, ["us-east-1", "us-west-2"])).to.equal(`✅ Staging Complete!

Staging ID: stage-abc123def456
Metadata stored in DynamoDB
TTL: 7 days (auto-cleanup on 2024-01-29)

Cost Summary:
  Upload: $0.00 (free to S3)
  Replication: $2.00 (100GB × 1 region × $0.02/GB)
  Storage: $0.153/day (100GB × 2 regions × $0.023/GB/month)
  Total (7 days): $3.07

Estimated Savings:
  vs. 10 instances downloading: $90.00 → $3.07 (96.6% savings)
  vs. 100 instances downloading: $900.00 → $3.07 (99.7% savings)

To use in parameter sweep:
  spawn launch --params sweep.yaml --stage-id stage-abc123def456
`);
  });

  it("states that instances count per region if there are several others", () => {
    const text = finished(GIB_100, ["us-east-1", "us-west-2", "eu-west-1"], 1);
    expect(text).to.contain("TTL: 1 day (auto-cleanup on 2024-01-23)\n");
    expect(text).to.contain("  Replication: $4.00 (100GB × 2 regions × $0.02/GB)\n");
    expect(text).to.contain("  vs. 10 instances per region downloading: $180.00 → $4.23 (97.7% savings)\n");
  });

  it("promises no savings if there are none", () => {
    expect(finished(GIB_100, ["us-east-1"]))
      .to.contain("Replication: $0.00 (one region)")
      .and.not.contain("Savings");
    expect(finished(0, ["us-east-1", "us-west-2"]))
      .to.contain("Total (7 days): $0.00")
      .and.not.contain("Savings");
  });
});
