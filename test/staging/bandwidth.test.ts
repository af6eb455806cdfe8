import { expect } from "chai";
import { checkBandwidthLimit, parseBandwidthLimit } from "../../staging/bandwidth.ts";
import { MIB } from "../../staging/units.ts";
import { refusalOf } from "./refusal.ts";

describe("A bandwidth limit", () => {
  for (const [text, bytes] of [
    ["50MB/s", 50 * MIB],
    ["50 MiB/s", 50 * MIB],
    ["1.5GB/s", 1536 * MIB],
    ["500KiB/s", 500 * 1024],
    ["200Mbit/s", 25_000_000],
    ["8kbit/s", undefined],
    ["1KB/s", 1024],
    ["1Gbit/s", 125_000_000],
    ["50", undefined],
    ["50MB", undefined],
    ["50Mb/s", undefined],
    ["50mb/s", undefined],
    ["0MB/s", undefined],
    ["-1MB/s", undefined],
    ["1e3KB/s", undefined],
    ["2000000GB/s", undefined],
    ["", undefined],
  ] as const) {
    it(`${bytes === undefined ? "is not" : "is"} ${JSON.stringify(text)}`, () => {
      if (bytes !== undefined) return expect(parseBandwidthLimit(text)).to.equal(bytes);
      const { message, fix = "" } = refusalOf(() => parseBandwidthLimit(text));
      expect(message).to.equal(`${JSON.stringify(text)} is not a bandwidth`);
      return expect(parseBandwidthLimit(fix.replace("--bandwidth-limit ", ""))).to.equal(50 * MIB);
    });
  }

  it("is stored in bytes per second", () => {
    expect(checkBandwidthLimit(1024)).to.equal(1024);
    for (const value of [0, 1.5, "50MB/s", null, Number.NaN, 2 ** 50]) {
      refusalOf(() => checkBandwidthLimit(value));
    }
  });
});
