import { expect } from "chai";
import { formatBytes, formatDuration, formatInteger, GIB, KIB, MIB, TIB } from "../../staging/units.ts";

describe("units", () => {
  for (const [bytes, shown] of [
    [0, "0 B"],
    [1023, "1023 B"],
    [KIB, "1.0 KB"],
    [1536, "1.5 KB"],
    [MIB - 1, "1.0 MB"],
    [MIB, "1.0 MB"],
    [GIB - 1, "1.0 GB"],
    [1023.9 * MIB, "1023.9 MB"],
    [107_374_182_400, "100.0 GB"],
    [TIB - 1, "1.0 TB"],
    [2.5 * TIB, "2.5 TB"],
    [5000 * TIB, "5000.0 TB"],
  ] as const) {
    it(`shows ${bytes} bytes as ${shown}`, () => {
      expect(formatBytes(bytes)).to.equal(shown);
    });
  }

  it("groups the digits of whole numbers", () => {
    expect(formatInteger(107_374_182_400)).to.equal("107,374,182,400");
    expect(formatInteger(999)).to.equal("999");
  });

  for (const [seconds, shown] of [
    [-1, "0s"],
    [0, "0s"],
    [0.1, "1s"],
    [59, "59s"],
    [59.5, "1m 00s"],
    [125, "2m 05s"],
    [3599.5, "1h 00m"],
    [12_000, "3h 20m"],
  ] as const) {
    it(`shows ${seconds} seconds as ${shown}`, () => {
      expect(formatDuration(seconds)).to.equal(shown);
    });
  }
});
