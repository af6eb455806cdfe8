import { expect } from "chai";
import { datasetOf } from "../../../../cli/services/sweep/own-entries.ts";
import { planRetry, retrySweep } from "../../../../cli/services/sweep/retry.ts";
import { readSettings, writeSettings } from "../../../../cli/services/sweep/settings.ts";
import { specOf } from "../../../../cli/services/sweep/sweep-spec.ts";
import { metaItem, type SweepMeta } from "../../../../staging/sweep/meta-item.ts";
import { type RegionItem, regionItem } from "../../../../staging/sweep/region-item.ts";
import { failureOf } from "../../../support/failure.ts";
import { testRecord } from "../../records.ts";
import { EAST, SWEEP, testMeta, testRegion, WEST } from "../../sweep-items.ts";
import { Machine } from "../machine.ts";
import { fakeStack, SweepsTable, testLaunch, testRequest } from "./fakes.ts";

const PAST = new Date("2026-11-29T10:30:00Z");

const tableOf = (meta: Partial<SweepMeta>, east: Partial<RegionItem>, begun = 0) =>
  new SweepsTable(
    { ...metaItem(testMeta(meta)), deadline_generation: { N: String(begun) } },
    regionItem(testRegion(EAST, east)),
    regionItem(testRegion(WEST, { open: 0, done: 3 })),
  );

describe("The plan of a retry", () => {
  const plan = (sweeps: SweepsTable, indices?: readonly number[]) =>
    planRetry(sweeps.context, SWEEP, indices);

  it("counts failed and cancelled indices, and open ones that have no worker", async () => {
    const east = { open: 1, failed: 1, cancelled: 1 };
    for (const [meta, begun, count] of [
      [{}, 0, 2],
      [{ deadlineAt: PAST }, 0, 3],
      // A retry has reopened indices and was interrupted before it started workers.
      [{ generation: 1 }, 2, 3],
      [{ generation: 2 }, 2, 2],
    ] as const) {
      const found = await plan(tableOf(meta, east, begun));
      expect(found, JSON.stringify(meta)).to.include({
        ...{ count, begun, isCancelled: false },
        isOverdue: "deadlineAt" in meta,
      });
    }
    expect(await plan(tableOf({ cancelledAt: PAST }, east), [0, 5])).to.deep.include({
      count: 2,
      isCancelled: true,
    });
  });

  it("refuses a sweep without anything to retry, and names the remedy", async () => {
    const done = { open: 0, done: 3 };
    for (const [sweeps, indices, message, fix] of [
      [new SweepsTable(), undefined, /there is no sweep/, "spawn sweep list"],
      [tableOf({ startedAt: undefined }, {}), undefined, /has not started/, `spawn launch --resume ${SWEEP}`],
      [
        tableOf({ startedAt: undefined, cancelledAt: PAST }, {}),
        undefined,
        /was cancelled before it started/,
        "spawn launch --params FILE",
      ],
      [tableOf({}, done), [6], /has no index 6/, undefined],
      [tableOf({}, done), undefined, /has nothing to retry/, `spawn sweep retry ${SWEEP} --index N`],
    ] as const) {
      const error = await failureOf(plan(sweeps, indices));
      expect(error.message).to.match(message);
      if (fix === undefined) expect(error.fix).to.equal(undefined);
      else expect(error.fix).to.contain(fix);
    }
  });
});

describe("A retry", () => {
  const machine = Machine.forEachTest();
  let log: string[];
  beforeEach(() => {
    log = [];
  });

  const uploadedAt = new Date(Math.floor(Date.now() / 1000) * 1000);
  const record = testRecord({ uploadedAt });
  const launch = testLaunch(testRequest("count: 6\nregions: [us-east-1, us-west-2]\nbase_command: x"));
  const spec = { ...specOf({ ...launch, datasets: [datasetOf(record)] }, SWEEP, undefined) };
  const planned = { id: SWEEP, generation: 0, begun: 0, isCancelled: false, isOverdue: false, count: 1 };
  const retry = (
    indices: readonly number[] | undefined,
    { records = [record], exists = true, begun = 0 } = {},
  ) =>
    retrySweep(machine.context({ records }), { ...planned, begun, indices }, {}, async () =>
      fakeStack(log, { exists }),
    );

  it("writes the next generation into the settings before it updates the stack", async () => {
    await writeSettings({ spec, environment: launch.settings });
    await retry([2]);
    expect(log).to.deep.equal(["recover to up", "up to generation 1"]);
    expect((await readSettings("dev", SWEEP))?.spec).to.deep.include({ generation: 1, retryIndices: [2] });
  });

  it("that is repeated after an interruption resumes its generation; another one begins a new generation", async () => {
    await writeSettings({ spec, environment: launch.settings });
    for (const [indices, begun, generation] of [
      [[2], 0, 1],
      [[2], 1, 1],
      [[3], 1, 2],
      [undefined, 2, 3],
    ] as const) {
      await retry(indices, { begun });
      expect(log.splice(0).at(-1)).to.equal(`up to generation ${generation}`);
    }
    // The indices of an earlier retry do not carry over.
    expect((await readSettings("dev", SWEEP))?.spec).to.not.have.property("retryIndices");
  });

  it("changes nothing without a stack, or without the data that its workers download", async () => {
    await writeSettings({ spec, environment: launch.settings });
    const before = await readSettings("dev", SWEEP);
    const gone = await failureOf(retry([2], { exists: false }));
    expect(gone.message).to.equal(`there is no stack dev.${SWEEP} for ${SWEEP}`);
    const expired = testRecord({ uploadedAt: new Date("2024-01-01T00:00:00Z") });
    for (const records of [[], [expired]]) await failureOf(retry([2], { records }));
    expect(await readSettings("dev", SWEEP)).to.deep.equal(before);
    expect(log.some((step) => step.startsWith("up"))).to.equal(false);
  });
});
