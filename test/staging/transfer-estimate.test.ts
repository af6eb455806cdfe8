import { expect } from "chai";
import { describeReplica, describeTransfer, estimatedCost } from "../../staging/transfer-estimate.ts";
import { GIB } from "../../staging/units.ts";

const TRANSFER = {
  sizeBytes: 100 * GIB,
  fileCount: 3,
  regions: ["us-east-1", "us-west-2"],
  ttlDays: 7,
} as const;

describe("the estimate of a transfer", () => {
  it("has the guide's cost of replication and of storage until the expiry", () => {
    // 100 GB × $0.02 + 100 GB × 2 × $0.023 × 7 / 30
    expect(estimatedCost(TRANSFER)).to.be.closeTo(3.073333, 1e-6);
    expect(estimatedCost({ ...TRANSFER, regions: ["us-east-1"] })).to.be.closeTo(0.536667, 1e-6);
  });

  it("has the replication alone for a region that is added", () => {
    expect(describeReplica(100 * GIB, { from: "us-east-1", to: "eu-west-1" })).to.equal(
      "would copy 100.0 GB from us-east-1 to eu-west-1; estimated cost: $2.00, and storage until the expiry",
    );
  });

  it("names the bytes, the regions and the cost", () => {
    expect(describeTransfer(TRANSFER)).to.equal(
      "would move 100.0 GB (3 files) to us-east-1, and replicate to us-west-2; estimated cost: $3.07 for 7 days",
    );
    expect(describeTransfer({ ...TRANSFER, fileCount: 1, regions: ["us-east-1"], ttlDays: 1 })).to.equal(
      "would move 100.0 GB (1 file) to us-east-1; estimated cost: $0.08 for 1 day",
    );
  });
});
