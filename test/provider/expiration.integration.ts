import {
  DeleteObjectTaggingCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { expiration } from "../../provider/expiration.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import type { S3Clients } from "../../provider/store/s3-clients.ts";
import { encodeTags } from "../../staging/classes.ts";
import { InputError, UserError } from "../../staging/errors.ts";
import { newStagingId } from "../../staging/ids.ts";
import type { ExpirationInputs, ExpirationOutputs } from "../../staging/resources/expiration.ts";
import type { StagedDataOutputs } from "../../staging/resources/staged-data.ts";
import { MS_PER_DAY } from "../../staging/ttl.ts";
import { errorOf, failureOf } from "../support/failure.ts";
import {
  bucketOf,
  CloudFixture,
  PRIMARY,
  SECOND,
  stagedInputs,
  TestContext,
  THIRD,
} from "./cloud-fixture.ts";

describe("Expiration", () => {
  const fixture = CloudFixture.forSuite();
  let data: StagedDataOutputs;
  let inputs: ExpirationInputs;
  beforeEach(async () => {
    const file = await fixture.file("expiring", 10);
    data = (await stagedData(fixture.dependencies()).create(stagedInputs(file.path), new TestContext()))
      .outputs;
    inputs = {
      stagingId: data.stagingId,
      region: PRIMARY,
      bucket: bucketOf(PRIMARY),
      ttlDays: 7,
      uploadedAt: "2096-03-30T22:00:01Z",
      manifestSha256: data.manifestSha256,
    };
  });

  const handler = () => expiration(fixture.dependencies());
  const update = async (id: string, old: ExpirationOutputs, news: ExpirationInputs) =>
    handler().update?.(id, old, news, new TestContext());

  /** Clients whose listings have at most this many keys per page. */
  function smallPages(size: number): S3Clients {
    const clients = createS3Clients();
    clients
      .at(PRIMARY)
      .client.middlewareStack.add(
        (next) => (args) => next({ ...args, input: { ...args.input, MaxKeys: size } }),
        {
          step: "initialize",
          name: "smallPages",
        },
      );
    return clients;
  }

  it("refuses an upload that took longer than its TTL", async () => {
    const error = await handler()
      .create({ ...inputs, uploadedAt: "2026-03-30T22:00:01Z" }, new TestContext())
      .then(
        () => expect.fail("it passed for staged"),
        (thrown: unknown) => thrown,
      );
    expect(error).to.include({ message: `the data of ${data.stagingId} have expired already` });
    expect(error).to.have.property("fix").that.contains(`spawn stage delete ${data.stagingId} --yes`);
  });

  it("refuses to lower the TTL of live data to one that has ended, and names the last one that works", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    const uploadedAt = new Date(Date.now() - 20 * MS_PER_DAY).toISOString();
    const live = { ...outputs, uploadedAt, ttlDays: 30 };
    const error = await failureOf(update(id, live, { ...inputs, uploadedAt, ttlDays: 7 }));
    expect(error.message).to.equal(`a TTL of 7 days has already ended for ${data.stagingId}`);
    expect(error.fix).to.equal("Set the TTL to 30 days again.");
  });

  it("does not fail at other changes of an entry that has expired", async () => {
    const expired = { ...inputs, uploadedAt: "2026-03-30T22:00:01Z" };
    const outputs = { ...expired, ruleId: "spawn-ttl-7", removedAt: "2026-04-07T00:00:00Z" };
    const news = { ...expired, readersTag: "all" };
    expect(await update("id", outputs, news)).to.deep.equal({ ...outputs, readersTag: "all" });
  });

  it("names its rule and the midnight of the removal, and keeps correct tags", async () => {
    for (const _ of [1, 2]) {
      const { id, outputs } = await handler().create(inputs, new TestContext());
      expect(id).to.equal(`${PRIMARY}/${data.stagingId}`);
      expect(outputs).to.deep.equal({ ...inputs, ruleId: "spawn-ttl-7", removedAt: "2096-04-07T00:00:00Z" });
    }
  });

  it("changes the TTL by tags alone, and keeps the other tags", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    const before = await fixture.everything(PRIMARY, data.stagingId);
    const news = { ...inputs, ttlDays: 90 };
    for (const _ of [1, 2]) {
      const updated = await handler().update?.(id, outputs, news, new TestContext());
      expect(updated).to.deep.equal({ ...news, ruleId: "spawn-ttl-90", removedAt: "2096-06-29T00:00:00Z" });
    }
    for (const key of [data.key, data.manifestKey]) {
      expect(await fixture.tagsOf(key)).to.deep.equal({
        StagingID: data.stagingId,
        "spawn:ttl-days": "90",
        [`spawn:replicate-${SECOND}`]: "true",
        [`spawn:replicate-${THIRD}`]: "true",
      });
    }
    expect(await fixture.everything(PRIMARY, data.stagingId)).to.deep.equal(before);
  });

  it("tags, reads and deletes every object of an entry over many pages, and of no other entry", async () => {
    const other = data;
    const stagingId = newStagingId();
    const Bucket = bucketOf(PRIMARY);
    const keys = Array.from({ length: 120 }, (_, index) => `${stagingId}/directory/${index}`);
    for (const Key of keys)
      await fixture.s3.of(PRIMARY).send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
    const deps = fixture.dependencies({ s3: smallPages(50) });
    const context = new TestContext();
    const { id, outputs } = await expiration(deps).create({ ...inputs, stagingId, ttlDays: 3 }, context);
    expect(context.progress.at(-1)).to.include({ phase: "tag", objectsDone: 120, finished: true });
    for (const key of keys) {
      expect(await fixture.tagsOf(key)).to.deep.equal({ StagingID: stagingId, "spawn:ttl-days": "3" });
    }
    const read = await expiration(deps).read(id, outputs, outputs, new TestContext());
    expect(read?.inputs.ttlDays).to.equal(3);
    expect((await fixture.tagsOf(other.key))["spawn:ttl-days"]).to.equal("7");
    const others = (await fixture.everything(PRIMARY)).filter((key) => !key.startsWith(stagingId));
    await stagedData(deps).delete("id", { ...other, stagingId }, new TestContext());
    expect(await fixture.everything(PRIMARY)).to.deep.equal(others);
  });

  it("checks a sample of many new objects, and all if one lacks its tags", async () => {
    const stagingId = newStagingId();
    const Bucket = bucketOf(PRIMARY);
    const Tagging = encodeTags({ StagingID: stagingId, "spawn:ttl-days": "3" });
    const keyOf = (index: number): string => `${stagingId}/directory/${String(index).padStart(3, "0")}`;
    const put = (index: number, tags: string) =>
      fixture.s3
        .of(PRIMARY)
        .send(new PutObjectCommand({ Bucket, Key: keyOf(index), Body: "x", Tagging: tags }));
    for (let index = 0; index < 705; index += 1) await put(index, Tagging);
    const clients = createS3Clients({ sdkOnly: true });
    let reads = 0;
    clients.at(PRIMARY).client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (commandName === "GetObjectTaggingCommand") reads += 1;
          return next(args);
        },
      { step: "initialize", name: "countReads" },
    );
    const create = () =>
      expiration(fixture.dependencies({ s3: clients })).create(
        { ...inputs, stagingId, ttlDays: 3 },
        new TestContext(),
      );
    await create();
    expect(reads).to.equal(64 + 7);
    await put(600, ""); // in the sample
    await put(601, "");
    await create();
    expect(reads).to.equal(2 * (64 + 7) + 705);
    for (const index of [600, 601]) {
      expect((await fixture.tagsOf(keyOf(index)))["spawn:ttl-days"]).to.equal("3");
    }
  });

  it("repairs all objects after an interruption, although it repaired the sample first", async () => {
    const stagingId = newStagingId();
    const Bucket = bucketOf(PRIMARY);
    const keys = Array.from({ length: 40 }, (_, index) => `${stagingId}/directory/${index}`).sort();
    for (const Key of keys)
      await fixture.s3.of(PRIMARY).send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
    const clients = createS3Clients({ sdkOnly: true });
    let writes = 0;
    clients.at(PRIMARY).client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (commandName === "PutObjectTaggingCommand" && ++writes > 20) throw new Error("broken off");
          return next(args);
        },
      { step: "initialize", name: "breakOff" },
    );
    const news = { ...inputs, stagingId, ttlDays: 3 };
    await errorOf(expiration(fixture.dependencies({ s3: clients })).create(news, new TestContext()));
    expect(await fixture.tagsOf(keys[0] ?? "")).to.deep.equal({});
    await handler().create(news, new TestContext());
    for (const key of keys) expect((await fixture.tagsOf(key))["spawn:ttl-days"], key).to.equal("3");
  });

  it("reads the current tags", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    const read = async () => (await handler().read(id, inputs, outputs, new TestContext()))?.inputs.ttlDays;
    expect(await handler().read(id, inputs, outputs, new TestContext())).to.deep.equal({
      id,
      inputs,
      outputs,
    });
    const Bucket = bucketOf(PRIMARY);
    const tag = (Key: string, Value: string) =>
      fixture.s3.of(PRIMARY).send(
        new PutObjectTaggingCommand({
          Bucket,
          Key,
          Tagging: { TagSet: [{ Key: "spawn:ttl-days", Value }] },
        }),
      );
    await tag(data.key, "9");
    expect(await read(), "of two objects with different tags").to.equal(0);
    await tag(data.manifestKey, "9");
    expect(await read()).to.equal(9);
    for (const Key of [data.key, data.manifestKey]) {
      await fixture.s3.of(PRIMARY).send(new DeleteObjectTaggingCommand({ Bucket, Key }));
    }
    expect(await read(), "of objects without a tag").to.equal(0);
    await stagedData(fixture.dependencies()).delete("id", data, new TestContext());
    expect(await read(), "of objects that are gone").to.equal(undefined);
    const expired = { ...inputs, uploadedAt: "2020-01-01T00:00:00Z" };
    const kept = await handler().read(id, expired, outputs, new TestContext());
    expect(kept, "of objects that have expired").to.deep.equal({ id, inputs: expired, outputs });
    const nowhere = { ...inputs, bucket: "spawn-none" };
    expect(await handler().read(id, nowhere, outputs, new TestContext())).to.equal(undefined);
    expect(await errorOf(handler().read(id, undefined, undefined, new TestContext()))).to.be.instanceOf(
      InputError,
    );
  });

  it("reports that there are no objects", async () => {
    const stagingId = newStagingId();
    const error = await errorOf(handler().create({ ...inputs, stagingId }, new TestContext()));
    expect(error.message).to.contain("holds nothing that could expire");
    const { id, outputs } = await handler().create(inputs, new TestContext());
    for (const [ttlDays, fix] of [
      [7, "Stage the data again."],
      [9, "Set the TTL to 7 days again, and stage the data as another entry."],
    ] as const) {
      const news = { ...inputs, stagingId, ttlDays, readersTag: "all" };
      expect(await failureOf(update(id, { ...outputs, stagingId }, news))).to.have.property("fix", fix);
    }
  });

  it("deletes nothing", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    for (const _ of [1, 2]) await handler().delete(id, outputs, new TestContext());
    expect(await fixture.everything(PRIMARY, data.stagingId)).to.have.length(2);
  });

  it("is updated in place for another TTL, and replaced for any other change", async () => {
    const outputs = { ruleId: "spawn-ttl-7" } as never;
    const diff = (changes: object) => handler().diff("id", inputs, outputs, { ...inputs, ...changes });
    expect(diff({})).to.deep.equal({ replaces: [], updates: [] });
    expect(diff({ ttlDays: 9 })).to.deep.equal({ replaces: [], updates: ["ttlDays"] });
    expect(diff({ region: SECOND, bucket: "b" })).to.deep.equal({
      replaces: ["region", "bucket"],
      updates: [],
    });
    // In the form of a partial failure, because the source has changed.
    const reopened = await handler().diff("id", inputs, inputs as never, inputs);
    expect(reopened).to.deep.equal({ replaces: [], updates: ["manifestSha256"] });
    expect(handler().changing).to.deep.equal(["ruleId", "removedAt"]);
  });

  const rule = { ID: "spawn-ttl-7", Status: "Enabled" as const, Expiration: { Days: 7 } };
  const Filter = { Tag: { Key: "spawn:ttl-days", Value: "7" } };
  const broken: [string, object, string][] = [
    ["is not there", { ...rule, Filter, ID: "other" }, "It is not there."],
    ["is disabled", { ...rule, Filter, Status: "Disabled" }, "It is disabled."],
    [
      "has another filter",
      { ...rule, Filter: { Prefix: "" } },
      "Its filter is not the tag spawn:ttl-days=7.",
    ],
    [
      "has other days",
      { ...rule, Filter, Expiration: { Days: 8 } },
      "It does not expire objects after 7 days.",
    ],
  ];
  for (const [what, changed, why] of broken) {
    it(`is refused if the rule ${what}`, async () => {
      const Bucket = bucketOf(THIRD);
      await fixture.s3.of(THIRD).send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket,
          LifecycleConfiguration: { Rules: [changed as typeof rule] },
        }),
      );
      const there = { ...inputs, region: THIRD, bucket: Bucket };
      const error = await errorOf(handler().create(there, new TestContext()));
      expect(error).to.be.instanceOf(UserError);
      const message = `bucket ${Bucket} lacks the lifecycle rule spawn-ttl-7`;
      expect(error).to.include({ message, why, fix: "spawn environment up" });
    });
  }
});
