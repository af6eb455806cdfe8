import { expect } from "chai";
import { regionLines, SweepView } from "../../../cli/render/sweep-progress.ts";
import { progressOf, type SweepProgress } from "../../../cli/services/sweep/progress.ts";
import { EAST, testMeta, testRegion, WEST } from "../sweep-items.ts";

const NOW = new Date("2026-11-29T11:00:00Z");
const sweep = (done: number, failed = 0): SweepProgress =>
  progressOf(
    testMeta(),
    [testRegion(EAST, { open: 3 - done - failed, done, failed }), testRegion(WEST)],
    new Map([[EAST as string, 1]]),
    NOW,
  );

describe("The progress display of a sweep", () => {
  it("has a bar for each region, with its numbers", () => {
    expect(regionLines(sweep(1, 1), 200)).to.deep.equal([
      `us-east-1  ${"█".repeat(26)}${"▒".repeat(14)}  0 pending, 1 running, 1 done, 1 failed`,
      `us-west-2  ${"░".repeat(40)}  3 pending, 0 running, 0 done, 0 failed`,
    ]);
  });

  it("never wraps: the bars get shorter, then disappear, then the line is cut", () => {
    for (const columns of [80, 61, 50, 20, 3]) {
      for (const line of regionLines(sweep(1), columns)) expect(line.length).to.be.at.most(columns);
    }
    expect(regionLines(sweep(0), 70)[1]).to.equal(
      `us-west-2  ${"░".repeat(19)}  3 pending, 0 running, 0 done, 0 failed`,
    );
    expect(regionLines(sweep(0), 52)[1]).to.equal("us-west-2  3 pending, 0 running, 0 done, 0 failed");
  });

  it("is redrawn in place on a terminal, below permanent notes", () => {
    let written = "";
    const view = new SweepView({ isTTY: true, columns: 60, write: (text: string) => (written += text) });
    view.update(sweep(0));
    view.note("The deadline is near.");
    view.update(sweep(1));
    view.close();
    expect(written.split("\u001b[2A\r\u001b[J")).to.have.length(3);
    expect(written).to.contain("The deadline is near.\nus-east-1");
  });

  it("is a line in a pipe after changes, at most every five seconds, and always at the end", () => {
    let written = "";
    let now = 0;
    const view = new SweepView({ write: (text: string) => (written += text) }, { now: () => now });
    view.update(sweep(0));
    view.update(sweep(0));
    now = 1_000;
    view.update(sweep(1));
    now = 5_000;
    view.update(sweep(1));
    now = 20_000;
    view.update(sweep(1));
    now = 21_000;
    view.update(sweep(2));
    view.close();
    view.close();
    const line = (pending: number, done: number) =>
      `${pending} pending, 1 running, ${done} done, 0 failed (us-east-1 ${done} of 3, us-west-2 0 of 3 ended)\n`;
    expect(written).to.equal(
      line(5, 0) +
        line(4, 1) +
        "3 pending, 1 running, 2 done, 0 failed (us-east-1 2 of 3, us-west-2 0 of 3 ended)\n",
    );
  });
});
