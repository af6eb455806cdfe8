import { expect } from "chai";
import { describeError, InputError, messageOf, UserError } from "../../staging/errors.ts";

describe("errors", () => {
  it("distinguish bad input from a failure by the exit code", () => {
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

  it("are text for people, with a line for each part", () => {
    const error = new UserError("it failed", { why: "because", fix: "do this" });
    expect(describeError(error)).to.equal("it failed\nWhy: because\nFix: do this");
    expect(describeError(new UserError("it failed"))).to.equal("it failed");
  });

  it("have a message whatever was thrown", () => {
    expect(messageOf(new TypeError("a bug"))).to.equal("a bug");
    expect(messageOf("text")).to.equal("text");
    expect(describeError(new TypeError("a bug"))).to.equal("a bug");
  });
});
