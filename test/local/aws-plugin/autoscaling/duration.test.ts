import { expect } from "chai";
import { parseDuration } from "../../../../local/aws-plugin/autoscaling/duration.ts";

describe("parseDuration", () => {
  const table: [string, number | undefined][] = [
    ["0", 0],
    ["0s", 0],
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["90s", 90_000],
    ["250ms", 250],
    ["", undefined],
    ["10", undefined],
    ["10 m", undefined],
    ["-1m", undefined],
    ["1d", undefined],
  ];
  for (const [text, milliseconds] of table) {
    it(`${JSON.stringify(text)} is ${milliseconds}`, () => {
      expect(parseDuration(text)).to.equal(milliseconds);
    });
  }
});
