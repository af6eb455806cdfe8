import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { replication } from "../../provider/replication.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import type { StagedDataOutputs } from "../../staging/resources/staged-data.ts";
import { MIB } from "../../staging/units.ts";
import { errorOf } from "../support/failure.ts";
import { TestProxy } from "../support/proxy.ts";
import {
  bucketOf,
  CloudFixture,
  PRIMARY,
  replicaInputs,
  SECOND,
  stagedInputs,
  TestContext,
} from "./cloud-fixture.ts";

/** S3's refusal of a copy through a VPC endpoint. */
const REFUSAL = {
  status: 403,
  body: "<Error><Code>AccessDenied</Code><Message>VPC endpoints do not support cross-region requests</Message></Error>",
};

describe("Copies that a VPC endpoint refuses", () => {
  let fixture: CloudFixture;
  let proxy: TestProxy;
  before(async () => {
    fixture = await CloudFixture.start();
    proxy = await TestProxy.start(fixture.cloud.endpoint);
  });
  after(async () => {
    await proxy.stop();
    await fixture.stop();
  });
  beforeEach(() => {
    proxy.reset();
    proxy.fault = ({ headers }) =>
      headers["x-amz-copy-source"] === undefined ? undefined : { answer: REFUSAL };
  });

  const clients = () => createS3Clients({ config: { endpoint: proxy.endpoint, forcePathStyle: true } });
  const stage = async (source: string): Promise<StagedDataOutputs> => {
    const inputs = stagedInputs(source, { replicateTo: [] });
    return (await stagedData(fixture.dependencies()).create(inputs, new TestContext())).outputs;
  };
  const replicate = async (data: StagedDataOutputs) => {
    const context = new TestContext();
    const replicas = replication(fixture.dependencies({ s3: clients() }));
    const { outputs } = await replicas.create(replicaInputs(data, SECOND), context);
    return { outputs, told: context.messages.filter((message) => message.includes("VPC endpoint")) };
  };
  const expectSame = async (key: string) => {
    const [one, other] = await Promise.all([PRIMARY, SECOND].map((region) => fixture.object(region, key)));
    expect(other?.bytes.equals(one?.bytes ?? Buffer.alloc(0)), key).to.equal(true);
    const [head, copy] = await Promise.all(
      [PRIMARY, SECOND].map((region) =>
        fixture.s3.of(region).send(new HeadObjectCommand({ Bucket: bucketOf(region), Key: key })),
      ),
    );
    expect(copy?.Metadata).to.deep.equal(head?.Metadata);
    expect(copy?.ContentType).to.equal(head?.ContentType);
    expect(copy?.ETag).to.equal(head?.ETag);
  };

  for (const [what, size] of [
    ["a small file", 1000],
    ["a file of several parts", 40 * MIB],
  ] as const) {
    it(`pass through this machine, which reports the reason: ${what}`, async () => {
      const file = await fixture.file(`through-${size}`, size);
      const data = await stage(file.path);
      const { outputs, told } = await replicate(data);
      expect(outputs).to.include({ via: "copy", objects: 2 });
      await expectSame(data.key);
      await expectSame(data.manifestKey);
      expect(told).to.have.length(1);
      expect(told[0]).to.contain("passed through this machine");
    });
  }

  it("pass through this machine: a directory, for which direct copies are tried once", async () => {
    const folder = join(fixture.folder, "through tree");
    await mkdir(folder);
    const names = Array.from({ length: 60 }, (_, index) => `file-${index}`);
    for (const name of names) await writeFile(join(folder, name), name);
    // Objects as old as the manifest are checked one by one.
    const data = await stage(folder);
    const { outputs } = await replicate(data);
    expect(outputs).to.include({ via: "copy", objects: 61 });
    for (const name of names.slice(0, 3)) await expectSame(`${data.key}${name}`);
    const refused = proxy.requests.filter(({ headers }) => headers["x-amz-copy-source"] !== undefined);
    expect(refused.length).to.be.lessThan(2 * 61);
  });

  it("pass through this machine: data staged from S3", async () => {
    const Key = "elsewhere/data.bin";
    const { bytes } = await fixture.file("through-source", 20 * MIB);
    for (const [key, Body] of [
      [Key, bytes],
      [`${Key}.small`, "x"],
    ] as const) {
      await fixture.s3.of(SECOND).send(
        new PutObjectCommand({
          ...{ Bucket: bucketOf(SECOND), Key: key, Body },
          ...{ ContentType: "text/x-mine", Metadata: { mine: "yes" }, CacheControl: "no-cache" },
        }),
      );
      const inputs = stagedInputs(`s3://${bucketOf(SECOND)}/${key}`, { replicateTo: [] });
      const { outputs } = await stagedData(fixture.dependencies({ s3: clients() })).create(
        inputs,
        new TestContext(),
      );
      const copy = await fixture.s3
        .of(PRIMARY)
        .send(new HeadObjectCommand({ Bucket: bucketOf(PRIMARY), Key: outputs.key }));
      expect(copy).to.include({ ContentType: "text/x-mine", CacheControl: "no-cache" });
      expect(copy.Metadata).to.include({ mine: "yes" });
      const { bytes: copied } = await fixture.object(PRIMARY, outputs.key);
      expect(copied.equals(Buffer.from(Body))).to.equal(true);
    }
  });

  it("are not made if anything else is denied", async () => {
    proxy.fault = ({ headers }) =>
      headers["x-amz-copy-source"] === undefined
        ? undefined
        : { answer: { status: 403, body: "<Error><Code>AccessDenied</Code><Message>no</Message></Error>" } };
    const file = await fixture.file("denied", 1000);
    const data = await stage(file.path);
    const error = await errorOf(replicate(data));
    expect(error.message).to.contain("access denied");
  });
});
