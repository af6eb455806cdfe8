import { expect } from "chai";
import { RequestLimiters } from "../../../provider/flow/limiters.ts";

describe("RequestLimiters", () => {
  it("lowers the concurrency of all kinds of requests to a throttling bucket, and of no other bucket", () => {
    const limiters = new RequestLimiters();
    const limitsOf = (bucket: string) =>
      (["object", "part", "copy"] as const).map((kind) => limiters.of(kind, bucket).taskLimit);
    expect(limitsOf("busy")).to.deep.equal([48, 12, 48]);
    expect(limitsOf("other")).to.deep.equal([48, 12, 48]);
    limiters.throttled("busy");
    expect(limitsOf("busy")).to.deep.equal([24, 6, 24]);
    expect(limitsOf("other")).to.deep.equal([48, 12, 48]);
    limiters.throttled("unknown");
  });
});
