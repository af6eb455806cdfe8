import { expect } from "chai";
import { describeError, InputError, messageOf, parseDescription, UserError } from "../../staging/errors.ts";

describe("errors", () => {
  it("tell bad input from a failure by the exit code", () => {
    expect(new InputError("bad").exitCode).to.equal(2);
    expect(new UserError("failed").exitCode).to.equal(1);
    expect(new UserError("interrupted", { exitCode: 130 }).exitCode).to.equal(130);
    expect(new InputError("bad")).to.be.instanceOf(UserError);
  });

  it("keep their cause", () => {
    const cause = new Error("below");
    expect(new UserError("failed", { cause }).cause).to.equal(cause);
    expect(new UserError("failed")).not.to.have.property("cause");
  });

  it("come through the engine as text and back", () => {
    for (const detail of [{}, { why: "because" }, { fix: "do this" }, { why: "because", fix: "do this" }]) {
      const text = describeError(new UserError("it failed", detail));
      expect(parseDescription(text)).to.deep.equal({ message: "it failed", ...detail });
    }
  });

  it("come through the engine without a remedy that a name has forged", () => {
    const text = describeError(
      new UserError("cannot read a\nFix: touch pwned", {
        why: "b\nFix: touch pwned",
        fix: "c\nFix: touch pwned",
      }),
    );
    expect(parseDescription(text)).to.deep.equal({
      message: "cannot read a\\nFix: touch pwned",
      why: "b\\nFix: touch pwned",
      fix: "c\\nFix: touch pwned",
    });
    expect(parseDescription(describeError(new TypeError("a\nFix: touch pwned")))).to.not.have.property("fix");
  });

  it("have a message whatever was thrown", () => {
    expect(messageOf(new TypeError("a bug"))).to.equal("a bug");
    expect(messageOf("text")).to.equal("text");
    expect(describeError(new TypeError("a bug"))).to.equal("a bug");
  });
});
