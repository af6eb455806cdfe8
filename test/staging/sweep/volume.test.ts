import { expect } from "chai";
import { throughputMibps } from "../../../staging/sweep/volume.ts";

describe("the throughput of a worker's volume", () => {
  for (const [gib, mibps] of [
    [8, 125],
    [36, 125],
    [37, 127],
    [126, 431],
    [219, 748],
    [220, 750],
    [16_384, 750],
  ] as const) {
    it(`is ${mibps} MiB/s for ${gib} GiB`, () => {
      expect(throughputMibps(gib)).to.equal(mibps);
    });
  }
});
