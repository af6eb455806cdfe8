import { expect } from "chai";
import {
  isSweepId,
  newSweepId,
  parseLaunchedSweepId,
  parseLaunchedSweepIdStart,
  sweepStackName,
} from "../../../staging/sweep/id.ts";
import { refusalOf } from "../refusal.ts";

describe("the id of a sweep", () => {
  it("is new each time", () => {
    const ids = new Set(Array.from({ length: 100 }, newSweepId));
    expect(ids.size).to.equal(100);
    for (const id of ids) expect(isSweepId(id)).to.equal(true);
  });

  for (const text of [
    "",
    "sweep-xyz789",
    "sweep-ABC123DEF456",
    "sweep-abc123def4567",
    "sweep-abc123def456\n",
    "stage-abc123def456",
    "my-label",
  ]) {
    it(`is not ${JSON.stringify(text)}, which may be the label of a record`, () => {
      expect(refusalOf(() => parseLaunchedSweepId(text)).fix).to.equal("spawn sweep list");
    });
  }

  it("can be shortened", () => {
    for (const text of ["abc1", "sweep-abc1"]) expect(parseLaunchedSweepIdStart(text)).to.equal("sweep-abc1");
    expect(parseLaunchedSweepIdStart("sweep-abc123def456")).to.equal("sweep-abc123def456");
    for (const text of ["abc", "sweep-", "xyz1", "stage-abc1"])
      expect(refusalOf(() => parseLaunchedSweepIdStart(text)).why).to.contain(
        "or its first 4 digits or more",
      );
  });

  it("names its stack", () => {
    expect(sweepStackName("dev", parseLaunchedSweepId("sweep-abc123def456"))).to.equal(
      "dev.sweep-abc123def456",
    );
  });
});
