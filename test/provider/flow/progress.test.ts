import { expect } from "chai";
import { ProgressReporter, type ProgressTotals } from "../../../provider/flow/progress.ts";
import type { Progress } from "../../../staging/progress.ts";

describe("ProgressReporter", () => {
  const totals = { phase: "upload", region: "us-east-1", total: 2048, objectsTotal: 1 } as const;
  let now: number;
  let texts: string[];
  let reports: Progress[];
  beforeEach(() => {
    [now, texts, reports] = [0, [], []];
  });
  const reporter = (of: ProgressTotals) =>
    new ProgressReporter(
      of,
      (text, report) => {
        texts.push(text);
        reports.push(report);
      },
      () => now,
    );

  it("always reports start and end, and about four times per second in between", () => {
    const progress = reporter(totals);
    for (let step = 0; step < 1000; step += 1) {
      now += 1;
      progress.add(2);
    }
    progress.objectDone();
    progress.finish();
    expect(reports).to.have.length(1 + 4 + 1);
    expect(reports[0]).to.deep.equal({ ...totals, done: 0, objectsDone: 0, finished: false });
    expect(reports.at(-1)).to.deep.equal({ ...totals, done: 2000, objectsDone: 1, finished: true });
  });

  it("starts with a text for users", () => {
    const progress = reporter(totals);
    now = 1000;
    progress.add(1024);
    progress.finish();
    expect(texts).to.deep.equal([
      "Uploading to us-east-1: 0 % of 2.0 KB",
      "Uploading to us-east-1: 50 % of 2.0 KB",
      "Uploading to us-east-1: done",
    ]);
  });

  it("counts objects if their total is unknown", () => {
    const unknown = { phase: "delete", region: "eu-west-1", total: 0, objectsTotal: 0 } as const;
    const progress = reporter(unknown);
    now = 1000;
    progress.add(3000);
    for (let object = 0; object < 3000; object += 1) progress.objectDone();
    progress.finish();
    expect(texts).to.deep.equal([
      "Deleting from eu-west-1...",
      "Deleting from eu-west-1: 3,000 objects",
      "Deleting from eu-west-1: done",
    ]);
    const sums = { done: 3000, total: 3000, objectsDone: 3000, objectsTotal: 3000 };
    expect(reports.at(-1)).to.deep.equal({ ...unknown, ...sums, finished: true });
  });
});
