import { expect } from "chai";
import { decodeErrorDetails, encodeErrorDetails } from "../../staging/error-details.ts";
import { UserError } from "../../staging/errors.ts";

describe("error details", () => {
  it("come through the engine and back", () => {
    for (const detail of [
      {},
      { why: "because" },
      { fix: "do this" },
      { code: "cannot-complete", why: "because", fix: "do this" } as const,
    ]) {
      const decoded = decodeErrorDetails(encodeErrorDetails(new UserError("it failed", detail)));
      expect(decoded).to.be.instanceOf(UserError);
      expect(decoded).to.include({
        ...{ message: "it failed", code: undefined, why: undefined, fix: undefined, exitCode: 1 },
        ...detail,
      });
    }
  });

  it("hold no second line that a name has forged", () => {
    const text = "cannot read a\nFix: touch pwned";
    const decoded = decodeErrorDetails(encodeErrorDetails(new UserError(text, { why: text, fix: text })));
    const escaped = "cannot read a\\nFix: touch pwned";
    expect(decoded).to.include({ message: escaped, why: escaped, fix: escaped });
    expect(decodeErrorDetails(encodeErrorDetails(new TypeError(text)))).to.include({ fix: undefined });
  });

  it("are in no other message", () => {
    for (const text of ["it failed", "spawn-error:", "spawn-error:{", "spawn-error:null", "Why: because"]) {
      expect(decodeErrorDetails(text), text).to.equal(undefined);
    }
    const odd = decodeErrorDetails('spawn-error:{"message":5,"why":1,"fix":{},"code":"unknown"}');
    expect(odd).to.include({ message: "5", code: undefined, why: undefined, fix: undefined });
  });
});
