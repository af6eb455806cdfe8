import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Context } from "../../../../cli/context.ts";
import { forEachConcurrently, type Outcome } from "../../../../cli/services/common/concurrent.ts";
import { failureOf } from "../../../../cli/services/common/outcomes.ts";
import { UserError } from "../../../../staging/errors.ts";

describe("concurrent work on several items", () => {
  it("is bounded, and returns the results in the order of the items", async () => {
    let [running, most] = [0, 0];
    const outcomes = await forEachConcurrently([5, 1, 4, 2, 3], { limit: 2 }, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await sleep(item);
      running -= 1;
    });
    expect(most).to.equal(2);
    expect(outcomes).to.deep.equal([5, 1, 4, 2, 3].map((item) => ({ item, state: "done" })));
    expect(await forEachConcurrently([], { limit: 2 }, async () => undefined)).to.deep.equal([]);
  });

  it("continues after a failure", async () => {
    const error = new Error("no");
    const outcomes = await forEachConcurrently([1, 2, 3], { limit: 1 }, async (item) => {
      if (item === 1) throw error;
    });
    expect(outcomes).to.deep.equal([
      { item: 1, state: "failed", error },
      { item: 2, state: "done" },
      { item: 3, state: "done" },
    ]);
  });

  it("starts nothing after an interruption, and counts interrupted items as left", async () => {
    const abort = new AbortController();
    const begun: number[] = [];
    const outcomes = await forEachConcurrently(
      [1, 2, 3],
      { limit: 1, signal: abort.signal },
      async (item) => {
        begun.push(item);
        if (item === 2) {
          abort.abort();
          throw new Error("interrupted");
        }
      },
    );
    expect(begun).to.deep.equal([1, 2]);
    expect(outcomes.map(({ state }) => state)).to.deep.equal(["done", "left", "left"]);
  });
});

describe("the error of concurrent work", () => {
  const context = new Context("dev", { onProgress: () => undefined, done: () => undefined });
  const failure = (...outcomes: Outcome<string>[]) =>
    failureOf(
      context,
      outcomes,
      (item) => item,
      ["entry", "entries"],
      (left) => `delete ${left.join(" ")}`,
    );
  const failed = (item: string) =>
    ({ item, state: "failed", error: new UserError(`${item} is locked`, { why: "By Ada." }) }) as const;

  it("is absent after success", () => {
    expect(failure({ item: "a", state: "done" })).to.equal(undefined);
  });

  it("names each failed item, and how to continue", () => {
    expect(failure({ item: "a", state: "done" }, failed("b"), failed("c"))).to.include({
      message: "2 of 3 entries could not be removed",
      why: "b: b is locked. By Ada. c: c is locked. By Ada.",
      fix: "delete b c",
      exitCode: 1,
    });
  });

  it("is an interruption if items are left", () => {
    expect(failure(failed("a"), { item: "b", state: "left" })).to.include({
      message: "interrupted; 2 of 2 entries not removed",
      why: "a: a is locked. By Ada. Left: b.",
      fix: "delete a b",
      exitCode: 130,
    });
  });
});
