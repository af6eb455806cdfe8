import { expect } from "chai";
import { parseStackName } from "../../stacks/kind.ts";
import { InputError } from "../../staging/errors.ts";

describe("parseStackName", () => {
  it("knows environments and entries", () => {
    expect(parseStackName("dev")).to.deep.equal({ kind: "environment", environment: "dev" });
    expect(parseStackName("eu-prod.stage-abc123def456")).to.deep.equal({
      kind: "entry",
      environment: "eu-prod",
      id: "stage-abc123def456",
    });
  });

  for (const [name, message] of [
    ["dev.sweep-xyz789", "the stack dev.sweep-xyz789 is a sweep's, and this version of spawn has no sweeps"],
    ["dev.other", '"dev.other" is not the name of a stack of spawn'],
    ["dev.stage-xyz", '"stage-xyz" is not a staging ID'],
    ["dev.stage-abc123def456.more", '"stage-abc123def456.more" is not a staging ID'],
    ["Dev", '"Dev" is not the name of an environment'],
    [".stage-abc123def456", '"" is not the name of an environment'],
  ] as const) {
    it(`refuses ${name}`, () => {
      expect(() => parseStackName(name)).to.throw(InputError, message);
    });
  }
});
