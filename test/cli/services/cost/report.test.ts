import { marshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import { costReport } from "../../../../cli/services/cost/report.ts";
import { InputError } from "../../../../staging/errors.ts";
import { parsePeriod } from "../../../../staging/period.ts";
import { GIB } from "../../../../staging/units.ts";
import { failureOf } from "../../../support/failure.ts";
import { ledgerItem, NOW } from "../../ledger.ts";
import { testId } from "../../records.ts";
import { FakeBuckets } from "../fake-buckets.ts";
import { Machine } from "../machine.ts";

const rowOf = (number: number, changes: Record<string, unknown> = {}) =>
  ledgerItem("", { staging_id: testId(number), ...changes });

describe("The cost report of an environment", () => {
  const machine = Machine.forEachTest();
  let buckets: FakeBuckets;
  let problems: string[];
  beforeEach(() => {
    buckets = new FakeBuckets();
    problems = [];
  });

  const report = (rows: readonly object[], filter = {}, since = "2026-11-01", until?: string) => {
    const context = machine.context({ s3: buckets.s3, rows: rows.map((row) => marshall(row)) });
    const question = { period: parsePeriod(since, until, NOW), filter, prices: "guide", now: NOW } as const;
    return costReport(context, question, ({ message }) => problems.push(message));
  };
  const data = (number: number) =>
    void buckets.objects.push({
      bucket: "spawn-staging-us-east-1",
      key: `${testId(number)}/a`,
      size: GIB,
      at: NOW,
    });

  it("adds data in the buckets that no open row counts, and not to the totals", async () => {
    for (const number of [1, 2, 3]) data(number);
    const rows = [rowOf(1), rowOf(2, { closed_at: "2026-11-12T00:00:00Z" })];
    const { entries, unfinished } = await report(rows);
    expect(entries.map(({ stagingId }) => stagingId)).to.deep.equal([testId(1), testId(2)]);
    expect(unfinished?.entries.map(({ stagingId }) => stagingId)).to.deep.equal([testId(2), testId(3)]);
    expect(unfinished?.bytes).to.equal(2 * GIB);
  });

  it("does not search the buckets for a sweep or a past period", async () => {
    buckets.failing.set("spawn-staging-us-east-1", 403);
    expect(await report([], { sweepId: "sweep-a" })).to.not.have.property("unfinished");
    expect(await report([], {}, "2026-11-01", "2026-11-02")).to.not.have.property("unfinished");
    await report([]);
    expect(problems[0]).to.contain("spawn-staging-us-east-1 (us-east-1) are not counted");
  });

  it("reports a row that cannot be counted, and counts the others", async () => {
    const endless = rowOf(1, { history: [], size_bytes: Number.MAX_SAFE_INTEGER, ttl_days: 90 });
    const { entries } = await report([endless, rowOf(2)]);
    expect(entries.map(({ stagingId }) => stagingId)).to.deep.equal([testId(2)]);
    expect(problems).to.have.length(1);
    expect(problems[0]).to.contain(testId(1));
  });

  it("on one entry fails if neither the ledger nor a bucket knows it", async () => {
    const filter = { stagingId: testId(3) };
    const error = await failureOf(report([], filter));
    expect(error).to.be.instanceOf(InputError);
    expect(error.message).to.contain(`no staging entry ${testId(3)}`);
    data(3);
    const { unfinished, total } = await report([], filter);
    expect([unfinished?.entries.length, total]).to.deep.equal([1, 0]);
  });
});
