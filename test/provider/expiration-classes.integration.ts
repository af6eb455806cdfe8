import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import { expiration } from "../../provider/expiration.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import { readTags } from "../../provider/store/tagging.ts";
import { encodeTags, TTL_TAG } from "../../staging/classes.ts";
import { newStagingId } from "../../staging/ids.ts";
import type { ExpirationInputs } from "../../staging/resources/expiration.ts";
import { isoSeconds, MS_PER_DAY, nextMidnight } from "../../staging/ttl.ts";
import { createTable } from "../support/tables.ts";
import { bucketOf, CloudFixture, PRIMARY, TestContext } from "./cloud-fixture.ts";

const TABLE = "spawn-usage-classes";
const signal = new AbortController().signal;

describe("The TTL class of objects that are younger than their entry", () => {
  const fixture = CloudFixture.forSuite();
  let dynamo: DynamoDBClient;
  before(async () => {
    dynamo = new DynamoDBClient({ region: PRIMARY });
    await createTable(dynamo, TABLE, ["staging_id"]);
  });

  /** An entry with this many objects, created now, of the class of `ttl` days, and the time of the youngest. */
  async function staged(count: number, ttl: number): Promise<{ stagingId: string; madeAt: Date }> {
    const stagingId = newStagingId();
    const [client, Bucket] = [fixture.s3.of(PRIMARY), bucketOf(PRIMARY)];
    const Tagging = encodeTags({ StagingID: stagingId, [TTL_TAG]: String(ttl) });
    const key = (index: number) => `${stagingId}/tree/${String(index).padStart(4, "0")}`;
    for (let index = 0; index < count; index += 1) {
      await client.send(new PutObjectCommand({ Bucket, Key: key(index), Body: "x", Tagging }));
    }
    const { LastModified } = await client.send(new HeadObjectCommand({ Bucket, Key: key(count - 1) }));
    return { stagingId, madeAt: LastModified ?? new Date() };
  }

  const inputsOf = (stagingId: string, uploadedAt: Date, ttlDays: number): ExpirationInputs => ({
    ...{ stagingId, region: PRIMARY, bucket: bucketOf(PRIMARY), ttlDays, uploadedAt: isoSeconds(uploadedAt) },
    ...{ manifestSha256: "a".repeat(64), usageTable: TABLE, usageRegion: PRIMARY },
  });

  async function classesOf(stagingId: string): Promise<Set<string | undefined>> {
    const place = { store: fixture.s3.store(PRIMARY), bucket: bucketOf(PRIMARY) };
    const found = new Set<string | undefined>();
    for await (const { key } of place.store.listObjects(
      { bucket: place.bucket, prefix: `${stagingId}/` },
      signal,
    )) {
      found.add((await readTags({ ...place, key }, signal))[TTL_TAG]);
    }
    return found;
  }

  async function row(stagingId: string): Promise<Record<string, unknown> | undefined> {
    const Key = { staging_id: { S: stagingId } };
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: TABLE, Key, ConsistentRead: true }));
    return Item && unmarshall(Item);
  }

  const handler = () => expiration(fixture.dependencies());

  it("makes them expire with the entry, after a creation and after another TTL", async () => {
    const { stagingId, madeAt } = await staged(3, 7);
    // A second before the day of their creation, because the smallest part of a day counts as one.
    const uploadedAt = new Date(nextMidnight(madeAt).getTime() - 3 * MS_PER_DAY - 1000);
    const inputs = inputsOf(stagingId, uploadedAt, 7);
    const { id, outputs } = await handler().create(inputs, new TestContext());
    expect([...(await classesOf(stagingId))]).to.deep.equal(["4"]);
    expect(outputs.removedAt).to.equal(isoSeconds(new Date(nextMidnight(madeAt).getTime() + 4 * MS_PER_DAY)));
    await handler().update?.(id, outputs, { ...inputs, ttlDays: 14 }, new TestContext());
    expect([...(await classesOf(stagingId))]).to.deep.equal(["11"]);
    expect((await handler().read(id, inputs, outputs, new TestContext()))?.inputs.ttlDays).to.equal(14);
    expect(await row(stagingId), "nothing to note").to.equal(undefined);
  });

  it("is computed for each class of a tree that took more than a day, however few its objects", async () => {
    const { stagingId, madeAt } = await staged(3, 7);
    const yesterday = new Date(nextMidnight(madeAt).getTime() - MS_PER_DAY - 1000);
    // As if 700 objects were a day older.
    // The fast path has no middleware.
    const clients = createS3Clients({ sdkOnly: true });
    const deps = fixture.dependencies({ s3: clients });
    const early = Array.from({ length: 700 }, (_, index) => index);
    const { client } = clients.at(PRIMARY);
    for (const index of early) {
      const Key = `${stagingId}/a/${index}`;
      const Tagging = encodeTags({ StagingID: stagingId, [TTL_TAG]: "7" });
      await client.send(new PutObjectCommand({ Bucket: bucketOf(PRIMARY), Key, Body: "x", Tagging }));
    }
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const answer = await next(args);
          if (commandName !== "ListObjectsV2Command") return answer;
          const output = answer.output as { Contents?: { Key?: string; LastModified?: Date }[] };
          for (const object of output.Contents ?? []) {
            if (object.Key?.includes("/a/") === true) object.LastModified = yesterday;
          }
          return answer;
        },
      { step: "initialize", name: "earlier" },
    );
    await expiration(deps).create(inputsOf(stagingId, yesterday, 7), new TestContext());
    expect([...(await classesOf(stagingId))].sort()).to.deep.equal(["6", "7"]);
  });

  it("is noted in the ledger for objects of the last day, which expire a midnight later", async () => {
    const { stagingId, madeAt } = await staged(2, 2);
    const uploadedAt = new Date(nextMidnight(madeAt).getTime() - MS_PER_DAY - 1000);
    const { outputs } = await handler().create(inputsOf(stagingId, uploadedAt, 2), new TestContext());
    expect([...(await classesOf(stagingId))]).to.deep.equal(["1"]);
    expect(outputs.removedAt).to.equal(isoSeconds(new Date(nextMidnight(madeAt).getTime() + MS_PER_DAY)));
    expect(await row(stagingId), "made the day before the last one").to.equal(undefined);

    const late = new Date(uploadedAt.getTime() - MS_PER_DAY);
    const deps = fixture.dependencies({ now: () => madeAt });
    const noted = await expiration(deps).create(inputsOf(stagingId, late, 2), new TestContext());
    expect(noted.outputs.removedAt).to.equal(
      isoSeconds(new Date(nextMidnight(madeAt).getTime() + MS_PER_DAY)),
    );
    expect(await row(stagingId)).to.deep.equal({
      staging_id: stagingId,
      [`youngest_in_${PRIMARY}`]: isoSeconds(madeAt),
    });
  });
});
