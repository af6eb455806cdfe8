import { expect } from "chai";
import { progressOf } from "../../../../cli/services/sweep/progress.ts";
import { costAtMost } from "../../../../cli/services/sweep/spending.ts";
import { InputError } from "../../../../staging/errors.ts";
import { dollars } from "../../../../staging/money.ts";
import { EAST, testMeta, testRegion, WEST } from "../../sweep-items.ts";

const startedAt = new Date("2026-11-29T10:00:00Z");
const hours = (count: number) => new Date(startedAt.getTime() + count * 3_600_000);
const reportAt = (now: Date, meta = {}) => ({
  progress: progressOf(
    testMeta({ startedAt, deadlineAt: hours(10), ...meta }),
    [testRegion(EAST, { open: 0, done: 3 }), testRegion(WEST)],
    undefined,
    now,
  ),
  endedAt: new Map([
    [EAST, hours(1)],
    [WEST, undefined],
  ]),
  now,
});
const spec = { instanceTypes: ["small", "large"] } as const;
const hourOf = (type: string) => dollars(type === "large" ? 2 : 1);

describe("the cost of a sweep so far", () => {
  it("is at most that of all workers, for each region until its end, now, or the deadline", () => {
    expect(costAtMost(reportAt(hours(3)), spec, hourOf)).to.equal(dollars(2 * 2 + 2 * 2 * 3));
    expect(costAtMost(reportAt(hours(99)), spec, hourOf)).to.equal(dollars(2 * 2 + 2 * 2 * 10));
  });

  it("is unknown before the start, and without a price", () => {
    expect(costAtMost(reportAt(hours(3), { startedAt: undefined }), spec, hourOf)).to.equal(undefined);
    const unknown = () => {
      throw new InputError("the price is not known");
    };
    expect(costAtMost(reportAt(hours(3)), spec, unknown)).to.equal(undefined);
  });
});
