import { expect } from "chai";
import { parseRegion, parseRegionList, REGIONS } from "../../staging/regions.ts";
import { refusalOf } from "./refusal.ts";

describe("regions", () => {
  it("are the eleven of the guide, in its order", () => {
    expect(REGIONS).to.deep.equal([
      "us-east-1",
      "us-east-2",
      "us-west-1",
      "us-west-2",
      "eu-west-1",
      "eu-west-2",
      "eu-central-1",
      "ap-south-1",
      "ap-southeast-1",
      "ap-southeast-2",
      "ap-northeast-1",
    ]);
  });

  for (const [given, expected] of [
    ["us-east-1", ["us-east-1"]],
    ["us-west-2,us-east-1", ["us-west-2", "us-east-1"]],
    [" us-west-2 ,\tus-east-1\n", ["us-west-2", "us-east-1"]],
    [
      ["eu-west-1", " us-east-1"],
      ["eu-west-1", "us-east-1"],
    ],
  ] as const) {
    it(`are read from ${JSON.stringify(given)} in their order`, () => {
      expect(parseRegionList(given)).to.deep.equal(expected);
    });
  }

  for (const [given, message] of [
    ["", "no region given"],
    [" , ", "no region given"],
    [[], "no region given"],
    ["us-east-1,us-east-1", "region us-east-1 is given twice"],
    ["us-east-1, us-east-1 ", "region us-east-1 is given twice"],
    ["us-east-1,", 'unknown region ""'],
    ["us-east-1 us-west-2", 'unknown region "us-east-1 us-west-2"'],
    ["mars-1", 'unknown region "mars-1"'],
    ["toString", 'unknown region "toString"'],
    ["__proto__", 'unknown region "__proto__"'],
  ] as const) {
    it(`refuses ${JSON.stringify(given)}`, () => {
      expect(refusalOf(() => parseRegionList(given)).message).to.equal(message);
    });
  }

  for (const given of ["US-EAST-1", "us_east_1", "useast1", "us east-1"]) {
    it(`suggests us-east-1 for ${given}`, () => {
      expect(refusalOf(() => parseRegion(given)).fix).to.equal("Use us-east-1.");
    });
  }

  it("are all listed where one is unknown", () => {
    const { why, fix } = refusalOf(() => parseRegion("sa-east-1"));
    for (const region of REGIONS) expect(why).to.include(region);
    expect(fix).to.equal(undefined);
  });
});
