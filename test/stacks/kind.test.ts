import { expect } from "chai";
import { parseStackName } from "../../stacks/kind.ts";
import { InputError } from "../../staging/errors.ts";

describe("parseStackName", () => {
  it("knows environments, entries and sweeps", () => {
    expect(parseStackName("dev")).to.deep.equal({ kind: "environment", environment: "dev" });
    expect(parseStackName("eu-prod.stage-abc123def456")).to.deep.equal({
      kind: "entry",
      environment: "eu-prod",
      id: "stage-abc123def456",
    });
    expect(parseStackName("dev.sweep-abc123def456")).to.deep.equal({
      kind: "sweep",
      environment: "dev",
      id: "sweep-abc123def456",
    });
  });

  for (const [name, message] of [
    ["dev.sweep-xyz789", '"sweep-xyz789" is not the ID of a sweep'],
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
