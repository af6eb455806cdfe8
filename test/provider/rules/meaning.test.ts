import { expect } from "chai";
import { meaningOf } from "../../../provider/rules/configuration.ts";

describe("the meaning of a rule", () => {
  const statement = (AWS: string | readonly string[], Resource: string | readonly string[]) => ({
    ...{ Sid: "ReadTagged", Effect: "Allow", Principal: { AWS }, Resource },
  });

  it("is the same if S3 returns a one-element list as its element, or a list in another order", () => {
    expect(meaningOf([statement(["b", "a"], ["x"])])).to.equal(meaningOf([statement(["a", "b"], "x")]));
  });

  it("differs with another text or another order of rules", () => {
    const [one, other] = [statement("a", "x"), statement("b", "x")];
    expect(meaningOf(one)).to.not.equal(meaningOf(other));
    expect(meaningOf([one, other])).to.not.equal(meaningOf([other, one]));
  });
});
