import { expect } from "chai";
import { throttledBy, turnsFor } from "../../../../provider/transfer/flow/limiters.ts";

describe("the turns of a bucket", () => {
  it("become fewer of every kind when it is asked too much, and those of others do not", () => {
    const startsOf = (bucket: string) =>
      (["object", "part", "copy"] as const).map((kind) => turnsFor(kind, bucket).worthStarting);
    expect(startsOf("turns-throttled")).to.deep.equal([48, 12, 48]);
    expect(startsOf("turns-other")).to.deep.equal([48, 12, 48]);
    throttledBy("turns-throttled");
    expect(startsOf("turns-throttled")).to.deep.equal([24, 6, 24]);
    expect(startsOf("turns-other")).to.deep.equal([48, 12, 48]);
    throttledBy("turns-unknown");
  });
});
