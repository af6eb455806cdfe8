import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { cancelSweep } from "../../../provider/sweep/cancel.ts";
import type { SweepGroups } from "../../../provider/sweep/groups.ts";
import type { SweepRunInputs } from "../../../staging/resources/sweep-run.ts";
import { errorOf } from "../../support/failure.ts";
import { PRIMARY, SECOND, TestContext } from "../cloud-fixture.ts";
import { FakeGroups } from "./fake-groups.ts";
import { Kill } from "./kill.ts";
import { GROUP, runInputs, START, SweepCloud, TABLE } from "./sweep-cloud.ts";
import { Worker } from "./worker.ts";

const GROUPS = [PRIMARY, SECOND].map((region) => ({ region, group: GROUP }));

describe("The cancellation of a sweep", () => {
  let cloud: SweepCloud;
  let groups: FakeGroups;
  before(async () => {
    cloud = await SweepCloud.start();
  });
  after(() => cloud.stop());

  /** A sweep with a done, a running and three pending indices. */
  async function runningSweep(): Promise<{
    inputs: SweepRunInputs;
    worker: Worker;
    end(kill?: Kill): Promise<void>;
  }> {
    cloud.now = START;
    groups = new FakeGroups({ [PRIMARY]: 2, [SECOND]: 2 });
    const inputs = runInputs();
    const { id, outputs } = await cloud.handler(groups).create(inputs, new TestContext());
    const worker = new Worker(cloud.access(id, groups), groups);
    await worker.claim(0);
    await worker.complete(0);
    await worker.claim(1);
    cloud.now = new Date("2026-11-10T13:00:00Z");
    return {
      inputs,
      worker,
      end: (kill) => cloud.handler(groups, kill).delete(id, outputs, new TestContext()),
    };
  }

  it("ends the workers and cancels open indices, which a worker can no longer complete", async () => {
    const { inputs, worker, end } = await runningSweep();
    await end();
    const items = await cloud.items(inputs.sweepId);
    const states = [0, 1, 2, 3, 4].map((index) => items.get(`index#00000${index}`)?.["state"]);
    expect(states).to.deep.equal(["done", "cancelled", "cancelled", "cancelled", "cancelled"]);
    expect(items.get(`region#${PRIMARY}`)).to.include({ open: 0, done: 1, cancelled: 2, alive: 0 });
    expect(items.get("meta")).to.include({ cancelled_at: "2026-11-10T13:00:00Z" });
    expect(groups.desired).to.deep.equal({ [PRIMARY]: 0, [SECOND]: 0 });
    expect((await errorOf(worker.complete(1))).message).to.contain("not-owner");
    cloud.now = new Date("2026-11-10T14:00:00Z");
    await end();
    expect(await cloud.items(inputs.sweepId)).to.deep.equal(items);
  });

  it("has the same result after a kill at any request and a repetition", async () => {
    const whole = await runningSweep();
    const counter = new Kill(0, "before");
    await whole.end(counter);
    const expected = stripped(await cloud.items(whole.inputs.sweepId));
    for (let at = 1; at <= counter.requests; at++) {
      const { inputs, end } = await runningSweep();
      await errorOf(end(new Kill(at, "after")));
      await end();
      expect(stripped(await cloud.items(inputs.sweepId)), `killed after request ${at}`).to.deep.equal(
        expected,
      );
      expect(groups.desired).to.deep.equal({ [PRIMARY]: 0, [SECOND]: 0 });
    }
  });

  it("leaves a sweep unchanged whose indices have all ended", async () => {
    const { inputs, worker, end } = await runningSweep();
    await worker.fail(1);
    for (const index of [2, 3, 4]) {
      await worker.claim(index);
      await worker.complete(index);
    }
    const before = await cloud.items(inputs.sweepId);
    await end();
    expect(await cloud.items(inputs.sweepId)).to.deep.equal(before);
    expect(groups.desired).to.deep.equal({ [PRIMARY]: 0, [SECOND]: 0 });
  });

  it("reads an index again that a worker changes meanwhile", async () => {
    const { inputs, worker } = await runningSweep();
    const access = cloud.access(inputs.sweepId, groups);
    let isChanged = false;
    // Between reading the indices and writing them.
    const client = Object.assign(Object.create(access.client) as typeof access.client, {
      send: async (...args: Parameters<typeof access.client.send>) => {
        if (args[0].constructor.name === "TransactWriteItemsCommand" && !isChanged) {
          isChanged = true;
          await worker.complete(1);
          await worker.claim(2);
        }
        return access.client.send(...args);
      },
    });
    expect(await cancelSweep({ ...access, client }, GROUPS)).to.equal(3);
    expect((await worker.index(1)).state).to.equal("done");
    expect((await worker.index(2)).state).to.equal("cancelled");
    expect((await cloud.items(inputs.sweepId)).get(`region#${PRIMARY}`)).to.include({
      open: 0,
      done: 2,
      cancelled: 1,
    });
  });

  it("stops a start in progress", async () => {
    groups = new FakeGroups({ [PRIMARY]: 2, [SECOND]: 2 });
    const inputs = runInputs();
    const own: SweepGroups = {
      find: (region) => groups.find(region),
      endAt: (region, group, at) => groups.endAt(region, group, at),
      setDesired: async (region, group, desired) => {
        await cancelSweep(cloud.access(inputs.sweepId, groups), GROUPS);
        await groups.setDesired(region, group, desired);
      },
    };
    const error = await errorOf(cloud.handler(own).create(inputs, new TestContext()));
    expect(error.message).to.contain(`${inputs.sweepId} was cancelled`);
    expect(groups.desired).to.deep.equal({ [PRIMARY]: 0, [SECOND]: 0 });
    const again = await errorOf(cloud.handler(groups).create(inputs, new TestContext()));
    expect(again.message).to.contain(`${inputs.sweepId} was cancelled`);
    expect(groups.desired).to.deep.equal({ [PRIMARY]: 0, [SECOND]: 0 });
  });

  it("skips missing groups, items and tables", async () => {
    const { inputs } = await runningSweep();
    groups.groups.delete(SECOND);
    expect(await cancelSweep(cloud.access(inputs.sweepId, groups), GROUPS)).to.equal(4);
    const other = runInputs({ regions: inputs.regions });
    expect(await cancelSweep(cloud.access(other.sweepId, groups), GROUPS)).to.equal(undefined);
    const outputs = { ...other, table: "no-such-table", createdAt: "", deadlineAt: "", startedAt: "" };
    await cloud.handler(groups).delete(other.sweepId, outputs, new TestContext());
  });

  it("skips an unreadable index, and names it", async () => {
    const { inputs } = await runningSweep();
    await cloud.client.send(
      new PutItemCommand({
        TableName: TABLE,
        Item: { sweep_id: { S: inputs.sweepId }, item: { S: "index#000004" }, state: { S: "odd" } },
      }),
    );
    const notes: string[] = [];
    expect(await cancelSweep(cloud.access(inputs.sweepId, groups, notes), GROUPS)).to.equal(3);
    expect(notes.join()).to.contain("index#000004").and.to.contain("left as it is");
  });
});

/** The items without the differences between two sweeps. */
const stripped = (items: Map<string, Record<string, unknown>>): object[] =>
  [...items.values()].map(
    ({ sweep_id: _id, stack: _stack, entries: _entries, inputs_sha256: _of, ...item }) => item,
  );
