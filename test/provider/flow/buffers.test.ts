import { expect } from "chai";
import { BufferPool } from "../../../provider/flow/buffers.ts";
import { MIB } from "../../../staging/units.ts";

const never = new AbortController().signal;
const KIB = 1024;

describe("BufferPool", () => {
  it("lends buffers up to its budget, then queues callers in order", async () => {
    const pool = new BufferPool(96 * KIB);
    const first = await pool.acquire(64 * KIB, never);
    const order: string[] = [];
    const second = pool.acquire(64 * KIB, never).then((buffer) => {
      order.push("second");
      return buffer;
    });
    // It would fit, but others came first.
    const third = pool.acquire(16 * KIB, never).then((buffer) => {
      order.push("third");
      return buffer;
    });
    await Promise.resolve();
    expect(pool.lentBytes).to.equal(64 * KIB);
    pool.release(first);
    expect((await second).length).to.equal(64 * KIB);
    expect((await third).length).to.equal(16 * KIB);
    expect(order).to.deep.equal(["second", "third"]);
    expect(pool.lentBytes).to.equal(80 * KIB);
  });

  it("reuses memory for buffers of similar size", async () => {
    const pool = new BufferPool(100 * KIB);
    const buffer = await pool.acquire(50_000, never);
    expect(buffer.length).to.equal(50_000);
    expect(buffer.buffer).to.be.instanceOf(SharedArrayBuffer);
    pool.release(buffer);
    const again = await pool.acquire(40_000, never);
    expect(again.length).to.equal(40_000);
    expect(again.buffer).to.equal(buffer.buffer);
  });

  it("lends buffers of any exact size", async () => {
    const pool = new BufferPool(100 * MIB);
    for (const size of [0, 1, 4096, 4097, 16 * MIB - 1, 16 * MIB, 17 * MIB]) {
      const buffer = await pool.acquire(size, never);
      expect(buffer.length).to.equal(size);
      pool.release(buffer);
      expect(pool.lentBytes).to.equal(0);
    }
  });

  it("lends one buffer beyond the budget when no other is out", async () => {
    const pool = new BufferPool(100);
    expect((await pool.acquire(500 * KIB, never)).length).to.equal(500 * KIB);
  });

  it("keeps a buffer until all its borrowers have returned it", async () => {
    const pool = new BufferPool(8 * KIB);
    const buffer = await pool.acquire(8 * KIB, never);
    pool.retain(buffer);
    let served = false;
    const next = pool.acquire(8 * KIB, never).then((lent) => {
      served = true;
      return lent;
    });
    pool.release(buffer);
    await Promise.resolve();
    expect(served).to.equal(false);
    pool.release(buffer);
    pool.release(await next);
    expect(pool.lentBytes).to.equal(0);
    expect(() => pool.release(buffer)).to.throw("not in use");
    expect(() => pool.retain(buffer)).to.throw("not in use");
  });

  it("removes an aborted caller from the queue", async () => {
    const pool = new BufferPool(128 * KIB);
    const held = await pool.acquire(128 * KIB, never);
    const abort = new AbortController();
    const waiting = pool.acquire(64 * KIB, abort.signal);
    const next = pool.acquire(128 * KIB, never);
    abort.abort(new Error("gave up"));
    const error: unknown = await waiting.catch((reason: unknown) => reason);
    expect(error).to.have.property("message", "gave up");
    pool.release(held);
    expect((await next).length).to.equal(128 * KIB);
    expect(pool.lentBytes).to.equal(128 * KIB);
  });
});
