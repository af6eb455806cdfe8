import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Context } from "../../../../cli/context.ts";
import { failureOf } from "../../../../cli/services/common/outcomes.ts";
import { type Outcome, sideBySide } from "../../../../cli/services/common/side-by-side.ts";
import { UserError } from "../../../../staging/errors.ts";

describe("work on several side by side", () => {
  it("is bounded, and ends with the outcomes in the order of the items", async () => {
    let [running, most] = [0, 0];
    const outcomes = await sideBySide([5, 1, 4, 2, 3], { limit: 2 }, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await sleep(item);
      running -= 1;
    });
    expect(most).to.equal(2);
    expect(outcomes).to.deep.equal([5, 1, 4, 2, 3].map((item) => ({ item, state: "done" })));
    expect(await sideBySide([], { limit: 2 }, async () => undefined)).to.deep.equal([]);
  });

  it("goes on where one fails", async () => {
    const error = new Error("no");
    const outcomes = await sideBySide([1, 2, 3], { limit: 1 }, async (item) => {
      if (item === 1) throw error;
    });
    expect(outcomes).to.deep.equal([
      { item: 1, state: "failed", error },
      { item: 2, state: "done" },
      { item: 3, state: "done" },
    ]);
  });

  it("begins nothing after an interruption, and tells what was cut off as left", async () => {
    const abort = new AbortController();
    const begun: number[] = [];
    const outcomes = await sideBySide([1, 2, 3], { limit: 1, signal: abort.signal }, async (item) => {
      begun.push(item);
      if (item === 2) {
        abort.abort();
        throw new Error("interrupted");
      }
    });
    expect(begun).to.deep.equal([1, 2]);
    expect(outcomes.map(({ state }) => state)).to.deep.equal(["done", "left", "left"]);
  });
});

describe("the error of several", () => {
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

  it("is none when all is done", () => {
    expect(failure({ item: "a", state: "done" })).to.equal(undefined);
  });

  it("names each that failed, and how to go on", () => {
    expect(failure({ item: "a", state: "done" }, failed("b"), failed("c"))).to.include({
      message: "2 of 3 entries could not be removed",
      why: "b: b is locked. By Ada. c: c is locked. By Ada.",
      fix: "delete b c",
      exitCode: 1,
    });
  });

  it("is an interruption where something is left", () => {
    expect(failure(failed("a"), { item: "b", state: "left" })).to.include({
      message: "interrupted; 2 of 2 entries not removed",
      why: "a: a is locked. By Ada. Left: b.",
      fix: "delete a b",
      exitCode: 130,
    });
  });
});
