import { expect } from "chai";
import { retryGeneration } from "../../../../cli/services/sweep/retry-generation.ts";

describe("the generation of a retry", () => {
  const whole = { committed: 2, begun: 2, inState: 2, isCancelled: false, isOverdue: false, here: undefined };
  const cutOff = { ...whole, begun: 3, here: { generation: 3, retryIndices: [4] } };

  it("is the next number", () => {
    expect(retryGeneration(whole, undefined)).to.equal(3);
    expect(retryGeneration({ ...whole, begun: 0, committed: 0, inState: 0 }, undefined)).to.equal(1);
  });

  it("stays the same for an interrupted retry", () => {
    expect(retryGeneration(cutOff, [4])).to.equal(3);
    const all = { ...cutOff, here: { generation: 3 } };
    expect(retryGeneration(all, undefined)).to.equal(3);
  });

  it("is new for another retry, and on another machine", () => {
    expect(retryGeneration(cutOff, [4, 5])).to.equal(4);
    expect(retryGeneration(cutOff, undefined)).to.equal(4);
    expect(retryGeneration({ ...cutOff, here: undefined }, undefined)).to.equal(4);
  });

  it("is new after a cancellation: the interrupted one stays cancelled", () => {
    expect(retryGeneration({ ...cutOff, isCancelled: true }, [4])).to.equal(4);
  });

  it("is new for all indices after the deadline, which has failed some of them", () => {
    const all = { ...cutOff, here: { generation: 3 } };
    expect(retryGeneration({ ...all, isOverdue: true }, undefined)).to.equal(4);
    // A new one would run completed indices of the list a second time.
    expect(retryGeneration({ ...cutOff, isOverdue: true }, [4])).to.equal(3);
  });

  it("is new if the state already has the last one, or the engine would do nothing", () => {
    expect(retryGeneration({ ...cutOff, inState: 3 }, [4])).to.equal(4);
  });
});
