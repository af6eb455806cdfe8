import { expect } from "chai";
import { changedOf, checkInputs } from "../../provider/checks.ts";
import { UNKNOWN } from "../../provider/plugin/values.ts";
import { parseRegion } from "../../staging/regions.ts";

describe("checkInputs", () => {
  it("reports each invalid input by name, and no unknown one", () => {
    const parsers = { region: parseRegion, other: parseRegion, later: parseRegion };
    const { inputs, failures } = checkInputs<Record<keyof typeof parsers, string>>(
      { region: "us-east-1", other: "mars", later: UNKNOWN },
      parsers,
    );
    expect(inputs).to.deep.equal({ region: "us-east-1", other: "mars", later: UNKNOWN });
    expect(failures).to.deep.equal([{ property: "other", reason: 'unknown region "mars"' }]);
  });
});

describe("changedOf", () => {
  it("compares by value, and only the given names", () => {
    const olds = { a: 1, list: ["x", "y"], same: ["z"], ignored: 1 };
    const news = { a: 2, list: ["y", "x"], same: ["z"], ignored: 2 };
    expect(changedOf(olds, news, ["a", "list", "same"])).to.deep.equal(["a", "list"]);
  });
});
