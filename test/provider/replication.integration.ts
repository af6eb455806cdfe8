import {
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketReplicationCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { PartialFailure } from "../../provider/plugin/types.ts";
import { replication } from "../../provider/replication.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import { primaryTags, replicateTag, replicationRuleId } from "../../staging/classes.ts";
import { InputError, UserError } from "../../staging/errors.ts";
import { newStagingId, parseStagingId } from "../../staging/ids.ts";
import { parseRegion } from "../../staging/regions.ts";
import type { ReplicationInputs, StagedDataInputs, StagedDataOutputs } from "../../staging/resources.ts";
import { parseTtlDays } from "../../staging/ttl.ts";
import { MIB } from "../../staging/units.ts";
import {
  bucketOf,
  CloudFixture,
  errorOf,
  PRIMARY,
  SECOND,
  stagedInputs,
  TestContext,
  THIRD,
} from "./cloud-fixture.ts";

type Middleware = Parameters<S3Client["middlewareStack"]["add"]>[0];

describe("Replication", function () {
  this.timeout(60_000);
  let fixture: CloudFixture;
  before(async () => {
    fixture = await CloudFixture.start();
  });
  after(() => fixture.stop());

  const handler = (changes = {}) => replication(fixture.dependencies(changes));

  async function stage(
    name: string,
    size: number,
    changes: Partial<StagedDataInputs> = {},
  ): Promise<{ data: StagedDataOutputs; bytes: Buffer }> {
    const file = await fixture.file(name, size);
    const { outputs } = await stagedData(fixture.dependencies()).create(
      stagedInputs(file.path, changes),
      new TestContext(),
    );
    return { data: outputs, bytes: file.bytes };
  }

  /** Stages to where no rule replicates, and makes it look as if one had been meant to. */
  async function stageUnreplicated(...args: Parameters<typeof stage>): ReturnType<typeof stage> {
    const [name, size, changes] = args;
    const staged = await stage(name, size, { ...changes, replicateTo: [] });
    const { region, bucket, manifestKey, stagingId } = staged.data;
    const TagSet = Object.entries(
      primaryTags(parseStagingId(stagingId), parseTtlDays(7), [parseRegion(SECOND)]),
    );
    await fixture.s3.of(region).send(
      new PutObjectTaggingCommand({
        Bucket: bucket,
        Key: manifestKey,
        Tagging: { TagSet: TagSet.map(([Key, Value]) => ({ Key, Value })) },
      }),
    );
    return staged;
  }

  function inputsOf(
    data: StagedDataOutputs,
    region: string,
    changes: Partial<ReplicationInputs> = {},
  ): ReplicationInputs {
    const { stagingId, key, kind, sizeBytes, fileCount, sha256, manifestKey, manifestSha256 } = data;
    const source = { sourceRegion: data.region, sourceBucket: data.bucket };
    const target = { region, bucket: bucketOf(region), method: "rule" as const };
    return {
      stagingId,
      ...source,
      ...target,
      key,
      kind,
      sizeBytes,
      fileCount,
      sha256,
      manifestKey,
      manifestSha256,
      ...changes,
    };
  }

  async function expectReplica(data: StagedDataOutputs, bytes: Buffer, region: string): Promise<void> {
    const replica = await fixture.object(region, data.key);
    expect(replica.bytes.equals(bytes)).to.equal(true);
    expect(replica.contentType).to.equal("application/octet-stream");
    const heads = await Promise.all(
      [PRIMARY, region].map((place) =>
        fixture.s3.of(place).send(new HeadObjectCommand({ Bucket: bucketOf(place), Key: data.key })),
      ),
    );
    expect(heads[1]?.Metadata).to.deep.equal(heads[0]?.Metadata);
    expect(heads[1]?.ETag).to.equal(heads[0]?.ETag);
    const manifests = await Promise.all(
      [PRIMARY, region].map((place) => fixture.object(place, data.manifestKey)),
    );
    expect(manifests[1]).to.deep.equal(manifests[0]);
  }

  /** The tags of an object that this program copied: none that would have it replicated further. */
  async function expectCopyTags(data: StagedDataOutputs, region: string): Promise<void> {
    const command = new GetObjectTaggingCommand({ Bucket: bucketOf(region), Key: data.key });
    const { TagSet } = await fixture.s3.of(region).send(command);
    expect(TagSet).to.have.deep.members([
      { Key: "StagingID", Value: data.stagingId },
      { Key: "spawn:ttl-days", Value: "7" },
    ]);
  }

  /** Clients of which those of `region` have a middleware around the given command. */
  function clientsWith(region: string, command: string, middleware: Middleware) {
    const clients = createS3Clients({ sdkOnly: true });
    clients.of(region).middlewareStack.add(
      (next, context) => {
        const wrapped = middleware(next as never, context as never);
        return (args) => (context.commandName === command ? (wrapped(args as never) as never) : next(args));
      },
      { step: "initialize", name: "test" },
    );
    return clients;
  }

  it("takes the rule's replica of a small object, and copies to where the rule made none", async () => {
    const { data, bytes } = await stage("small größe", 1000);
    // The emulator follows only the first rule that matches, and yet says COMPLETED.
    const second = await handler().create(inputsOf(data, SECOND), new TestContext());
    expect(second.id).to.equal(`${SECOND}/${data.stagingId}`);
    expect(second.outputs).to.include({
      ruleId: replicationRuleId(SECOND),
      via: "rule",
      objects: 2,
      verifiedBy: "checksum",
    });
    const third = await handler().create(inputsOf(data, THIRD), new TestContext());
    expect(third.outputs).to.include({
      ruleId: replicationRuleId(THIRD),
      via: "copy",
      verifiedBy: "checksum",
    });
    await expectReplica(data, bytes, SECOND);
    await expectReplica(data, bytes, THIRD);
    await expectCopyTags(data, THIRD);
  });

  it("copies in the source's parts what no rule took, counting every byte", async () => {
    const { data, bytes } = await stage("parts", 40 * MIB + 3);
    for (const region of [SECOND, THIRD]) {
      const context = new TestContext();
      const { outputs } = await handler().create(inputsOf(data, region), context);
      // The emulator keeps no checksum of copied parts; equal parts have equal ETags.
      expect(outputs).to.include({
        via: region === SECOND ? "mixed" : "copy",
        objects: 2,
        verifiedBy: "etag",
      });
      await expectReplica(data, bytes, region);
      await expectCopyTags(data, region);
      expect(context.progress.at(-1)).to.deep.equal({
        phase: "copy",
        region,
        done: data.sizeBytes,
        total: data.sizeBytes,
        objectsDone: 2,
        objectsTotal: 2,
        finished: true,
      });
    }
  });

  it("copies straight away by the method copy, without any rule", async () => {
    const { data, bytes } = await stage("copy -'x'", 100, { replicateTo: [] });
    const inputs = inputsOf(data, SECOND, { method: "copy" });
    const { outputs } = await handler().create(inputs, new TestContext());
    expect(outputs).to.include({ ruleId: "", via: "copy" });
    await expectReplica(data, bytes, SECOND);
  });

  it("copies an empty file", async () => {
    const { data, bytes } = await stage("empty", 0, { replicateTo: [] });
    await handler().create(inputsOf(data, SECOND, { method: "copy" }), new TestContext());
    await expectReplica(data, bytes, SECOND);
  });

  it("takes what is there already, and makes no second version of it", async () => {
    const { data } = await stage("twice", 20 * MIB);
    const inputs = inputsOf(data, THIRD);
    const first = await handler().create(inputs, new TestContext());
    const second = await handler().create(inputs, new TestContext());
    expect({ ...second.outputs, seconds: 0 }).to.deep.equal({ ...first.outputs, seconds: 0 });
    expect(await fixture.everything(THIRD, data.stagingId)).to.have.length(2);
  });

  describe("on AWS, where the rule was to replicate and all came by copies", () => {
    /** Clients of an S3 that answers a HEAD of the manifest with these headers, too. */
    const replicated = async (said: object, isAws = true) => {
      const { data } = await stageUnreplicated("unreplicated.bin", 1_000);
      const s3 = createS3Clients({ sdkOnly: true });
      let copies = 0;
      s3.of(PRIMARY).middlewareStack.add(
        (next, { commandName }) =>
          async (args) => {
            const result = await next(args);
            // Of the data and of the manifest, before S3 is asked what became of the rule.
            const isAsked = commandName === "HeadObjectCommand" && copies === 2;
            if (isAsked) Object.assign(result.output, said);
            return result;
          },
        { step: "initialize" },
      );
      s3.of(SECOND).middlewareStack.add(
        (next, { commandName }) =>
          async (args) => {
            if (commandName === "CopyObjectCommand") copies += 1;
            return await next(args);
          },
        { step: "initialize" },
      );
      const context = new TestContext();
      const { outputs } = await handler({ s3, isAws }).create(inputsOf(data, SECOND), context);
      expect(outputs.via).to.equal("copy");
      return context.messages.filter((message) => message.includes("replicated nothing"));
    };

    for (const [what, said, text] of [
      ["the rule failed", { ReplicationStatus: "FAILED" }, "S3 says that the rule failed"],
      ["S3 takes its time", { ReplicationStatus: "PENDING" }, "may still replicate them"],
      ["no rule took the objects", {}, "S3 took none of them"],
      ["S3 came after the copies", { ReplicationStatus: "COMPLETED" }, "S3 says COMPLETED"],
      [
        "a KMS key encrypts them",
        { ServerSideEncryption: "aws:kms", ReplicationStatus: undefined },
        "encrypted with a KMS key",
      ],
    ] as const) {
      it(`is told, with what S3 says: ${what}`, async () => {
        const [told = "", ...more] = await replicated(said);
        expect(more).to.deep.equal([]);
        expect(told).to.contain(`replicated nothing to ${SECOND}`).and.to.contain(text);
      });
    }

    it("is nothing to tell of another server, which may replicate nothing by rules", async () => {
      expect(await replicated({ ReplicationStatus: "FAILED" }, false)).to.deep.equal([]);
    });
  });

  describe("the rule", () => {
    const rule = (changes: object) => ({
      ID: replicationRuleId(SECOND),
      Priority: 1,
      Status: "Enabled" as const,
      Filter: { Tag: { Key: replicateTag(SECOND), Value: "true" } },
      DeleteMarkerReplication: { Status: "Disabled" as const },
      Destination: { Bucket: `arn:aws:s3:::${bucketOf(SECOND)}` },
      ...changes,
    });
    const table: [string, object, string][] = [
      ["has another name", { ID: "another" }, "It is not there."],
      ["is disabled", { Status: "Disabled" }, "It is disabled."],
      [
        "has another filter",
        { Filter: { Tag: { Key: "other", Value: "true" } } },
        `Its filter is not the tag ${replicateTag(SECOND)}=true.`,
      ],
      [
        "has another destination",
        { Destination: { Bucket: `arn:aws:s3:::${bucketOf(PRIMARY)}` } },
        `Its destination is not the bucket ${bucketOf(SECOND)}.`,
      ],
    ];
    // In a bucket of the third region, whose own rules no other test needs.
    for (const [what, changes, why] of table) {
      it(`is refused where it ${what}, and nothing is made`, async () => {
        await fixture.s3.of(THIRD).send(
          new PutBucketReplicationCommand({
            Bucket: bucketOf(THIRD),
            ReplicationConfiguration: {
              Role: "arn:aws:iam::000000000000:role/r",
              Rules: [rule(changes)],
            },
          }),
        );
        const { data } = await stageUnreplicated("ruled", 10, { region: THIRD, bucket: bucketOf(THIRD) });
        const error = await errorOf(handler().create(inputsOf(data, SECOND), new TestContext()));
        expect(error).to.be.instanceOf(UserError);
        expect(error).to.include({
          message: `bucket ${bucketOf(THIRD)} lacks the replication rule ${replicationRuleId(SECOND)}`,
          why,
          fix: "spawn environment up",
        });
        expect(await fixture.everything(SECOND, data.stagingId)).to.deep.equal([]);
      });
    }
  });

  describe("a rule that takes its time", () => {
    /** Says for the source's data object what S3 would say while it replicates. */
    const statusOf = (key: string, status: () => string) =>
      clientsWith(PRIMARY, "HeadObjectCommand", (next) => async (args) => {
        const result = await next(args);
        if ((args.input as { Key: string }).Key === key) {
          Object.assign(result.output as object, { ReplicationStatus: status() });
        }
        return result;
      });

    it("is waited for, and its replica taken as soon as it is there", async () => {
      const { data, bytes } = await stageUnreplicated("pending", 500);
      let asked = 0;
      const s3 = statusOf(data.key, () => {
        asked += 1;
        if (asked === 3) void putReplica();
        return "PENDING";
      });
      const putReplica = () =>
        fixture.s3.of(SECOND).send(
          new PutObjectCommand({
            Bucket: bucketOf(SECOND),
            Key: data.key,
            Body: bytes,
            ContentType: "application/octet-stream",
          }),
        );
      const context = new TestContext();
      const { outputs } = await handler({ s3 }).create(inputsOf(data, SECOND), context);
      expect(outputs.via).to.equal("mixed"); // the manifest was copied
      expect(context.progress.some(({ phase }) => phase === "wait")).to.equal(true);
      expect(await fixture.everything(SECOND, data.key)).to.deep.equal([data.key]);
    });

    for (const status of ["FAILED", "PENDING"]) {
      it(`is done without when it stays ${status}`, async () => {
        const { data, bytes } = await stageUnreplicated(`stays ${status}`, 500);
        const s3 = statusOf(data.key, () => status);
        const patience = { baseMs: 200, bytesPerSecond: 1e9, firstPollMs: 20, maxPollMs: 50 };
        const context = new TestContext();
        const { outputs } = await handler({ s3, patience }).create(inputsOf(data, SECOND), context);
        expect(outputs.via).to.equal("copy");
        await expectReplica(data, bytes, SECOND);
        const told = context.messages.filter((text) => text.includes("copying them for $0.00 of transfer"));
        expect(told, "before the copy, once").to.have.length(1);
      });
    }

    it("is not waited for where the objects are older than the wish for the replica", async () => {
      const { data, bytes } = await stage("added later", 500, { replicateTo: [THIRD] });
      const s3 = statusOf(data.key, () => "PENDING");
      const context = new TestContext();
      const { outputs } = await handler({ s3 }).create(inputsOf(data, SECOND), context);
      expect(outputs).to.include({ via: "copy", ruleId: "", method: "rule" });
      expect(context.progress.some(({ phase }) => phase === "wait")).to.equal(false);
      await expectReplica(data, bytes, SECOND);
    });

    it("can be interrupted; what is there stays in the state", async () => {
      const { data } = await stageUnreplicated("interrupted", 500);
      const context = new TestContext();
      const s3 = statusOf(data.key, () => "PENDING");
      const patience = { baseMs: 60_000, bytesPerSecond: 1e9, firstPollMs: 20, maxPollMs: 60_000 };
      const inputs = inputsOf(data, SECOND);
      const promise = errorOf(handler({ s3, patience }).create(inputs, context));
      setTimeout(() => context.controller.abort(new Error("interrupted")), 200);
      const error = await promise;
      expect(error).to.be.instanceOf(PartialFailure);
      expect(error).to.deep.include({
        message: "interrupted",
        id: `${SECOND}/${data.stagingId}`,
        outputs: inputs,
      });
      // The next update goes on; a refresh in between leaves it as it is.
      const outputs = inputs as never;
      const read = await handler().read("id", inputs, outputs, new TestContext());
      expect(read).to.deep.equal({ id: "id", inputs, outputs: inputs });
      const updated = await handler().update?.("id", outputs, inputs, new TestContext());
      expect(updated).to.include({ objects: 2, via: "copy" });
    });
  });

  describe("a replica that differs", () => {
    /** Damages the data object at the first `times` copies of it. */
    function damaging(key: string, times: number) {
      let damaged = 0;
      const s3 = clientsWith(SECOND, "CopyObjectCommand", (next) => async (args) => {
        const result = await next(args);
        if ((args.input as { Key: string }).Key === key && damaged < times) {
          damaged += 1;
          const tampered = new PutObjectCommand({ Bucket: bucketOf(SECOND), Key: key, Body: "tampered" });
          await fixture.s3.of(SECOND).send(tampered);
        }
        return result;
      });
      return { s3, count: () => damaged };
    }

    it("is made again once", async () => {
      const { data, bytes } = await stage("damaged", 100, { replicateTo: [] });
      const { s3, count } = damaging(data.key, 1);
      await handler({ s3 }).create(inputsOf(data, SECOND, { method: "copy" }), new TestContext());
      expect(count()).to.equal(1);
      await expectReplica(data, bytes, SECOND);
    });

    it("fails the second time, and stays in the state", async () => {
      const { data } = await stage("damaged twice", 100, { replicateTo: [] });
      const { s3, count } = damaging(data.key, 5);
      const inputs = inputsOf(data, SECOND, { method: "copy" });
      const error = await errorOf(handler({ s3 }).create(inputs, new TestContext()));
      expect(count()).to.equal(2);
      expect(error).to.be.instanceOf(PartialFailure);
      expect(error.message)
        .to.contain("SHA256 checksum mismatch")
        .and.contain(`s3://${bucketOf(SECOND)}/${data.key}`);
    });

    it("that was there before is replaced, and that counts as the first time", async () => {
      const { data, bytes } = await stage("stale", 100, { replicateTo: [] });
      const Bucket = bucketOf(SECOND);
      await fixture.s3.of(SECOND).send(new PutObjectCommand({ Bucket, Key: data.key, Body: "stale" }));
      await handler().create(inputsOf(data, SECOND, { method: "copy" }), new TestContext());
      await expectReplica(data, bytes, SECOND);
    });
  });

  it("says that the source is missing", async () => {
    const { data } = await stage("missing source", 100, { replicateTo: [] });
    await stagedData(fixture.dependencies()).delete("id", data, new TestContext());
    const inputs = inputsOf(data, SECOND, { method: "copy" });
    const error = await errorOf(handler().create(inputs, new TestContext()));
    expect(error.message).to.match(/s3:\/\/.* is missing/);
  });

  it("says that the source was written to", async () => {
    const { data } = await stage("written", 100, { replicateTo: [] });
    const inputs = inputsOf(data, SECOND, { method: "copy" });
    const replicateWritten = async (Body: string): Promise<Error> => {
      const Bucket = bucketOf(PRIMARY);
      await fixture.s3.of(PRIMARY).send(new PutObjectCommand({ Bucket, Key: data.key, Body }));
      return errorOf(handler().create(inputs, new TestContext()));
    };
    const what = "is not what was staged\nWhy: ";
    expect((await replicateWritten("short")).message).to.contain(`${what}It has 5 bytes instead of 100`);
    expect((await replicateWritten("x".repeat(100))).message).to.contain(`${what}Another program wrote`);
  });

  it("is a difference where the replica must be another", async () => {
    const { data } = await stage("diff", 1);
    const inputs = inputsOf(data, SECOND);
    const outputs = { verifiedBy: "etag" } as never;
    const diff = (changes: object) => handler().diff("id", inputs, outputs, { ...inputs, ...changes });
    const none = { replaces: [], updates: [], deleteBeforeReplace: true };
    expect(diff({ writableAt: "2026-01-01T00:00:00Z" })).to.deep.equal(none);
    expect(diff({ method: "copy" })).to.deep.equal({ ...none, updates: ["method"] });
    for (const name of ["stagingId", "sourceBucket", "region", "bucket", "key", "kind"]) {
      expect(diff({ [name]: "other" })).to.deep.equal({ ...none, replaces: [name] });
    }
    for (const name of ["sha256", "manifestSha256", "sizeBytes", "fileCount"]) {
      expect(diff({ [name]: "other" })).to.deep.equal({ ...none, updates: [name] });
    }
    // A creation that failed half way.
    const unfinished = await handler().diff("id", inputs, inputs as never, inputs);
    expect(unfinished).to.deep.equal({ ...none, updates: ["method"] });
  });

  it("records another method and copies nothing", async () => {
    const { data } = await stage("method", 10);
    const inputs = inputsOf(data, THIRD);
    const { id, outputs } = await handler().create(inputs, new TestContext());
    const news = { ...inputs, method: "copy" as const };
    const updated = await handler().update?.(id, outputs, news, new TestContext());
    expect(updated).to.deep.equal({ ...outputs, method: "copy" });
  });

  it("reads a replica that is there, one that is gone, and one that is not whole", async () => {
    const { data } = await stage("read", 10);
    const inputs = inputsOf(data, THIRD);
    const { id, outputs } = await handler().create(inputs, new TestContext());
    const read = () => handler().read(id, inputs, outputs, new TestContext());
    expect(await read()).to.deep.equal({ id, inputs, outputs });
    const Bucket = bucketOf(THIRD);
    await fixture.s3.of(THIRD).send(new DeleteObjectCommand({ Bucket, Key: data.manifestKey }));
    const unfinished = { id, inputs, outputs: inputs };
    expect(await read()).to.deep.equal(unfinished);
    const again = await handler().create(inputs, new TestContext());
    expect(await handler().read(id, inputs, again.outputs, new TestContext())).not.to.equal(undefined);
    await fixture.s3.of(THIRD).send(new PutObjectCommand({ Bucket, Key: data.key, Body: "short" }));
    expect(await read()).to.deep.equal(unfinished);
    for (const Key of [data.key, data.manifestKey]) {
      await fixture.s3.of(THIRD).send(new DeleteObjectCommand({ Bucket, Key }));
    }
    expect(await read()).to.equal(undefined);
    const expired = { ...inputs, uploadedAt: "2020-01-01T00:00:00Z", ttlDays: 7 };
    const kept = await handler().read(id, expired, outputs, new TestContext());
    expect(kept).to.deep.equal({ id, inputs: expired, outputs });
    expect(await errorOf(handler().read(id, undefined, undefined, new TestContext()))).to.be.instanceOf(
      InputError,
    );
  });

  it("deletes every version and marker of its entry, twice, and nothing else", async () => {
    const { data } = await stage("delete", 20 * MIB);
    const { data: other } = await stage("other", 10);
    await handler().create(inputsOf(other, THIRD), new TestContext());
    const { id, outputs } = await handler().create(inputsOf(data, THIRD), new TestContext());
    const Bucket = bucketOf(THIRD);
    const client = fixture.s3.of(THIRD);
    await client.send(new DeleteObjectCommand({ Bucket, Key: data.key }));
    await client.send(new PutObjectCommand({ Bucket, Key: data.key, Body: "again" }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: `${data.stagingId}/never there` }));
    expect(await fixture.everything(THIRD, data.stagingId)).to.have.length(5);
    const others = (await fixture.everything(THIRD)).filter((key) => !key.startsWith(data.stagingId));
    for (const _ of [1, 2]) await handler().delete(id, outputs, new TestContext());
    expect(await fixture.everything(THIRD)).to.deep.equal(others);
    await handler().delete(id, { ...outputs, bucket: "spawn-none" }, new TestContext());
    await handler().delete(id, { ...outputs, stagingId: newStagingId() }, new TestContext());
    expect(await fixture.everything(THIRD)).to.deep.equal(others);
  });
});
