import { expect } from "chai";
import { parseTimeoutSeconds } from "../../staging/timeout.ts";
import { refusalOf } from "./refusal.ts";

describe("a time-out", () => {
  it("is a number of whole seconds, up to a week", () => {
    expect(parseTimeoutSeconds("3600")).to.equal(3600);
    expect(parseTimeoutSeconds(1)).to.equal(1);
    expect(parseTimeoutSeconds("604800")).to.equal(604_800);
  });

  for (const text of ["0", "-5", "1.5", "1h", "", "604801", "1e3", " 60"]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      const { message, fix } = refusalOf(() => parseTimeoutSeconds(text));
      expect(message).to.equal(`"${text}" is not a valid timeout`);
      expect(fix).to.equal("--timeout 3600");
    });
  }
});
