import { expect } from "chai";
import { once } from "../../staging/once.ts";

describe("once", () => {
  it("calls the function at the first use and keeps its result, undefined included", () => {
    let calls = 0;
    const get = once(() => {
      calls += 1;
      return undefined;
    });
    expect(calls).to.equal(0);
    expect([get(), get()]).to.deep.equal([undefined, undefined]);
    expect(calls).to.equal(1);
  });
});
