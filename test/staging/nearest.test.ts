import { expect } from "chai";
import fc from "fast-check";
import { editDistance, nearest } from "../../staging/nearest.ts";

const FLAGS = ["regions", "region", "dest", "sweep-id", "ttl", "format", "environment", "verbose"];

describe("the nearest name", () => {
  it("finds the intended word", () => {
    const typed = ["regoins", "reigon", "dst", "sweepid", "ttk", "frmat", "env", "verbos"];
    expect(typed.map((word) => nearest(word, FLAGS))).to.deep.equal([
      "regions",
      "region",
      "dest",
      "sweep-id",
      "ttl",
      "format",
      "environment",
      "verbose",
    ]);
  });

  it("suggests nothing for something else", () => {
    expect(nearest("compression", FLAGS)).to.equal(undefined);
    expect(nearest("x", [])).to.equal(undefined);
  });

  it("measures a distance", () => {
    expect(editDistance("kitten", "sitting")).to.equal(3);
    const word = fc.string({ maxLength: 12 });
    fc.assert(fc.property(word, (a) => editDistance(a, a) === 0));
    fc.assert(fc.property(word, word, (a, b) => editDistance(a, b) === editDistance(b, a)));
    fc.assert(fc.property(word, word, (a, b) => editDistance(a, b) <= Math.max(a.length, b.length)));
    fc.assert(fc.property(word, word, (a, b) => a === b || editDistance(a, b) > 0));
  });
});
