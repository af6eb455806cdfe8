import { expect } from "chai";
import { parseIndices } from "../../../../cli/commands/sweep/retry.ts";
import { rangesText } from "../../../../cli/render/sweep-details.ts";
import { InputError } from "../../../../staging/errors.ts";

describe("indices on the command line", () => {
  it("are numbers and ranges, in order, each once", () => {
    expect(parseIndices("7, 3,5-6,3")).to.deep.equal([3, 5, 6, 7]);
    for (const text of ["", "x", "-1", "3-", "7-3", "1.5", "100000", "1,,2", "1e3"])
      expect(() => parseIndices(text), text).to.throw(InputError, "is no index");
  });

  it("are shown as a limited number of ranges", () => {
    expect(rangesText([])).to.equal("");
    expect(rangesText([0, 1, 2, 3, 7, 9, 10])).to.equal("0-3, 7, 9-10");
    expect(rangesText(Array.from({ length: 1_000 }, (_, index) => index * 2))).to.match(/, 38, …$/);
  });
});
