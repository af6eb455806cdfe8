import { getEventListeners } from "node:events";
import { expect } from "chai";
import { AbortCallbacks } from "../../../provider/flow/abort-callbacks.ts";

describe("AbortCallbacks", () => {
  it("run at the abort of their signal, once, with one listener for each signal", () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const callbacks = new AbortCallbacks();
    const ran: string[] = [];
    for (const name of ["a", "b"]) callbacks.add(one.signal, () => ran.push(name));
    callbacks.add(other.signal, () => ran.push("other"));
    expect(getEventListeners(one.signal, "abort")).to.have.length(1);
    one.abort();
    one.abort();
    expect(ran).to.deep.equal(["a", "b"]);
    other.abort();
    expect(ran).to.deep.equal(["a", "b", "other"]);
  });

  it("do not run after their deletion, and the last one removes the listener", () => {
    const { signal } = new AbortController();
    const callbacks = new AbortCallbacks();
    const fail = (): never => expect.fail("deleted");
    const other = (): void => {};
    callbacks.add(signal, fail);
    callbacks.add(signal, other);
    callbacks.delete(signal, fail);
    expect(getEventListeners(signal, "abort")).to.have.length(1);
    callbacks.delete(signal, other);
    callbacks.delete(signal, other);
    expect(getEventListeners(signal, "abort")).to.have.length(0);
  });
});
