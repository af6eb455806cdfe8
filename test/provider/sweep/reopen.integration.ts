import { expect } from "chai";
import { cancelSweep } from "../../../provider/sweep/cancel.ts";
import { workersWanted } from "../../../provider/sweep/capacity.ts";
import type { SweepRunInputs, SweepRunOutputs } from "../../../staging/resources/sweep-run.ts";
import { errorOf } from "../../support/failure.ts";
import { PRIMARY, SECOND, TestContext } from "../cloud-fixture.ts";
import { FakeGroups } from "./fake-groups.ts";
import { Kill } from "./kill.ts";
import { GROUP, runInputs, START, SweepCloud } from "./sweep-cloud.ts";
import { Worker } from "./worker.ts";

const GROUPS = [PRIMARY, SECOND].map((region) => ({ region, group: GROUP }));
const LATER = new Date("2026-11-15T12:00:00Z");

describe("the retry of a sweep", () => {
  let cloud: SweepCloud;
  let groups: FakeGroups;
  before(async () => {
    cloud = await SweepCloud.start();
  });
  after(() => cloud.stop());

  /** A sweep whose indices 1 and 3 have failed, 4 was cancelled by the deadline, and the others are done; no worker is alive. */
  async function endedSweep(): Promise<{ inputs: SweepRunInputs; outputs: SweepRunOutputs; worker: Worker }> {
    cloud.now = START;
    groups = new FakeGroups({ [PRIMARY]: 2, [SECOND]: 2 });
    const inputs = runInputs();
    const { outputs } = await cloud.handler(groups).create(inputs, new TestContext());
    const access = cloud.access(inputs.sweepId, groups);
    const worker = new Worker(access, groups);
    for (const index of [0, 1, 2, 3]) await worker.claim(index);
    for (const index of [0, 2]) await worker.complete(index);
    for (const index of [1, 3]) await worker.fail(index);
    for (const region of [PRIMARY, PRIMARY, SECOND]) await worker.leave(region);
    await cancelSweep(access, GROUPS);
    expect((await worker.index(4)).state).to.equal("cancelled");
    groups.changes.length = 0;
    cloud.now = LATER;
    return { inputs, outputs, worker };
  }

  const update = (outputs: SweepRunOutputs, news: SweepRunInputs, kill?: Kill, context = new TestContext()) =>
    cloud.handler(groups, kill).update?.(outputs.sweepId, outputs, news, context) ?? Promise.reject();

  it("reopens failed and cancelled indices, with a new deadline, and starts workers for them", async () => {
    const { inputs, outputs, worker } = await endedSweep();
    const news = { ...inputs, generation: 1 };
    expect(await cloud.handler(groups).diff(inputs.sweepId, inputs, outputs, news)).to.deep.equal({
      replaces: [],
      updates: ["generation"],
    });
    const updated = await update(outputs, news);
    expect(updated).to.deep.equal({ ...news, ...times, deadlineAt: "2026-11-16T12:00:00Z" });
    const items = await cloud.items(inputs.sweepId);
    const states = [0, 1, 2, 3, 4].map((index) => items.get(`index#00000${index}`)?.["state"]);
    expect(states).to.deep.equal(["done", "pending", "done", "pending", "pending"]);
    expect(await worker.index(1)).to.include({ generation: 1, attempt: 1, errors: 0 });
    const counters = { failed: 0, cancelled: 0, generation: 1 };
    expect(items.get(`region#${PRIMARY}`)).to.include({ ...counters, open: 1, done: 2, alive: 1 });
    expect(items.get(`region#${SECOND}`)).to.include({ ...counters, open: 2, done: 0, alive: 2 });
    const expires = Date.parse("2026-11-16T12:00:00Z") / 1000 + 90 * 86_400;
    for (const key of ["meta", `region#${SECOND}`, "index#000001"])
      expect(items.get(key)).to.include({ expires_epoch: expires });
    expect(items.get("meta")).to.include({ generation: 1 }).and.not.have.property("cancelled_at");
    expect(groups.desired).to.deep.equal({ [PRIMARY]: 1, [SECOND]: 2 });
    expect(groups.of(SECOND).endsAt).to.deep.equal(new Date("2026-11-16T12:00:00Z"));
  });

  it("has the same result after a kill at any request and a repetition", async () => {
    const whole = await endedSweep();
    const counter = new Kill(0, "before");
    await update(whole.outputs, { ...whole.inputs, generation: 1 }, counter);
    const expected = withoutId(whole.inputs, await cloud.items(whole.inputs.sweepId));
    for (let at = 1; at <= counter.requests; at++) {
      const { inputs, outputs } = await endedSweep();
      const news = { ...inputs, generation: 1 };
      await errorOf(update(outputs, news, new Kill(at, "after")));
      await update(outputs, news);
      const label = `killed after request ${at}`;
      expect(withoutId(inputs, await cloud.items(inputs.sweepId)), label).to.deep.equal(
        withoutEntries(expected),
      );
      expect(groups.desired, label).to.deep.equal({ [PRIMARY]: 1, [SECOND]: 2 });
      expect(groups.changes.sort(), label).to.deep.equal([`${PRIMARY} 0→1`, `${SECOND} 0→2`]);
    }
  });

  it("starts workers again if it is repeated after its deadline", async () => {
    const counter = new Kill(0, "before");
    const whole = await endedSweep();
    await update(whole.outputs, { ...whole.inputs, generation: 1 }, counter);
    const { inputs, outputs, worker } = await endedSweep();
    const news = { ...inputs, generation: 1 };
    await errorOf(update(outputs, news, new Kill(counter.requests - 2, "after")));
    expect(groups.desired).to.deep.equal({ [PRIMARY]: 1, [SECOND]: 2 });
    // At the deadline, workers leave, or their group ends them.
    await worker.claim(3);
    await worker.complete(3);
    await worker.leave(PRIMARY);
    groups.of(SECOND).desired = 0;
    cloud.now = new Date("2026-11-17T12:00:00Z");
    const updated = await update(outputs, news);
    expect(updated.deadlineAt).to.equal("2026-11-18T12:00:00Z");
    expect(groups.desired).to.deep.equal({ [PRIMARY]: 1, [SECOND]: 1 });
  });

  it("reopens named indices, also completed ones, and names those that have not ended", async () => {
    const { inputs, outputs, worker } = await endedSweep();
    const first = await update(outputs, { ...inputs, generation: 1, retryIndices: [2] });
    expect(groups.desired).to.deep.equal({ [PRIMARY]: 1, [SECOND]: 0 });
    await worker.claim(2);
    const context = new TestContext();
    const news = { ...inputs, generation: 2, retryIndices: [2, 0] };
    await update(first, news, undefined, context);
    expect(context.messages.join()).to.contain("have not ended, and were left as they are: 2 (running)");
    expect((await worker.index(0)).state).to.equal("pending");
    expect((await worker.index(2)).state).to.equal("running");
    expect(groups.desired).to.deep.equal({ [PRIMARY]: 2, [SECOND]: 0 });
  });

  it("adds a worker if one is about to leave", async () => {
    const { inputs, outputs, worker } = await endedSweep();
    const first = await update(outputs, { ...inputs, generation: 1, retryIndices: [1] });
    await worker.claim(1);
    await worker.complete(1);
    await worker.takeOff(PRIMARY);
    await update(first, { ...inputs, generation: 2, retryIndices: [0] });
    worker.end(PRIMARY);
    expect(groups.of(PRIMARY).desired).to.equal(1);
  });

  it("waits for a leaving worker if the group has its maximum", async () => {
    const { inputs, outputs, worker } = await endedSweep();
    const first = await update(outputs, { ...inputs, generation: 1, retryIndices: [1] });
    await worker.claim(1);
    await worker.complete(1);
    await worker.takeOff(PRIMARY);
    groups.of(PRIMARY).max = 1;
    const { find } = groups;
    let looks = 0;
    groups.find = async (region) => {
      if (region === PRIMARY && ++looks === 3) worker.end(PRIMARY);
      return find.call(groups, region);
    };
    await update(first, { ...inputs, generation: 2, retryIndices: [0] });
    expect(groups.of(PRIMARY).desired).to.equal(1);
  });

  it("does nothing for an earlier generation, and starts nothing if the items are gone", async () => {
    const { inputs, outputs } = await endedSweep();
    const news = { ...inputs, generation: 1 };
    const updated = await update(outputs, news);
    cloud.now = new Date("2026-11-16T00:00:00Z");
    groups.changes.length = 0;
    const before = await cloud.items(inputs.sweepId);
    expect(await update(outputs, news)).to.deep.equal(updated);
    expect(await cloud.items(inputs.sweepId)).to.deep.equal(before);
    const other = { ...news, sweepId: runInputs().sweepId };
    const error = await errorOf(update({ ...outputs, sweepId: other.sweepId }, other));
    expect(error.message).to.contain("are gone");
    expect(groups.changes).to.deep.equal([]);
  });

  it("computes the number of workers of a region", () => {
    const region = { workers: 4, alive: 0, open: 9 };
    expect(workersWanted(region, { desired: 0 })).to.deep.equal({ alive: 4, leaving: 0 });
    expect(workersWanted({ ...region, open: 2 }, { desired: 0 })).to.deep.equal({ alive: 2, leaving: 0 });
    expect(workersWanted({ ...region, alive: 3, open: 1 }, { desired: 3 })).to.deep.equal({
      alive: 3,
      leaving: 0,
    });
    // No worker is alive after a deadline.
    expect(workersWanted({ ...region, alive: 4, open: 1 }, { desired: 0 })).to.deep.equal({
      alive: 1,
      leaving: 0,
    });
    expect(workersWanted({ ...region, alive: 1, open: 2 }, { desired: 3 })).to.deep.equal({
      alive: 2,
      leaving: 2,
    });
  });

  const times = { createdAt: "2026-11-10T12:00:00Z", startedAt: "2026-11-10T12:00:00Z" };
});

type Items = Record<string, unknown>[];

/** The items without the IDs of the sweep and its data and their derivatives. */
function withoutId({ sweepId }: SweepRunInputs, items: Map<string, Record<string, unknown>>): Items {
  return withoutEntries(
    [...items.values()].map(
      (item) => JSON.parse(JSON.stringify(item).replaceAll(sweepId, "ID")) as Record<string, unknown>,
    ),
  );
}

const withoutEntries = (items: Items): Items =>
  items.map(({ inputs_sha256: _of, entries: _entries, ...item }) => item);
