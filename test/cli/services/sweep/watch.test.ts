import { expect } from "chai";
import { progressOf, type SweepProgress } from "../../../../cli/services/sweep/progress.ts";
import { follow, type WatchDeps } from "../../../../cli/services/sweep/watch.ts";
import { InputError } from "../../../../staging/errors.ts";
import { EAST, testMeta, testRegion, WEST } from "../../sweep-items.ts";

const NOW = new Date("2026-11-29T11:00:00Z");
const running = progressOf(testMeta(), [testRegion(EAST), testRegion(WEST)], undefined, NOW);
const done = progressOf(
  testMeta(),
  [testRegion(EAST, { open: 0, done: 3 }), testRegion(WEST, { open: 0, done: 3 })],
  undefined,
  NOW,
);
const failing = (name: string, extra: object = {}) => Object.assign(new Error(name), { name, ...extra });

/** Returns these results in turn; a pause advances the time at once. */
function clockWith(answers: readonly (SweepProgress | Error)[]) {
  let time = 0;
  let asked = 0;
  const pauses: number[] = [];
  const deps: WatchDeps = {
    look: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (answer === undefined || answer instanceof Error) throw answer;
      return answer;
    },
    pause: async (ms, signal) => {
      signal.throwIfAborted();
      pauses.push(ms);
      time += ms;
    },
    steady: () => time,
  };
  return { deps, pauses, time: () => time };
}
const signal = new AbortController().signal;

describe("a watched sweep", () => {
  it("is read every two seconds until all indices have ended", async () => {
    const { deps, pauses } = clockWith([running, running, done]);
    const seen: string[] = [];
    const end = await follow({ signal, onUpdate: ({ state }) => seen.push(state) }, deps);
    expect(end).to.equal(done);
    expect(seen).to.deep.equal(["running", "running", "succeeded"]);
    expect(pauses).to.deep.equal([2_000, 2_000]);
  });

  it("survives throttling and an outage with growing pauses, and reports them", async () => {
    const { deps, pauses } = clockWith([
      running,
      failing("ThrottlingException"),
      failing("Error", { cause: failing("Error", { code: "ECONNREFUSED" }) }),
      failing("InternalServerError", { $metadata: { httpStatusCode: 500 } }),
      running,
      done,
    ]);
    const troubles: string[] = [];
    expect(await follow({ signal, onTrouble: (text) => troubles.push(text) }, deps)).to.equal(done);
    expect(troubles).to.deep.equal([
      "AWS limits the rate of requests",
      "cannot be reached, ECONNREFUSED",
      "500 InternalServerError",
    ]);
    expect(pauses).to.deep.equal([2_000, 4_000, 8_000, 16_000, 2_000]);
  });

  it("fails after ten minutes without a response", async () => {
    const silence = failing("TimeoutError");
    const { deps, time } = clockWith([running, silence]);
    expect(await follow({ signal }, deps).catch((error: unknown) => error)).to.equal(silence);
    expect(time()).to.be.within(600_000, 660_000);
  });

  it("fails at once for a permanent error", async () => {
    const denied = failing("AccessDeniedException", { $metadata: { httpStatusCode: 400 } });
    const gone = new InputError("there is no sweep");
    for (const error of [denied, gone]) {
      const { deps, pauses } = clockWith([error]);
      expect(await follow({ signal }, deps).catch((thrown: unknown) => thrown)).to.equal(error);
      expect(pauses).to.deep.equal([]);
    }
  });

  it("can be left without an error", async () => {
    const abort = new AbortController();
    const { deps } = clockWith([running]);
    const end = follow({ signal: abort.signal, onUpdate: () => abort.abort() }, deps);
    expect(await end).to.equal(undefined);
  });
});
