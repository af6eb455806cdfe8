import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import type { SweepRunInputs } from "../../../staging/resources/sweep-run.ts";
import { errorOf } from "../../support/failure.ts";
import { decodeParamSet } from "../../support/param-set.ts";
import { PRIMARY, SECOND, TestContext } from "../cloud-fixture.ts";
import { FakeGroups } from "./fake-groups.ts";
import { Kill, Killed, type Moment } from "./kill.ts";
import { GROUP, runInputs, START, SweepCloud, TABLE } from "./sweep-cloud.ts";
import { Worker } from "./worker.ts";

describe("the start of a sweep", () => {
  let cloud: SweepCloud;
  let groups: FakeGroups;
  before(async () => {
    cloud = await SweepCloud.start();
  });
  after(() => cloud.stop());
  beforeEach(() => {
    cloud.now = START;
    groups = new FakeGroups({ [PRIMARY]: 2, [SECOND]: 2 });
  });

  const create = (inputs: SweepRunInputs) => cloud.handler(groups).create(inputs, new TestContext());

  it("writes the items, sets the deadline, gives the groups their workers, and commits", async () => {
    const inputs = runInputs();
    const { id, outputs } = await create(inputs);
    expect(id).to.equal(inputs.sweepId);
    expect(outputs).to.deep.equal({
      ...inputs,
      createdAt: "2026-11-10T12:00:00Z",
      deadlineAt: "2026-11-11T12:00:00Z",
      startedAt: "2026-11-10T12:00:00Z",
    });
    const items = await cloud.items(inputs.sweepId);
    expect([...items.keys()]).to.deep.equal([
      "index#000000",
      "index#000001",
      "index#000002",
      "index#000003",
      "index#000004",
      "meta",
      `region#${PRIMARY}`,
      `region#${SECOND}`,
    ]);
    const expires = Date.parse("2026-11-11T12:00:00Z") / 1000 + 90 * 86_400;
    expect(items.get("index#000003")).to.deep.equal({
      sweep_id: inputs.sweepId,
      item: "index#000003",
      region: SECOND,
      state: "pending",
      generation: 0,
      attempt: 0,
      interruptions: 0,
      errors: 0,
      expires_epoch: expires,
    });
    expect(items.get(`region#${SECOND}`)).to.include({
      start: 3,
      end: 5,
      open: 2,
      alive: 2,
      expires_epoch: expires,
    });
    expect(items.get("meta")).to.include({ generation: 0, expires_epoch: expires });
    expect(groups.desired).to.deep.equal({ [PRIMARY]: 2, [SECOND]: 2 });
    expect(groups.of(SECOND).endsAt).to.deep.equal(new Date("2026-11-11T12:00:00Z"));
  });

  it("has the same result after a kill at any request and a repetition", async () => {
    const rows = [0, 1, 2, 3, 4].map((index) => ({ alpha: `${index}`, label: "a b" }));
    const file = await cloud.rows(rows);
    const whole = runInputs({ ...file });
    const counter = new Kill(0, "before");
    await cloud.handler(groups, counter).create(whole, new TestContext());
    const expected = withoutId(whole, await cloud.items(whole.sweepId));
    expect(counter.requests).to.be.greaterThan(10);
    for (let at = 1; at <= counter.requests; at++) {
      for (const moment of ["before", "after"] satisfies Moment[]) {
        groups = new FakeGroups({ [PRIMARY]: 2, [SECOND]: 2 });
        const inputs = runInputs({ ...file, entries: whole.entries });
        const error = await errorOf(
          cloud.handler(groups, new Kill(at, moment)).create(inputs, new TestContext()),
        );
        expect(error.cause ?? error, `request ${at}`).to.be.instanceOf(Killed);
        await create(inputs);
        const label = `killed ${moment} request ${at}`;
        expect(withoutId(inputs, await cloud.items(inputs.sweepId)), label).to.deep.equal(expected);
        expect(groups.desired, label).to.deep.equal({ [PRIMARY]: 2, [SECOND]: 2 });
        expect(groups.changes.sort(), label).to.deep.equal([`${PRIMARY} 0→2`, `${SECOND} 0→2`]);
      }
    }
  });

  it("keeps the work of a killed run's workers", async () => {
    const counter = new Kill(0, "before");
    const first = runInputs();
    await cloud.handler(groups, counter).create(first, new TestContext());
    let met = 0;
    for (let at = 1; at <= counter.requests; at++) {
      groups = new FakeGroups({ [PRIMARY]: 2, [SECOND]: 2 });
      const inputs = runInputs();
      await errorOf(cloud.handler(groups, new Kill(at, "after")).create(inputs, new TestContext()));
      if (groups.of(PRIMARY).desired === 0) continue;
      met++;
      const worker = new Worker(cloud.access(inputs.sweepId, groups), groups);
      await worker.claim(0);
      await worker.complete(0);
      await worker.claim(1);
      await worker.leave(PRIMARY);
      const [done, running] = [await worker.index(0), await worker.index(1)];
      await create(inputs);
      expect([await worker.index(0), await worker.index(1)]).to.deep.equal([done, running]);
      expect((await cloud.items(inputs.sweepId)).get(`region#${PRIMARY}`)).to.include({
        open: 2,
        done: 1,
        alive: 1,
      });
      // A worker that has left does not return, and a busy one is not ended.
      expect(groups.desired).to.deep.equal({ [PRIMARY]: 1, [SECOND]: 2 });
    }
    expect(met).to.be.greaterThan(1);
  });

  it("starts nothing after the commit, whatever has happened since", async () => {
    const inputs = runInputs();
    const { outputs } = await create(inputs);
    const worker = new Worker(cloud.access(inputs.sweepId, groups), groups);
    for (const index of [3, 4]) {
      await worker.claim(index);
      await worker.complete(index);
      await worker.leave(SECOND);
    }
    const before = await cloud.items(inputs.sweepId);
    cloud.now = new Date("2026-11-20T00:00:00Z");
    groups.changes.length = 0;
    // The stack's state and the rows are lost.
    expect((await create(inputs)).outputs).to.deep.equal(outputs);
    expect(groups.changes).to.deep.equal([]);
    expect(await cloud.items(inputs.sweepId)).to.deep.equal(before);
  });

  it("happens once if several processes run it at the same time", async () => {
    const inputs = runInputs({ count: 300, regions: [regionOf(0, 300)] });
    const all = await Promise.all([1, 2, 3].map(() => create(inputs)));
    expect(new Set(all.map(({ outputs }) => outputs.startedAt)).size).to.equal(1);
    expect((await cloud.items(inputs.sweepId)).size).to.equal(302);
    expect(groups.of(PRIMARY).desired).to.equal(2);
  });

  it("counts the deadline from the moment when workers could start", async () => {
    const inputs = runInputs({ deadlineSeconds: 3_600 });
    const counter = new Kill(0, "before");
    await cloud.handler(groups, counter).create(runInputs(), new TestContext());
    groups = new FakeGroups({ [PRIMARY]: 2, [SECOND]: 2 });
    // Only the items exist.
    await errorOf(cloud.handler(groups, new Kill(5, "after")).create(inputs, new TestContext()));
    expect(groups.changes).to.deep.equal([]);
    cloud.now = new Date("2026-11-10T13:30:00Z");
    await errorOf(
      cloud.handler(groups, new Kill(counter.requests - 2, "after")).create(inputs, new TestContext()),
    );
    expect(groups.of(PRIMARY).endsAt).to.deep.equal(new Date("2026-11-10T14:30:00Z"));
    // Workers may be alive: their deadline continues.
    cloud.now = new Date("2026-11-10T14:00:00Z");
    const { outputs } = await create(inputs);
    expect(outputs).to.include({
      createdAt: "2026-11-10T12:00:00Z",
      deadlineAt: "2026-11-10T14:30:00Z",
      startedAt: "2026-11-10T14:00:00Z",
    });
  });

  it("sets a new deadline if the old one has passed before the commit, and starts workers for the open indices", async () => {
    const inputs = runInputs({ deadlineSeconds: 3_600 });
    const counter = new Kill(0, "before");
    await cloud.handler(groups, counter).create(runInputs(), new TestContext());
    groups = new FakeGroups({ [PRIMARY]: 2, [SECOND]: 2 });
    await errorOf(
      cloud.handler(groups, new Kill(counter.requests - 2, "after")).create(inputs, new TestContext()),
    );
    expect(groups.desired).to.deep.equal({ [PRIMARY]: 2, [SECOND]: 2 });
    const worker = new Worker(cloud.access(inputs.sweepId, groups), groups);
    await worker.claim(0);
    await worker.complete(0);
    // At the deadline, workers leave, or their group ends them.
    for (const region of [PRIMARY, PRIMARY]) await worker.leave(region);
    groups.of(SECOND).desired = 0;
    cloud.now = new Date("2026-11-10T18:00:00Z");
    const { outputs } = await create(inputs);
    expect(outputs.deadlineAt).to.equal("2026-11-10T19:00:00Z");
    expect(groups.desired).to.deep.equal({ [PRIMARY]: 2, [SECOND]: 2 });
  });

  it("gives each index its row, quoted for a shell", async () => {
    const values = ["plain", "", "a b'c\"d", "$(rm -rf /)\n`x`", "\u2028größe,=%", "x".repeat(4_096)];
    const rows = values.map((value, index) => ({ alpha: `${index}`, label: value }));
    const count = rows.length;
    const inputs = runInputs({ count, regions: [regionOf(0, count)], ...(await cloud.rows(rows)) });
    await create(inputs);
    const items = await cloud.items(inputs.sweepId);
    for (const [index, row] of rows.entries()) {
      const item = items.get(`index#00000${index}`);
      expect(JSON.parse(String(item?.["params"]))).to.deep.equal(row);
      expect(Object.fromEntries(decodeParamSet(String(item?.["param_set"])))).to.deep.equal(row);
      const lines = String(item?.["variables"]).split("\n");
      expect(lines.pop()).to.equal("");
      expect(lines.map((line) => line.split(" "))).to.deep.equal(
        Object.entries(row).map(([name, value]) => [name, Buffer.from(value).toString("base64")]),
      );
    }
  });

  it("writes rows of the maximum length", async () => {
    // Each of these characters takes six bytes in JSON and three in a parameter set.
    const row = { a: "\u0001".repeat(32 * 1024 - 3) };
    const inputs = runInputs({
      count: 12,
      regions: [regionOf(0, 12)],
      ...(await cloud.rows(Array.from({ length: 12 }, () => row))),
    });
    await create(inputs);
    expect(
      JSON.parse(String((await cloud.items(inputs.sweepId)).get("index#000011")?.["params"])),
    ).to.deep.equal(row);
  });

  it("writes nothing if the rows differ from the plan's", async () => {
    const rows = [0, 1, 2, 3, 4].map((index) => ({ alpha: `${index}` }));
    const { rowsFile, rowsSha256 } = await cloud.rows(rows);
    const refusals: [Partial<SweepRunInputs>, RegExp][] = [
      [
        { rowsFile, rowsSha256: rowsSha256.replace(/^./, (digit) => (digit === "0" ? "1" : "0")) },
        /not the file/,
      ],
      [{ rowsFile: `${rowsFile}.gone`, rowsSha256 }, /cannot be read/],
      [await cloud.rows(rows.slice(1)), /has 4 rows; the sweep has 5 indices/],
      [await cloud.rows([...rows.slice(1), { alpha: 7 }]), /line 5: expected a JSON object of strings/],
      [await cloud.rows([...rows.slice(1), { beta: "7" }]), /line 5: its columns are beta/],
      [await cloud.rows([...rows.slice(1), ["7"]]), /line 5/],
      [await cloud.rows([{ PATH: "/tmp" }]), /line 1: column "PATH"/],
      [await cloud.rows('{"alpha":"1"}\n\n'), /line 2/],
    ];
    for (const [changes, message] of refusals) {
      const inputs = runInputs(changes);
      const error = await errorOf(create(inputs));
      expect(error.message).to.match(message);
      expect((await cloud.items(inputs.sweepId)).size, error.message).to.equal(0);
    }
    expect(groups.changes).to.deep.equal([]);
  });

  it("refuses another sweep with the same ID", async () => {
    const inputs = runInputs();
    await create(inputs);
    const error = await errorOf(create({ ...inputs, command: "other" }));
    expect(error.message).to.contain(`${inputs.sweepId} was launched with other settings`);
    await create({ ...inputs, rowsFile: "/elsewhere" });
  });

  it("stays in the state after a partial failure, so that it can be resumed or deleted", async () => {
    const inputs = runInputs();
    groups.groups.delete(SECOND);
    const error = await errorOf(create(inputs));
    expect(error).to.include({ name: "PartialFailure", id: inputs.sweepId });
    expect(error.message).to.contain(`the Auto Scaling group ${GROUP} is not in ${SECOND}`);
    const outputs = { ...inputs, createdAt: "", deadlineAt: "", startedAt: "" };
    expect(error).to.have.deep.property("outputs", outputs);
    expect(await cloud.handler(groups).diff(inputs.sweepId, inputs, outputs, inputs)).to.deep.equal({
      replaces: [],
      updates: ["generation"],
    });
    groups.groups.set(SECOND, { desired: 0, max: 2, endsAt: undefined });
    const updated = await cloud.handler(groups).update?.(inputs.sweepId, outputs, inputs, new TestContext());
    expect(updated?.startedAt).to.equal("2026-11-10T12:00:00Z");
    expect(groups.desired).to.deep.equal({ [PRIMARY]: 2, [SECOND]: 2 });
  });

  it("is read by its identity, whatever its progress", async () => {
    const inputs = runInputs();
    const { id, outputs } = await create(inputs);
    const read = () => cloud.handler(groups).read(id, inputs, outputs, new TestContext());
    await new Worker(cloud.access(id, groups), groups).claim(0);
    expect(await read()).to.deep.equal({ id, inputs, outputs });
    const { client } = cloud;
    const other = { ...inputs, sweepId: runInputs().sweepId };
    const gone = (state: SweepRunInputs) =>
      cloud.handler(groups).read(state.sweepId, state, { ...outputs, ...state }, new TestContext());
    expect(await gone(other)).to.equal(undefined);
    expect(await gone({ ...inputs, table: "no-such-table" })).to.equal(undefined);
    await client.send(
      new PutItemCommand({
        TableName: TABLE,
        Item: { sweep_id: { S: other.sweepId }, item: { S: "meta" }, stack: { S: "dev.other" } },
      }),
    );
    expect(await gone(other)).to.equal(undefined);
    // A sweep past its deadline is over: it must not be started again because its items have expired.
    cloud.now = new Date("2027-11-10T12:00:00Z");
    expect(await gone(other)).to.have.property("id", other.sweepId);
  });

  const regionOf = (start: number, end: number) => ({
    region: PRIMARY,
    start,
    end,
    workers: 2,
    group: GROUP,
  });
});

/** The items without the ID of the sweep and its derivatives. */
function withoutId({ sweepId }: SweepRunInputs, items: Map<string, Record<string, unknown>>): object {
  return [...items.values()].map(({ inputs_sha256: _of, ...item }) =>
    JSON.parse(JSON.stringify(item).replaceAll(sweepId, "ID")),
  );
}
