import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { forEachParallel } from "../../../provider/flow/parallel.ts";
import { errorOf } from "../../support/failure.ts";

const never = new AbortController().signal;

describe("forEachParallel", () => {
  it("processes every item once, within the limit", async () => {
    const done: number[] = [];
    let running = 0;
    let most = 0;
    const items = Array.from({ length: 50 }, (_, index) => index);
    await forEachParallel(
      () => items,
      7,
      never,
      async (item) => {
        running += 1;
        most = Math.max(most, running);
        await sleep(item % 3);
        running -= 1;
        done.push(item);
      },
    );
    expect(done.sort((a, b) => a - b)).to.deep.equal(items);
    expect(most).to.equal(7);
  });

  it("requests an item only when a worker is free for it", async () => {
    let made = 0;
    let finished = 0;
    async function* items() {
      for (; made < 20; ) {
        made += 1;
        expect(made - finished).to.be.at.most(3);
        yield made;
      }
    }
    await forEachParallel(items, 3, never, async () => {
      await sleep(1);
      finished += 1;
    });
    expect(finished).to.equal(20);
  });

  it("throws the first failure after all workers have ended, and takes no more items", async () => {
    const started: number[] = [];
    let running = 0;
    const error = await errorOf(
      forEachParallel(
        () => Array.from({ length: 100 }, (_, index) => index),
        4,
        never,
        async (item, signal) => {
          started.push(item);
          running += 1;
          try {
            if (item === 2) throw new Error("item 2");
            await sleep(5_000, undefined, { signal }); // the failure ends it
          } finally {
            await sleep(20);
            running -= 1;
          }
        },
      ),
    );
    expect(error).to.have.property("message", "item 2");
    expect(running).to.equal(0);
    expect(started.length).to.be.at.most(4);
  });

  it("throws the abort's reason after all workers have ended", async () => {
    const abort = new AbortController();
    let running = 0;
    const promise = forEachParallel(
      () => [1, 2, 3, 4, 5],
      2,
      abort.signal,
      async (_, signal) => {
        running += 1;
        await sleep(5_000, undefined, { signal }).finally(() => {
          running -= 1;
        });
      },
    );
    setTimeout(() => abort.abort(new Error("stop")), 20);
    expect(await errorOf(promise)).to.have.property("message", "stop");
    expect(running).to.equal(0);
  });

  it("throws errors of the items, and ends the workers", async () => {
    let aborted = false;
    function* items() {
      yield 1;
      throw new Error("no more");
    }
    const error = await errorOf(
      forEachParallel(items, 4, never, async (_, signal) => {
        await sleep(5_000, undefined, { signal }).catch(() => {
          aborted = true;
        });
      }),
    );
    expect(error).to.have.property("message", "no more");
    expect(aborted).to.equal(true);
  });
});
