import { expect } from "chai";
import { meaningOf } from "../../../provider/rules/configuration.ts";

describe("the meaning of a rule", () => {
  const statement = (AWS: string | readonly string[], Resource: string | readonly string[]) => ({
    ...{ Sid: "ReadTagged", Effect: "Allow", Principal: { AWS }, Resource },
  });

  it("is the same where S3 gives a list of one back as its text, or a list in another order", () => {
    expect(meaningOf([statement(["b", "a"], ["x"])])).to.equal(meaningOf([statement(["a", "b"], "x")]));
  });

  it("is another one with another text, and the order of rules counts", () => {
    const [one, other] = [statement("a", "x"), statement("b", "x")];
    expect(meaningOf(one)).to.not.equal(meaningOf(other));
    expect(meaningOf([one, other])).to.not.equal(meaningOf([other, one]));
  });
});
