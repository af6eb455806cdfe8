import { expect } from "chai";
import { retryGeneration } from "../../../../cli/services/sweep/retry-generation.ts";

describe("the generation of a retry", () => {
  const whole = { committed: 2, begun: 2, inState: 2, isCancelled: false, here: undefined };
  const cutOff = { ...whole, begun: 3, here: { generation: 3, retryIndices: [4] } };

  it("is the next one", () => {
    expect(retryGeneration(whole, undefined)).to.equal(3);
    expect(retryGeneration({ ...whole, begun: 0, committed: 0, inState: 0 }, undefined)).to.equal(1);
  });

  it("goes on with the same retry that was cut off", () => {
    expect(retryGeneration(cutOff, [4])).to.equal(3);
    const all = { ...cutOff, here: { generation: 3 } };
    expect(retryGeneration(all, undefined)).to.equal(3);
  });

  it("is a new one for another retry, and on another machine", () => {
    expect(retryGeneration(cutOff, [4, 5])).to.equal(4);
    expect(retryGeneration(cutOff, undefined)).to.equal(4);
    expect(retryGeneration({ ...cutOff, here: undefined }, undefined)).to.equal(4);
  });

  it("is a new one after a cancellation: the cut-off one stays cancelled", () => {
    expect(retryGeneration({ ...cutOff, isCancelled: true }, [4])).to.equal(4);
  });

  it("is a new one where the state has the last one already, or the engine would do nothing", () => {
    expect(retryGeneration({ ...cutOff, inState: 3 }, [4])).to.equal(4);
  });
});
