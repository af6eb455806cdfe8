import { PutBucketVersioningCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { createS3Clients } from "../../provider/store/clients.ts";
import { versioningReadiness } from "../../provider/versioning-readiness.ts";
import { errorOf } from "../support/failure.ts";
import { TestProxy } from "../support/proxy.ts";
import { bucketOf, CloudFixture, PRIMARY, TestContext, THIRD } from "./cloud-fixture.ts";

describe("VersioningReadiness", () => {
  const fixture = CloudFixture.forSuite();

  const now = new Date("2026-03-01T10:00:00.500Z");
  const handler = () => versioningReadiness(fixture.dependencies({ now: () => now }));
  const inputs = { region: PRIMARY, bucket: bucketOf(PRIMARY), waitSeconds: 900 };

  it("notes once when the bucket becomes writable", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    expect(id).to.equal(`${PRIMARY}/${bucketOf(PRIMARY)}`);
    expect(outputs).to.deep.equal({ ...inputs, writableAt: "2026-03-01T10:15:00Z" });
    expect(await handler().read(id, inputs, outputs, new TestContext())).to.deep.equal({
      id,
      inputs,
      outputs,
    });
    const gone = { ...inputs, bucket: "spawn-test-gone" };
    const ofGone = { ...gone, writableAt: outputs.writableAt };
    expect(await handler().read("gone", gone, ofGone, new TestContext())).to.equal(undefined);
    const news = { ...inputs, waitSeconds: 0 };
    const updated = await handler().update?.(id, outputs, news, new TestContext());
    expect(updated).to.deep.equal({ ...news, writableAt: "2026-03-01T10:15:00Z" });
    for (const _ of [1, 2]) await handler().delete(id, outputs, new TestContext());
  });

  it("refuses a bucket without versioning, and a missing one", async () => {
    const Bucket = bucketOf(THIRD);
    await fixture.s3
      .of(THIRD)
      .send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Suspended" } }));
    const off = { ...inputs, region: THIRD, bucket: Bucket };
    const error = await errorOf(handler().create(off, new TestContext()));
    expect(error.message).to.equal(`versioning of the bucket ${Bucket} is not enabled`);
    const none = await errorOf(handler().create({ ...inputs, bucket: "spawn-none" }, new TestContext()));
    expect(none).to.have.property("why", "The bucket does not exist.");
  });

  it("waits until S3 has spread the bucket", async () => {
    const proxy = await TestProxy.start(fixture.cloud.endpoint);
    try {
      let refusals = 2;
      proxy.fault = () =>
        refusals-- > 0
          ? { answer: { status: 404, body: "<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>" } }
          : undefined;
      const s3 = createS3Clients({ config: { endpoint: proxy.endpoint, forcePathStyle: true } });
      const readiness = versioningReadiness(fixture.dependencies({ s3, now: () => now }));
      const { outputs } = await readiness.create(inputs, new TestContext());
      expect(outputs.writableAt).to.equal("2026-03-01T10:15:00Z");
    } finally {
      await proxy.stop();
    }
  });

  it("is not deleted while an entry has data in the bucket, and is gone with its bucket", async () => {
    const key = "stage-0123456789ab/a.txt";
    await fixture.s3
      .of(PRIMARY)
      .send(new PutObjectCommand({ Bucket: bucketOf(PRIMARY), Key: key, Body: "x" }));
    const outputs = { ...inputs, writableAt: "2026-03-01T10:15:00Z" };
    const error = await errorOf(handler().delete("id", outputs, new TestContext()));
    expect(error.message).to.equal(
      `the bucket ${bucketOf(PRIMARY)} in ${PRIMARY} still holds staged data: stage-0123456789ab`,
    );
    await handler().delete("id", { ...outputs, bucket: "spawn-none" }, new TestContext());
  });

  it("is replaced for another bucket", () => {
    const diff = (changes: object) => handler().diff("id", inputs, {} as never, { ...inputs, ...changes });
    expect(diff({ waitSeconds: 0 })).to.deep.equal({ replaces: [], updates: ["waitSeconds"] });
    expect(diff({ bucket: "b" })).to.deep.equal({ replaces: ["bucket"], updates: [] });
  });
});
