import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Semaphore } from "../../../provider/flow/semaphore.ts";

describe("Semaphore", () => {
  const never = new AbortController().signal;

  it("runs up to its limit at a time, in order, and continues after a failure", async () => {
    const limit = new Semaphore(3);
    const begun: number[] = [];
    let [running, most] = [0, 0];
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        limit.run(async () => {
          begun.push(index);
          running += 1;
          most = Math.max(most, running);
          await sleep(1);
          running -= 1;
          if (index % 5 === 0) throw new Error(`${index}`);
          return index;
        }, never),
      ),
    );
    expect(most).to.equal(3);
    expect(begun).to.deep.equal(Array.from({ length: 20 }, (_, index) => index));
    expect(results.filter(({ status }) => status === "rejected")).to.have.length(4);
  });

  it("removes an aborted waiter from the queue", async () => {
    const limit = new Semaphore(1);
    const first = limit.run(() => sleep(20, "first"), never);
    const controller = new AbortController();
    const second = limit.run(async () => "second", controller.signal);
    const third = limit.run(async () => "third", never);
    controller.abort(new Error("enough"));
    expect(await second.catch((error: Error) => error.message)).to.equal("enough");
    expect(await Promise.all([first, third])).to.deep.equal(["first", "third"]);
    expect(await limit.run(async () => "fourth", never)).to.equal("fourth");
  });

  it("runs more after a raise, and fewer after running ones have ended", async () => {
    const limit = new Semaphore(1);
    let running = 0;
    const ends: (() => void)[] = [];
    const task = (): Promise<void> => {
      running += 1;
      return new Promise<void>((resolve) => ends.push(resolve)).then(() => {
        running -= 1;
      });
    };
    const tasks = Array.from({ length: 6 }, () => limit.run(task, never));
    await sleep(1);
    expect([running, limit.hasQueue]).to.deep.equal([1, true]);
    limit.limit = 3;
    await sleep(1);
    expect(running).to.equal(3);
    limit.limit = 1;
    for (const [ended, expected] of [2, 1, 1, 1, 1, 0].entries()) {
      ends[ended]?.();
      await sleep(1);
      expect(running, `after ${ended + 1}`).to.equal(expected);
    }
    expect(limit.hasQueue).to.equal(false);
    await Promise.all(tasks);
  });
});
