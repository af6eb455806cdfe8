import { expect } from "chai";
import fc from "fast-check";
import { DURATION_PATTERN, durationText, parseDuration } from "../../staging/duration.ts";
import { refusalOf } from "./refusal.ts";

describe("a duration", () => {
  for (const [text, seconds] of [
    ["24h", 86_400],
    ["90m", 5_400],
    ["1h30m", 5_400],
    ["45s", 45],
    ["2d", 172_800],
    ["1d1h1m1s", 90_061],
    ["0h5m", 300],
  ] as const) {
    it(`is ${seconds} seconds: ${text}`, () => {
      expect(parseDuration(text)).to.equal(seconds);
    });
  }

  for (const text of [
    "",
    "h",
    "1.5h",
    "30m1h",
    "1h1h",
    "-1h",
    "24",
    "24 h",
    "24H",
    "1w",
    "1e3s",
    "12345678s",
    "٣h",
  ]) {
    it(`is refused: ${JSON.stringify(text)}`, () => {
      expect(refusalOf(() => parseDuration(text)).message).to.equal(`"${text}" is not a duration`);
      expect(new RegExp(DURATION_PATTERN).test(text)).to.equal(false);
    });
  }

  it("offers seconds for a number without a unit", () => {
    expect(refusalOf(() => parseDuration("3600")).fix).to.equal("For seconds: 3600s");
  });

  it("is refused outside the limits, which the error names", () => {
    for (const text of ["59s", "2h"]) {
      const { why } = refusalOf(() => parseDuration(text, 60, 5_400));
      expect(why).to.equal("It must be from 1m to 1h30m.");
    }
  });

  it("is read back from the text that it is written as", () => {
    fc.assert(
      fc.property(fc.nat({ max: 90 * 86_400 }), (seconds) => {
        expect(parseDuration(durationText(seconds), 0)).to.equal(seconds);
      }),
    );
  });
});
