import {
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import { usageRow } from "../../provider/usage-row.ts";
import { InputError } from "../../staging/errors.ts";
import { newStagingId } from "../../staging/ids.ts";
import type { UsageRowInputs } from "../../staging/resources/usage-row.ts";
import { parseUsageRow } from "../../staging/usage.ts";
import { errorOf } from "../support/failure.ts";
import { createTable } from "../support/tables.ts";
import { CloudFixture, PRIMARY, TestContext } from "./cloud-fixture.ts";

const TABLE = "spawn-usage-test";

describe("UsageRow", () => {
  CloudFixture.forSuite();
  let dynamo: DynamoDBClient;
  let inputs: UsageRowInputs;
  let now: Date;
  before(async () => {
    dynamo = new DynamoDBClient({ region: PRIMARY });
    await createTable(dynamo, TABLE, ["staging_id"]);
  });
  beforeEach(() => {
    now = new Date("2026-03-01T10:00:00Z");
    inputs = {
      table: TABLE,
      region: PRIMARY,
      stagingId: newStagingId(),
      filename: "größe.fasta",
      sizeBytes: 107_374_182_400,
      regions: ["us-east-1", "us-west-2"],
      uploadedAt: "2026-03-01T09:59:59Z",
      ttlDays: 7,
      sweepId: "sweep-1",
    };
  });

  const handler = () => usageRow({ now: () => now });

  async function row(): Promise<Record<string, unknown> | undefined> {
    const Key = { staging_id: { S: inputs.stagingId } };
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: TABLE, Key, ConsistentRead: true }));
    return Item && unmarshall(Item);
  }

  /** A worker's update after it has fetched the data. */
  async function count(): Promise<void> {
    await dynamo.send(
      new UpdateItemCommand({
        TableName: TABLE,
        Key: { staging_id: { S: inputs.stagingId } },
        UpdateExpression: "ADD instance_count :one, download_count :one",
        ExpressionAttributeValues: { ":one": { N: "1" } },
      }),
    );
  }

  const written = () => ({
    staging_id: inputs.stagingId,
    filename: "größe.fasta",
    size_bytes: 107_374_182_400,
    regions: ["us-east-1", "us-west-2"],
    uploaded_at: "2026-03-01T09:59:59Z",
    ttl_days: 7,
    sweep_id: "sweep-1",
    opened_at: "2026-03-01T10:00:00Z",
    history: [placement("2026-03-01T09:59:59Z")],
    revision: 1,
  });

  const placement = (from: string, changes: object = {}) => ({
    from,
    regions: ["us-east-1", "us-west-2"],
    ttl_days: 7,
    ...changes,
  });

  it("opens a row, once", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    expect(id).to.equal(`${TABLE}/${inputs.stagingId}`);
    expect(outputs).to.deep.equal({ ...inputs, openedAt: "2026-03-01T10:00:00Z" });
    expect(await row()).to.deep.equal(written());
    await count();
    now = new Date("2026-03-02T10:00:00Z");
    const again = await handler().create(inputs, new TestContext());
    expect(again.outputs).to.deep.equal(outputs);
    expect(await row()).to.deep.equal({ ...written(), instance_count: 1, download_count: 1 });
  });

  it("updates its own attributes and keeps the counters", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    await count();
    const { sweepId: _, ...news } = { ...inputs, ttlDays: 30 };
    for (const _again of [1, 2]) {
      const updated = await handler().update?.(id, outputs, news, new TestContext());
      expect(updated).to.deep.equal({ ...news, openedAt: outputs.openedAt });
    }
    const { sweep_id: _gone, ...expected } = written();
    expect(await row()).to.deep.equal({
      ...expected,
      ttl_days: 30,
      instance_count: 1,
      download_count: 1,
      history: [...written().history, placement("2026-03-01T10:00:00Z", { ttl_days: 30 })],
      revision: 2,
    });
    const read = await handler().read(id, inputs, outputs, new TestContext());
    expect(read).to.deep.equal({ id, inputs: news, outputs: { ...news, openedAt: outputs.openedAt } });
  });

  it("closes the row and keeps it; a new entry with the ID opens it again", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    await count();
    for (const day of ["05", "06"]) {
      now = new Date(`2026-03-${day}T10:00:00Z`);
      await handler().delete(id, outputs, new TestContext());
    }
    const closed = await row();
    expect(closed).to.deep.equal({
      ...written(),
      instance_count: 1,
      download_count: 1,
      closed_at: "2026-03-05T10:00:00Z",
      revision: 3,
    });
    expect(parseUsageRow(closed)).to.deep.include({
      instanceCount: 1,
      closedAt: new Date("2026-03-05T10:00:00Z"),
    });
    expect(await handler().read(id, inputs, outputs, new TestContext())).to.equal(undefined);
    // Staged again.
    inputs = { ...inputs, uploadedAt: "2026-03-06T09:59:59Z", ttlDays: 3 };
    const again = await handler().create(inputs, new TestContext());
    expect(again.outputs.openedAt).to.equal("2026-03-06T10:00:00Z");
    const { filename, size_bytes, uploaded_at, sweep_id, history } = written();
    const reopened = {
      ...written(),
      uploaded_at: "2026-03-06T09:59:59Z",
      ttl_days: 3,
      opened_at: "2026-03-06T10:00:00Z",
      history: [placement("2026-03-06T09:59:59Z", { ttl_days: 3 })],
      lives: [{ filename, size_bytes, uploaded_at, sweep_id, history, closed_at: "2026-03-05T10:00:00Z" }],
      instance_count: 1,
      download_count: 1,
      revision: 4,
    };
    expect(await row()).to.deep.equal(reopened);
    // Interrupted and repeated: the earlier generation is not noted twice.
    now = new Date("2026-03-07T10:00:00Z");
    expect((await handler().create(inputs, new TestContext())).outputs).to.deep.equal(again.outputs);
    expect(await row()).to.deep.equal(reopened);
  });

  it("reopens a row whose data stayed as the same generation", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    now = new Date("2026-03-02T10:00:00Z");
    await handler().delete(id, outputs, new TestContext());
    expect((await handler().create(inputs, new TestContext())).outputs).to.deep.equal(outputs);
    expect(await row()).to.deep.equal({ ...written(), revision: 3 });
  });

  it("records since when each region has had the data", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    now = new Date("2026-03-03T10:00:00Z");
    const regions = ["us-east-1", "us-west-2", "eu-west-1"];
    const more = await handler().update?.(id, outputs, { ...inputs, regions }, new TestContext());
    now = new Date("2026-03-04T10:00:00Z");
    const fewer = { ...inputs, regions: ["us-east-1"] };
    for (const _again of [1, 2]) await handler().update?.(id, more ?? outputs, fewer, new TestContext());
    expect(await row()).to.deep.include({
      regions: ["us-east-1"],
      history: [
        placement("2026-03-01T09:59:59Z"),
        placement("2026-03-03T10:00:00Z", { regions }),
        placement("2026-03-04T10:00:00Z", { regions: ["us-east-1"] }),
      ],
      revision: 3,
    });
  });

  it("loses no concurrent write", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    now = new Date("2026-03-03T10:00:00Z");
    await Promise.all(
      [8, 9, 10].map((ttlDays) => handler().update?.(id, outputs, { ...inputs, ttlDays }, new TestContext())),
    );
    const { history, revision } = (await row()) as { history: { ttl_days: number }[]; revision: number };
    expect(history.map(({ ttl_days }) => ttl_days)).to.have.members([7, 8, 9, 10]);
    expect(revision).to.equal(4);
  });

  it("adopts a row without a history", async () => {
    const { history: _none, revision: _neither, ...old } = written();
    await dynamo.send(new PutItemCommand({ TableName: TABLE, Item: marshall(old) }));
    now = new Date("2026-03-04T10:00:00Z");
    const outputs = { ...inputs, openedAt: old.opened_at };
    await handler().update?.("id", outputs, { ...inputs, ttlDays: 9 }, new TestContext());
    expect(await row()).to.deep.include({
      opened_at: old.opened_at,
      history: [placement("2026-03-01T09:59:59Z"), placement("2026-03-04T10:00:00Z", { ttl_days: 9 })],
      revision: 1,
    });
  });

  it("is gone with its row or its table, and can still be deleted", async () => {
    const outputs = { ...inputs, openedAt: "2026-03-01T10:00:00Z" };
    const nowhere = { ...outputs, table: "spawn-none" };
    expect(await handler().read("id", inputs, outputs, new TestContext())).to.equal(undefined);
    expect(await handler().read("id", nowhere, nowhere, new TestContext())).to.equal(undefined);
    await handler().delete("id", outputs, new TestContext());
    await handler().delete("id", nowhere, new TestContext());
    expect(await row()).to.equal(undefined);
    expect(await errorOf(handler().read("id", undefined, undefined, new TestContext()))).to.be.instanceOf(
      InputError,
    );
  });

  it("names the failed action if the table is missing", async () => {
    await dynamo.send(new DeleteTableCommand({ TableName: "spawn-none" })).catch(() => {});
    const error = await errorOf(handler().create({ ...inputs, table: "spawn-none" }, new TestContext()));
    expect(error.message).to.equal("opening the usage row in spawn-none failed");
  });

  it("is updated in place, and replaced for another row", async () => {
    const diff = (changes: object) => handler().diff("id", inputs, {} as never, { ...inputs, ...changes });
    expect(diff({ ttlDays: 9, regions: ["a"] })).to.deep.equal({
      replaces: [],
      updates: ["regions", "ttlDays"],
    });
    expect(diff({ table: "t" })).to.deep.equal({ replaces: ["table"], updates: [] });
  });
});
