import { expect } from "chai";
import { declaredStagingId, newStagingId, parseIdStart, parseStagingId } from "../../staging/ids.ts";
import { parseRegion } from "../../staging/regions.ts";
import { refusalOf } from "./refusal.ts";

describe("staging ids", () => {
  it("are random and can be read back", () => {
    const ids = Array.from({ length: 1000 }, newStagingId);
    expect(new Set(ids).size).to.equal(1000);
    for (const id of ids) expect(parseStagingId(id)).to.equal(id);
  });

  for (const given of [
    "",
    "stage-",
    "stage-abc123",
    "stage-ABC123DEF456",
    "stage-ghi789jkl012",
    "stage-abc123def4567",
    " stage-abc123def456",
    "stage-abc123def456\n",
    "sweep-abc123def456",
  ]) {
    it(`refuses ${JSON.stringify(given)}`, () => {
      const error = refusalOf(() => parseStagingId(given));
      expect(error.message).to.equal(`"${given}" is not a staging ID`);
      expect(error.fix).to.equal("spawn stage list");
    });
  }

  for (const [given, start] of [
    ["stage-abc123def456", "stage-abc123def456"],
    ["abc123def456", "stage-abc123def456"],
    ["stage-abc1", "stage-abc1"],
    ["abc1", "stage-abc1"],
  ] as const) {
    it(`reads ${given} as the start of an id`, () => expect(parseIdStart(given)).to.equal(start));
  }

  for (const given of [
    "",
    "stage-",
    "abc",
    "stage-abc",
    "ABC1",
    "stage-abc123def4567",
    "xyz1",
    " abc1",
    "abc1\n",
  ]) {
    it(`refuses ${JSON.stringify(given)} as the start of an id`, () => {
      expect(refusalOf(() => parseIdStart(given)).message).to.equal(`"${given}" is not a staging ID`);
    });
  }

  it("of a declared entry stay the same for the same name, source and primary region, and no others", () => {
    const east = parseRegion("us-east-1");
    const id = declaredStagingId("dev", "reference", "data/x", east);
    expect(parseStagingId(id)).to.equal(id);
    expect(declaredStagingId("dev", "reference", "data/x", east)).to.equal(id);
    const others = [
      declaredStagingId("prod", "reference", "data/x", east),
      declaredStagingId("dev", "other", "data/x", east),
      declaredStagingId("dev", "reference", "data/y", east),
      declaredStagingId("dev", "reference", "data/x", parseRegion("us-west-2")),
      declaredStagingId("dev", "referenced", "ata/x", east),
    ];
    expect(new Set([id, ...others]).size).to.equal(6);
  });
});
