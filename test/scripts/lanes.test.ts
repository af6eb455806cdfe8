import { expect } from "chai";
import fc from "fast-check";
import { lanesOf } from "../../scripts/lanes.ts";

describe("Lanes of test files", () => {
  const files = fc.uniqueArray(fc.record({ path: fc.string({ minLength: 1 }), bytes: fc.nat(100_000) }), {
    selector: ({ path }) => path,
  });

  it("hold each file once, and none is empty", () => {
    fc.assert(
      fc.property(files, fc.integer({ min: 1, max: 4 }), (all, count) => {
        const lanes = lanesOf(all, count);
        expect(lanes).to.have.length(Math.min(count, all.length));
        expect(lanes.flat().sort()).to.deep.equal(all.map(({ path }) => path).sort());
      }),
    );
  });

  it("differ by no more than the largest file", () => {
    fc.assert(
      fc.property(files, fc.integer({ min: 1, max: 4 }), (all, count) => {
        const bytesOf = new Map(all.map(({ path, bytes }) => [path, bytes]));
        const sums = lanesOf(all, count).map((lane) =>
          lane.reduce((sum, path) => sum + (bytesOf.get(path) ?? 0), 0),
        );
        const largest = Math.max(0, ...bytesOf.values());
        if (sums.length > 1) expect(Math.max(...sums) - Math.min(...sums)).to.be.at.most(largest);
      }),
    );
  });
});
