import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import { usageRow } from "../../provider/usage-row.ts";
import { InputError } from "../../staging/errors.ts";
import { newStagingId } from "../../staging/ids.ts";
import type { UsageRowInputs } from "../../staging/resources.ts";
import { parseUsageRow } from "../../staging/usage.ts";
import { CloudFixture, errorOf, PRIMARY, TestContext } from "./cloud-fixture.ts";

const TABLE = "spawn-usage-test";

describe("UsageRow", function () {
  this.timeout(60_000);
  let fixture: CloudFixture;
  let dynamo: DynamoDBClient;
  let inputs: UsageRowInputs;
  let now: Date;
  before(async () => {
    fixture = await CloudFixture.start();
    dynamo = new DynamoDBClient({ region: PRIMARY });
    await dynamo.send(
      new CreateTableCommand({
        TableName: TABLE,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "staging_id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "staging_id", KeyType: "HASH" }],
      }),
    );
  });
  after(() => fixture.stop());
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

  /** What a worker does when it has fetched the data. */
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

  it("updates its own attributes and leaves the counters alone", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    await count();
    const { sweepId: _, ...news } = { ...inputs, ttlDays: 30 };
    for (const _again of [1, 2]) {
      const updated = await handler().update?.(id, outputs, news, new TestContext());
      expect(updated).to.deep.equal({ ...news, openedAt: outputs.openedAt });
    }
    const { sweep_id: _gone, ...expected } = written();
    expect(await row()).to.deep.equal({ ...expected, ttl_days: 30, instance_count: 1, download_count: 1 });
    const read = await handler().read(id, inputs, outputs, new TestContext());
    expect(read).to.deep.equal({ id, inputs: news, outputs: { ...news, openedAt: outputs.openedAt } });
  });

  it("closes the row and keeps it; a new entry of that id opens it again", async () => {
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
    });
    expect(parseUsageRow(closed)).to.deep.include({
      instanceCount: 1,
      closedAt: new Date("2026-03-05T10:00:00Z"),
    });
    expect(await handler().read(id, inputs, outputs, new TestContext())).to.equal(undefined);
    const again = await handler().create(inputs, new TestContext());
    expect(again.outputs.openedAt).to.equal("2026-03-06T10:00:00Z");
    expect(await row()).to.deep.equal({
      ...written(),
      opened_at: "2026-03-06T10:00:00Z",
      instance_count: 1,
      download_count: 1,
    });
  });

  it("is gone with its row or its table, and deleting it then is fine", async () => {
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

  it("says what failed where the table is missing", async () => {
    await dynamo.send(new DeleteTableCommand({ TableName: "spawn-none" })).catch(() => {});
    const error = await errorOf(handler().create({ ...inputs, table: "spawn-none" }, new TestContext()));
    expect(error.message).to.equal("opening the usage row in spawn-none failed");
  });

  it("is a difference in place, another row elsewhere", async () => {
    const diff = (changes: object) => handler().diff("id", inputs, {} as never, { ...inputs, ...changes });
    expect(diff({ ttlDays: 9, regions: ["a"] })).to.deep.equal({
      replaces: [],
      updates: ["regions", "ttlDays"],
    });
    expect(diff({ table: "t" })).to.deep.equal({ replaces: ["table"], updates: [] });
  });
});
