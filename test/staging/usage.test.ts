import { expect } from "chai";
import { parseUsageRow } from "../../staging/usage.ts";

describe("usage row", () => {
  it("counts nothing before a worker has bumped a counter", () => {
    expect(parseUsageRow({ staging_id: "stage-abc123def456" })).to.deep.equal({
      stagingId: "stage-abc123def456",
      instanceCount: 0,
      downloadCount: 0,
      instancesByRegion: {},
      closedAt: undefined,
    });
  });

  it("has the counters, by region too, and when it was closed", () => {
    const row = parseUsageRow({
      staging_id: "stage-abc123def456",
      instance_count: 47,
      download_count: 48,
      "instances_in_us-east-1": 23,
      "instances_in_us-west-2": 24,
      closed_at: "2024-01-29T10:30:15Z",
    });
    expect(row).to.deep.equal({
      stagingId: "stage-abc123def456",
      instanceCount: 47,
      downloadCount: 48,
      instancesByRegion: { "us-east-1": 23, "us-west-2": 24 },
      closedAt: new Date("2024-01-29T10:30:15Z"),
    });
  });

  it("of an entry that has none is empty", () => {
    expect(parseUsageRow(undefined)).to.include({ stagingId: "", instanceCount: 0 });
  });
});
