import { expect } from "chai";
import { hasEnded, progressOf } from "../../../../cli/services/sweep/progress.ts";
import { EAST, testMeta, testRegion, WEST } from "../../sweep-items.ts";

const NOW = new Date("2026-11-29T11:00:00Z");
const LATER = new Date("2126-12-01T00:00:00Z");
const none = { pending: 0, running: 0, done: 0, failed: 0, cancelled: 0 };
const ended = (changes: object) => [
  testRegion(EAST, { open: 0, done: 3 }),
  testRegion(WEST, { open: 0, done: 3, ...changes }),
];

describe("the progress of a sweep", () => {
  it("counts running indices by the indices themselves, and never more than are open", () => {
    const running = new Map([
      [EAST as string, 1],
      [WEST as string, 3],
    ]);
    const regions = [testRegion(EAST, { open: 2, done: 1 }), testRegion(WEST, { open: 2, done: 1 })];
    const { regions: seen, total } = progressOf(testMeta(), regions, running, NOW);
    expect(seen.map(({ pending, running }) => [pending, running])).to.deep.equal([
      [1, 1],
      [0, 2],
    ]);
    expect(total).to.deep.equal({ ...none, pending: 1, running: 3, done: 2 });
  });

  it("counts each living worker as a running index if the indices are not read", () => {
    const { total } = progressOf(testMeta(), [testRegion(EAST), testRegion(WEST)], undefined, NOW);
    expect(total).to.deep.equal({ ...none, pending: 2, running: 4 });
  });

  it("has a state", () => {
    const fresh = [testRegion(EAST), testRegion(WEST)];
    const stateOf = (...[meta, regions, now]: [object, Parameters<typeof progressOf>[1], Date]) => {
      const progress = progressOf(testMeta(meta), regions, undefined, now);
      return [progress.state, hasEnded(progress)];
    };
    expect(stateOf({ startedAt: undefined }, fresh, NOW)).to.deep.equal(["starting", false]);
    expect(stateOf({}, fresh, NOW)).to.deep.equal(["running", false]);
    expect(stateOf({}, fresh, LATER)).to.deep.equal(["overdue", true]);
    expect(stateOf({ startedAt: undefined }, fresh, LATER)).to.deep.equal(["overdue", true]);
    expect(stateOf({}, ended({}), LATER)).to.deep.equal(["succeeded", true]);
    expect(stateOf({}, ended({ done: 2, failed: 1 }), NOW)).to.deep.equal(["failed", true]);
    expect(stateOf({ cancelledAt: NOW }, ended({ done: 1, cancelled: 2 }), NOW)).to.deep.equal([
      "cancelled",
      true,
    ]);
  });
});
