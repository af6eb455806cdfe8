import { expect } from "chai";
import { openSession } from "../../../../cli/engine/session.ts";
import {
  environmentDestroy,
  environmentUp,
  prepareEnvironment,
  writableTimes,
} from "../../../../cli/services/environment/environment.ts";
import { planEnvironment } from "../../../../cli/services/environment/plan.ts";
import { recordItem } from "../../../../staging/record.ts";
import { RECORD_TYPE, STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { metaItem } from "../../../../staging/sweep/meta-item.ts";
import { parseTtlDays } from "../../../../staging/ttl.ts";
import { entrySpec, environmentSettings } from "../../../components/settings.ts";
import { failureOf } from "../../../support/failure.ts";
import { testId, testRecord } from "../../records.ts";
import { testMeta } from "../../sweep-items.ts";
import { entryResource, Machine, type World } from "../machine.ts";
import { SweepsTable } from "../sweep/fakes.ts";

const onAws = environmentSettings({ cloud: "aws", regions: "us-east-1" });
const table = {
  urn: "urn:table",
  type: "aws:dynamodb/table:Table",
  inputs: { name: onAws.recordsTable, region: "us-east-1", deletionProtectionEnabled: true },
  protect: true,
};
const NO_SWEEPS: World["dynamo"] = (command) => (command === "Query" ? { Items: [] } : undefined);
const WORLD: World = { settings: onAws, dynamo: NO_SWEEPS };

describe("an environment", () => {
  // An update loads the SDK of Pulumi.
  const machine = Machine.forEachTest();

  const destroy = (world: World = WORLD) => environmentDestroy(machine.context(world), {});

  it("is destroyed after the removal of its own protection, and keeps its stack", async () => {
    await machine.stack("dev", [table]);
    await destroy();
    expect(await machine.log()).to.deep.equal([
      "pulumi state unprotect urn:table",
      `UpdateTable ${onAws.recordsTable}`,
      "pulumi destroy",
    ]);
    expect(await machine.read("state/.pulumi/stacks/spawn/dev.json")).to.not.equal("");
  });

  it("protects its tables again after a failed destruction", async () => {
    await machine.stack("dev", [table]);
    await machine.engine("destroy", "exit 255");
    await failureOf(destroy());
    const update = `UpdateTable ${onAws.recordsTable}`;
    expect((await machine.log()).slice(1)).to.deep.equal([update, "pulumi destroy", update]);
  });

  for (const [what, resources, world, message] of [
    ["holds an entry", [], { ...WORLD, records: [testRecord()] }, "environment dev still has an entry"],
    [
      "has a resource that a user has protected",
      [{ ...table, type: STAGED_DATA }],
      WORLD,
      "is protected and was not",
    ],
  ] as const) {
    it(`is not destroyed while it ${what}, and nothing changes`, async () => {
      await machine.stack("dev", resources);
      expect((await failureOf(destroy(world))).message).to.contain(message);
      expect(await machine.log()).to.deep.equal([]);
    });
  }

  it("is not destroyed while it has a sweep", async () => {
    await machine.stack("dev.sweep-000000000001");
    expect((await failureOf(destroy())).message).to.equal("environment dev still has a sweep");
    expect(await machine.log()).to.deep.equal([]);
  });

  it("does not change while its state is damaged and has no backup", async () => {
    await machine.write("state/.pulumi/stacks/spawn/dev.json", "{");
    for (const work of [destroy(), prepareEnvironment(machine.context(), {})])
      expect((await failureOf(work)).message).to.contain("the state of dev is damaged");
    expect(await machine.log()).to.deep.equal([]);
  });

  const LOOKED: World = {
    settings: environmentSettings({ regions: "us-east-1" }),
    dynamo: (command, { TableName }) =>
      command === "DescribeTable"
        ? { Table: { TableArn: `arn:aws:dynamodb:us-east-1::table/${TableName}` } }
        : {},
  };

  it("is updated twice if the first update imported resources, and counts both", async () => {
    const summary = (changes: object) => JSON.stringify({ summaryEvent: { resourceChanges: changes } });
    await machine.engine(
      "up",
      `if [ -f '${machine.home}/second' ]; then echo '${summary({ update: 2, same: 5 })}'
else touch '${machine.home}/second'; echo '${summary({ import: 1, update: 1, same: 3 })}'; fi`,
    );
    const context = machine.context(LOOKED);
    const { changes } = await environmentUp(context, await planEnvironment(context), {});
    expect(changes).to.deep.equal({ import: 1, update: 3, same: 3 });
    expect(await machine.log()).to.deep.equal(["pulumi up", "pulumi up"]);
  });

  it("is updated after a kill during the creation of a record, which the engine could not create again", async () => {
    const record = testRecord();
    const item = JSON.stringify(recordItem(record));
    await machine.stack("dev", [], [entryResource(RECORD_TYPE, { item })]);
    const context = machine.context({ ...LOOKED, records: [record] });
    await environmentUp(context, await planEnvironment(context), {});
    const { recordsTable } = await context.settings();
    expect(await machine.log()).to.deep.equal([
      ...["pulumi stack export", `DeleteItem ${recordsTable}`, "pulumi stack import", "pulumi up"],
    ]);
    expect(await machine.read("state/.pulumi/stacks/spawn/dev.json")).not.to.contain("pending_operations");
  });

  it("keeps the record that another update is creating", async () => {
    const record = testRecord();
    const context = machine.context({ ...LOOKED, records: [record] });
    const plan = await planEnvironment(context);
    const item = JSON.stringify(recordItem(record));
    await machine.stack("dev", [], [entryResource(RECORD_TYPE, { item })]);
    const lock = { pid: 1, username: "me", hostname: "elsewhere", timestamp: "2026-01-02T03:04:05Z" };
    await machine.write("state/.pulumi/locks/organization/spawn/dev/a.json", JSON.stringify(lock));
    expect((await failureOf(environmentUp(context, plan, {}))).message).to.contain("dev");
    expect(await machine.log()).to.deep.equal([]);
  });

  it("is not updated if that would shorten the TTL of an entry that a sweep reads", async () => {
    const settings = { ...environmentSettings({ regions: "us-east-1" }), sweepsTable: "sweeps" };
    const { dynamo: sweeps } = new SweepsTable(metaItem(testMeta({ entries: [testId(1)] })));
    const context = machine.context({
      settings,
      dynamo: (command, input) => sweeps(command, input) ?? LOOKED.dynamo?.(command, input),
    });
    const plan = await planEnvironment(context);
    const spec = { ...entrySpec(), id: testId(1) };
    const up = (ttl: number) => {
      const held = [7, ttl].map((days) => ({
        ...{ stagingId: spec.id, uploadedAt: new Date(), ttl: parseTtlDays(days) },
      }));
      const ttls = held.sort((a, b) => b.ttl - a.ttl);
      const config = { ...plan.config, entries: [{ ...spec, ttl: parseTtlDays(6) }] };
      return environmentUp(context, { ...plan, config, held: { ...plan.held, ttls } }, {});
    };
    expect((await failureOf(up(8))).message).to.match(
      new RegExp(`^a day of the TTL of ${testId(1)} cannot be removed: sweep-`),
    );
    expect(await machine.log()).to.deep.equal([]);
    // An edited tag is longer.
    await up(6);
    expect(await machine.log()).to.deep.equal(["pulumi up"]);
  });

  it("is not updated if that would delete a protected entry", async () => {
    const data = entryResource(STAGED_DATA, { stagingId: testId(1), region: "us-east-1" }, { protect: true });
    await machine.stack("dev", [data]);
    const context = machine.context(LOOKED);
    const error = await failureOf(environmentUp(context, await planEnvironment(context), {}));
    expect(error.message).to.contain(`${testId(1)} is protected`);
    expect(await machine.log()).to.deep.equal([]);
  });

  for (const [what, listed, found] of [
    ["an entry that another command has added", [], { stagingId: testId(1), region: "us-east-1" }],
    [
      "another region of an entry",
      [{ stagingId: testId(1), region: "us-east-1" }],
      { stagingId: testId(1), region: "us-west-2" },
    ],
  ] as const) {
    it(`is not updated if that would delete ${what}, which the user has not confirmed`, async () => {
      const data = (inputs: object) => entryResource(STAGED_DATA, { ...inputs });
      await machine.stack("dev", listed.map(data));
      const context = machine.context(LOOKED);
      const plan = await planEnvironment(context);
      await machine.stack("dev", [...listed, found].map(data));
      const error = await failureOf(environmentUp(context, plan, {}));
      expect(error.message).to.contain(`the update would also delete ${testId(1)}`);
      expect(error.fix).to.equal("spawn environment up");
      expect(await machine.log()).to.deep.equal([]);
    });
  }

  it("records when its buckets become writable only on AWS", async () => {
    await machine.engine(
      "stack-output",
      `echo '{"writableAt":{"us-east-1":"2030-01-01T00:00:00Z"}}'; exit 0`,
    );
    const times = async (world: World) => writableTimes(await openSession(machine.context(world)));
    expect(await times({})).to.equal(undefined);
    expect(await times(WORLD)).to.deep.equal({ "us-east-1": "2030-01-01T00:00:00Z" });
  });
});
