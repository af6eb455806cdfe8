import { expect } from "chai";
import { toCostJson } from "../../../../cli/services/cost/json.ts";
import {
  costOf,
  entryOf,
  failuresOf,
  problemOf,
  sweepOf,
} from "../../../../cli/services/dashboard/convert.ts";
import { progressOf } from "../../../../cli/services/sweep/progress.ts";
import { InputError } from "../../../../staging/errors.ts";
import { ledgerItem, reportOf } from "../../ledger.ts";
import { testRecord } from "../../records.ts";
import { EAST, testMeta, testRegion, WEST } from "../../sweep-items.ts";

const AT = { at: { environment: "dev", connection: undefined } };

describe("The dashboard's data", () => {
  it("have names without control characters", () => {
    const name = "a\u202egnp.exe\u001b[2J\n<b>";
    expect(entryOf(testRecord({ filename: name }), false).name).to.equal("a\\u202egnp.exe\\x1b[2J\\n<b>");
    const error = "exit code 1\r\n\tlast \u001b[31mline";
    const failure = { index: 1, region: EAST, attempt: 2, exitCode: 1, error, endedAt: new Date(0) };
    const { failures, total } = failuresOf([failure, failure, failure], 2);
    expect([failures.length, total]).to.deep.equal([2, 3]);
    expect(failures[0]?.error).to.equal("exit code 1\n    last \\x1b[31mline");
  });

  it("have the expiry of an entry, and its regions", () => {
    expect(entryOf(testRecord(), true)).to.deep.include({
      ...{ id: "stage-abc123def456", regions: ["us-east-1", "us-west-2"], isDeleting: true },
      ...{ uploadedAt: "2024-01-22T10:30:15Z", expiresAt: "2024-01-29T10:30:15Z", sweepId: "sweep-xyz789" },
    });
  });

  it("have a sweep's counts in each region", () => {
    const items = [testRegion(EAST, { open: 1, done: 1, failed: 1, alive: 1 }), testRegion(WEST)];
    const sweep = sweepOf(progressOf(testMeta(), items, undefined, new Date("2026-11-29T11:00:00Z")));
    expect(sweep.total).to.deep.equal({ pending: 1, running: 3, done: 1, failed: 1, cancelled: 0 });
    expect(sweep.regions.map(({ region, running, failed }) => [region, running, failed])).to.deep.equal([
      ["us-east-1", 1, 1],
      ["us-west-2", 2, 0],
    ]);
    expect(sweep).to.deep.include({ state: "running", createdAt: "2026-11-29T10:00:00Z" });
  });

  it("have the costs of the report", () => {
    const json = toCostJson(reportOf([ledgerItem("a")]));
    const { total, days, regions, unfinished } = costOf(json);
    expect(total).to.equal(json.cost.total);
    const sum = days.reduce(
      (all, { replication, storage, requests }) => all + replication + storage + requests,
      0,
    );
    expect(sum).to.be.closeTo(total, 1e-6);
    expect(Object.keys(regions).sort()).to.deep.equal(["us-east-1", "us-west-2"]);
    expect(unfinished).to.deep.equal({ count: 0, bytes: 0, perDay: 0 });
  });

  it("have errors with their cause and fix, and no stack trace", () => {
    const refused = new InputError("the record is corrupt", {
      why: "It was changed.",
      fix: "spawn stage delete",
    });
    expect(problemOf(AT, refused)).to.deep.equal({
      ...{ message: "the record is corrupt", why: "It was changed.", fix: "spawn stage delete" },
    });
    const left = new Error("the progress of stage-1 in us-east-1 is not known: no answer", {
      cause: Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }),
    });
    expect(problemOf(AT, left)).to.deep.equal({ message: left.message });
  });
});
