import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Context } from "../../../../cli/context.ts";
import { reasonOf, sortEntries } from "../../../../cli/services/cleanup/entries.ts";
import type { CleanupQuestion } from "../../../../cli/services/cleanup/plan.ts";
import { beginUpload, claimUpload } from "../../../../cli/services/entry/upload/unfinished.ts";
import type { StagingRecord } from "../../../../staging/record.ts";
import { parseStackName } from "../../../../staging/stack-name.ts";
import { ledgerItem, NOW } from "../../ledger.ts";
import { testId, testRecord } from "../../records.ts";
import { contextWith } from "./context.ts";

const EXPIRED: CleanupQuestion = { expired: true, sweepId: undefined, orphans: false };
const SWEEP: CleanupQuestion = { expired: false, sweepId: "sweep-a", orphans: false };
const hours = (count: number) => new Date(NOW.getTime() + count * 3_600_000);

describe("the entries that a cleanup selects", () => {
  it("are expired, belong to the sweep, or both", () => {
    const [past, future] = [hours(0), hours(1)];
    const both = { ...EXPIRED, sweepId: "sweep-a" };
    const orphans = { expired: false, sweepId: undefined, orphans: true };
    const table: [CleanupQuestion, string | undefined, Date, string | undefined][] = [
      [EXPIRED, "sweep-a", past, "expired"],
      [EXPIRED, undefined, past, "expired"],
      [EXPIRED, "sweep-a", future, undefined],
      [SWEEP, "sweep-a", past, "sweep"],
      [SWEEP, "sweep-a", future, "sweep"],
      [SWEEP, "sweep-b", past, undefined],
      [SWEEP, undefined, past, undefined],
      [both, "sweep-a", past, "expired"],
      [both, "sweep-a", future, undefined],
      [both, "sweep-b", past, undefined],
      [orphans, "sweep-a", past, undefined],
    ];
    for (const [question, sweepId, expiry, reason] of table)
      expect(reasonOf({ sweepId }, expiry, question, NOW), JSON.stringify([question, sweepId])).to.equal(
        reason,
      );
  });

  describe("by whether they can be removed", () => {
    let home: string;
    const before = process.env["SPAWN_HOME"];
    beforeEach(async () => {
      home = await mkdtemp(join(tmpdir(), "spawn cleanup "));
      process.env["SPAWN_HOME"] = home;
    });
    afterEach(async () => {
      if (before === undefined) delete process.env["SPAWN_HOME"];
      else process.env["SPAWN_HOME"] = before;
      await rm(home, { recursive: true });
    });

    const sorted = async (
      context: Context,
      records: readonly StagingRecord[],
      stacks: readonly number[],
      question = EXPIRED,
      begun: readonly number[] = [],
    ) => {
      const problems: string[] = [];
      const owners = {
        records: new Map(records.map((record) => [record.stagingId, record])),
        stacks: new Set(stacks.map(testId)),
        begun: new Set(begun.map(testId)),
        others: new Set<never>(),
        declared: new Map<never, never>(),
      };
      const found = await sortEntries(context, question, owners, NOW, ({ message }) =>
        problems.push(message),
      );
      return { ...found, problems };
    };
    const recordOf = (number: number, changes: Partial<StagingRecord> = {}) =>
      testRecord({ stagingId: testId(number), uploadedAt: hours(-8 * 24), ...changes });
    const rowOf = (number: number, changes: Record<string, unknown> = {}) =>
      ledgerItem("", { staging_id: testId(number), ...changes });

    it("never include active entries or entries that the environment's file declares", async () => {
      const records = [
        recordOf(1),
        recordOf(2, { declaredAs: "mesh", stack: parseStackName("dev") }),
        recordOf(3, { uploadedAt: hours(-1) }),
      ];
      const { entries, declared, incomplete } = await sorted(contextWith({ records }), records, [1, 3]);
      expect(entries).to.have.length(1);
      expect(entries[0]).to.deep.include({
        id: testId(1),
        reason: "expired",
        isRecorded: true,
      });
      expect(declared).to.deep.equal([{ id: testId(2), item: "mesh", reason: "expired" }]);
      expect(incomplete).to.deep.equal([]);
    });

    it("include entries without a record that the ledger shows as expired, at no further cost", async () => {
      const rows = [rowOf(1), rowOf(2, { uploaded_at: hours(-48).toISOString() })];
      const { entries, incomplete } = await sorted(contextWith({ rows }), [], [1, 2]);
      expect(entries.map(({ id, isRecorded, costPerDay }) => [id, isRecorded, costPerDay])).to.deep.equal([
        [testId(1), false, 0],
      ]);
      // Its record was never written, or was removed by hand.
      expect(incomplete).to.deep.equal([{ id: testId(2), stack: `dev.${testId(2)}`, state: "unknown" }]);
    });

    it("include an interrupted deletion that matches the options, and no other", async () => {
      const rows = [
        rowOf(1, { closed_at: hours(-1).toISOString() }),
        rowOf(2, { uploaded_at: hours(-48).toISOString() }),
      ];
      for (const number of [1, 2, 3]) {
        await beginUpload(parseStackName(`dev.${testId(number)}`), { sizeBytes: 1, version: {} });
        await claimUpload(parseStackName(`dev.${testId(number)}`), "deletion");
      }
      // With or without their stacks.
      for (const [stacks, begun] of [
        [[1, 2, 3], []],
        [[], [1, 2, 3]],
      ]) {
        const context = contextWith({ rows });
        const { entries, incomplete } = await sorted(context, [], stacks ?? [], EXPIRED, begun);
        expect(entries.map(({ id, reason }) => [id, reason])).to.deep.equal([[testId(1), "expired"]]);
        expect(incomplete.map(({ id, state }) => [id, state])).to.deep.equal([
          [testId(2), "half-deleted"],
          [testId(3), "half-deleted"],
        ]);
      }
    });

    it("exclude uploads and deletions in progress", async () => {
      await beginUpload(parseStackName(`dev.${testId(1)}`), { sizeBytes: 1, version: {} });
      const rows = [
        rowOf(2, { uploaded_at: hours(-48).toISOString(), closed_at: hours(-1).toISOString() }),
        rowOf(1),
      ];
      const { entries, incomplete } = await sorted(contextWith({ rows }), [], [1, 2, 3]);
      expect(entries).to.deep.equal([]);
      expect(incomplete.map(({ id, state }) => [id, state])).to.deep.equal([
        [testId(1), "interrupted"],
        [testId(2), "half-deleted"],
        [testId(3), "unknown"],
      ]);
    });

    it("include interrupted removals that left only data, or all but the stack", async () => {
      const young = { uploaded_at: hours(-48).toISOString(), sweep_id: "sweep-a" };
      const rows = [
        rowOf(1, young),
        rowOf(2, { ...young, closed_at: hours(-1).toISOString() }),
        rowOf(3, { closed_at: hours(-1).toISOString() }),
      ];
      const reasons = async (question: CleanupQuestion) => {
        const { entries } = await sorted(contextWith({ rows }), [], [1, 2, 3], question);
        return entries.map(({ id, reason }) => [Number(id.at(-1)), reason]);
      };
      expect(await reasons(SWEEP)).to.deep.equal([
        [1, "sweep"],
        [2, "sweep"],
      ]);
      expect(await reasons(EXPIRED)).to.deep.equal([[3, "expired"]]);
    });

    it("include a record that the index does not have yet, and exclude unreadable ones", async () => {
      const late = recordOf(1);
      const rows = [rowOf(2, { size_bytes: -1 })];
      const context = contextWith({ records: [late], rows });
      const { entries, problems } = await sorted(context, [], [1, 2]);
      expect(entries.map(({ id }) => id)).to.deep.equal([testId(1)]);
      expect(problems).to.have.length(1);
      expect(problems[0]).to.contain(`the usage row of ${testId(2)} cannot be read`);
    });
  });
});
