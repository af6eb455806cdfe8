import { expect } from "chai";
import { copiesToRead } from "../../../staging/sweep/copies.ts";
import { copiesIn, shares } from "./sweep-spec.ts";

describe("the copies that workers read", () => {
  const read = (copies: string[], regions: string[]) =>
    copiesToRead(
      { copies: copiesIn(...copies) },
      shares(Object.fromEntries(regions.map((region) => [region, 1]))),
    ).map(({ region }) => region);

  it("are those of the sweep's regions", () => {
    expect(read(["us-east-1", "us-west-2", "eu-west-1"], ["eu-west-1", "us-west-2"])).to.deep.equal([
      "us-west-2",
      "eu-west-1",
    ]);
  });

  it("include the first region if a region has no copy", () => {
    expect(read(["us-east-1", "us-west-2"], ["us-west-2", "eu-west-1"])).to.deep.equal([
      "us-east-1",
      "us-west-2",
    ]);
    expect(read(["us-east-1", "us-west-2"], ["us-east-1", "eu-west-1"])).to.deep.equal(["us-east-1"]);
  });
});
