import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import { expiration } from "../../provider/expiration.ts";
import { listObjects } from "../../provider/store/listing.ts";
import { readTags } from "../../provider/store/tagging.ts";
import { encodeTags, TTL_TAG } from "../../staging/classes.ts";
import { newStagingId } from "../../staging/ids.ts";
import type { ExpirationInputs } from "../../staging/resources.ts";
import { isoSeconds, MS_PER_DAY, nextMidnight } from "../../staging/ttl.ts";
import { createHashTable } from "../support/hash-table.ts";
import { bucketOf, CloudFixture, PRIMARY, TestContext } from "./cloud-fixture.ts";

const TABLE = "spawn-usage-classes";
const signal = new AbortController().signal;

describe("The class of objects that are younger than their entry", function () {
  this.timeout(60_000);
  let fixture: CloudFixture;
  let dynamo: DynamoDBClient;
  before(async () => {
    fixture = await CloudFixture.start();
    dynamo = new DynamoDBClient({ region: PRIMARY });
    await createHashTable(dynamo, TABLE, "staging_id");
  });
  after(() => fixture.stop());

  /** An entry with so many objects, made now, of the class of `ttl` days, and the time of the youngest. */
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
    const place = { client: fixture.s3.of(PRIMARY), bucket: bucketOf(PRIMARY) };
    const found = new Set<string | undefined>();
    for await (const { key } of listObjects(place.client, place.bucket, `${stagingId}/`, signal)) {
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

  it("has them go with the entry, after a creation and after another TTL", async () => {
    const { stagingId, madeAt } = await staged(3, 7);
    // A second before the day on which they were made, so that the least part of a day counts as one.
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

  it("looks at each class of a tree that took more than a day, however few objects are of it", async () => {
    const { stagingId, madeAt } = await staged(3, 7);
    const yesterday = new Date(nextMidnight(madeAt).getTime() - MS_PER_DAY - 1000);
    // As if 700 objects had been made the day before.
    const deps = fixture.dependencies();
    const early = Array.from({ length: 700 }, (_, index) => index);
    const client = deps.s3.of(PRIMARY);
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
      { step: "initialize", name: "earlier", override: true },
    );
    try {
      await expiration(deps).create(inputsOf(stagingId, yesterday, 7), new TestContext());
      expect([...(await classesOf(stagingId))].sort()).to.deep.equal(["6", "7"]);
    } finally {
      client.middlewareStack.remove("earlier");
    }
  });

  it("notes in the ledger what was made on the last day, and goes a midnight later", async () => {
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
