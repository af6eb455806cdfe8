import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { PartialFailure } from "../../provider/plugin/types.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { replicationRuleId } from "../../staging/classes.ts";
import { InputError } from "../../staging/errors.ts";
import { newStagingId } from "../../staging/ids.ts";
import { MIB } from "../../staging/units.ts";
import { errorOf } from "../support/failure.ts";
import { bucketOf, PRIMARY, SECOND, TestContext, THIRD } from "./cloud-fixture.ts";
import { replicationSuite } from "./replication-suite.ts";

describe("Replication", () => {
  const { fixture, handler, stage, inputsOf, expectReplica, expectCopyTags, clientsWith } =
    replicationSuite();

  it("accepts the rule's replica of a small object, and copies objects that the rule did not replicate", async () => {
    const { data, bytes } = await stage("small größe", 1000);
    // The emulator applies only the first matching rule, but reports COMPLETED.
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

  it("copies in the source's parts if no rule matched, and counts every byte", async () => {
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

  it("copies immediately with the method copy, without a rule", async () => {
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

  it("keeps an existing replica, and creates no second version", async () => {
    const { data } = await stage("twice", 20 * MIB);
    const inputs = inputsOf(data, THIRD);
    const first = await handler().create(inputs, new TestContext());
    const second = await handler().create(inputs, new TestContext());
    expect({ ...second.outputs, seconds: 0 }).to.deep.equal({ ...first.outputs, seconds: 0 });
    expect(await fixture.everything(THIRD, data.stagingId)).to.have.length(2);
  });

  describe("of a different replica", () => {
    /** Damages the data object at its first `times` copies. */
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

    it("replaces it once", async () => {
      const { data, bytes } = await stage("damaged", 100, { replicateTo: [] });
      const { s3, count } = damaging(data.key, 1);
      await handler({ s3 }).create(inputsOf(data, SECOND, { method: "copy" }), new TestContext());
      expect(count()).to.equal(1);
      await expectReplica(data, bytes, SECOND);
    });

    it("fails after the second mismatch, and stays in the state", async () => {
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

    it("counts the replacement of an earlier replica as the first mismatch", async () => {
      const { data, bytes } = await stage("stale", 100, { replicateTo: [] });
      const Bucket = bucketOf(SECOND);
      await fixture.s3.of(SECOND).send(new PutObjectCommand({ Bucket, Key: data.key, Body: "stale" }));
      await handler().create(inputsOf(data, SECOND, { method: "copy" }), new TestContext());
      await expectReplica(data, bytes, SECOND);
    });
  });

  it("reports a missing source", async () => {
    const { data } = await stage("missing source", 100, { replicateTo: [] });
    await stagedData(fixture.dependencies()).delete("id", data, new TestContext());
    const inputs = inputsOf(data, SECOND, { method: "copy" });
    const error = await errorOf(handler().create(inputs, new TestContext()));
    expect(error.message).to.match(/s3:\/\/.* is missing/);
  });

  it("reports a source that was overwritten", async () => {
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

  it("differs if the replica must change", async () => {
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
    // A partially failed creation.
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

  it("reads an existing, a missing and an incomplete replica", async () => {
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
