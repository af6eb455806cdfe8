import { expect } from "chai";
import { BufferPool } from "../../../provider/transfer/buffers.ts";

const never = new AbortController().signal;

describe("BufferPool", () => {
  it("lends up to its budget, then makes callers wait in order", async () => {
    const pool = new BufferPool(100);
    const first = await pool.acquire(60, never);
    const order: string[] = [];
    const second = pool.acquire(60, never).then((buffer) => {
      order.push("second");
      return buffer;
    });
    // It would fit, but it came later.
    const third = pool.acquire(10, never).then((buffer) => {
      order.push("third");
      return buffer;
    });
    await Promise.resolve();
    expect(pool.lentBytes).to.equal(60);
    pool.release(first);
    expect((await second).length).to.equal(60);
    expect((await third).length).to.equal(10);
    expect(order).to.deep.equal(["second", "third"]);
    expect(pool.lentBytes).to.equal(70);
  });

  it("reuses buffers of the same size", async () => {
    const pool = new BufferPool(100);
    const buffer = await pool.acquire(50, never);
    pool.release(buffer);
    expect(await pool.acquire(50, never)).to.equal(buffer);
  });

  it("lends one buffer beyond the budget when no other is out", async () => {
    const pool = new BufferPool(100);
    expect((await pool.acquire(500, never)).length).to.equal(500);
  });

  it("forgets who gave up waiting", async () => {
    const pool = new BufferPool(100);
    const held = await pool.acquire(100, never);
    const abort = new AbortController();
    const waiting = pool.acquire(50, abort.signal);
    const next = pool.acquire(100, never);
    abort.abort(new Error("gave up"));
    const error: unknown = await waiting.catch((reason: unknown) => reason);
    expect(error).to.have.property("message", "gave up");
    pool.release(held);
    expect((await next).length).to.equal(100);
    expect(pool.lentBytes).to.equal(100);
  });
});
