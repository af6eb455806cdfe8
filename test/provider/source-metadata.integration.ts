import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { replication } from "../../provider/replication.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { InputError } from "../../staging/errors.ts";
import type { StagedDataInputs, StagedDataOutputs } from "../../staging/resources/staged-data.ts";
import { MIB } from "../../staging/units.ts";
import { errorOf } from "../support/failure.ts";
import {
  bucketOf,
  CloudFixture,
  PRIMARY,
  replicaInputs,
  SECOND,
  stagedInputs,
  TestContext,
  THIRD,
} from "./cloud-fixture.ts";

const HEADERS = {
  ContentType: "text/vnd.reads",
  ContentEncoding: "gzip",
  CacheControl: "max-age=60",
  ContentDisposition: 'attachment; filename="reads.txt"',
  ContentLanguage: "de",
};
const EXPIRES = new Date("2030-01-02T03:04:05Z");
const USERS = { sample: "A 1", "x-spawn": "theirs" };

describe("Headers and metadata of a source on S3", () => {
  const fixture = CloudFixture.forSuite();

  const put = (Key: string, Body: Buffer | string, Metadata: Record<string, string> = USERS) =>
    fixture.s3
      .of(THIRD)
      .send(
        new PutObjectCommand({ Bucket: bucketOf(THIRD), Key, Body, Metadata, ...HEADERS, Expires: EXPIRES }),
      );
  const create = (inputs: StagedDataInputs) =>
    stagedData(fixture.dependencies()).create(inputs, new TestContext());
  const stage = (key: string) => create(stagedInputs(`s3://${bucketOf(THIRD)}/${key}`, { replicateTo: [] }));
  const replicate = (data: StagedDataOutputs) =>
    replication(fixture.dependencies()).create(replicaInputs(data, SECOND), new TestContext());
  async function told(region: string, key: string) {
    const head = await fixture.s3.store(region).head({ bucket: bucketOf(region), key });
    return { headers: head?.headers ?? {}, metadata: head?.metadata ?? {} };
  }

  async function expectKept(region: string, key: string, users: Record<string, string> = USERS) {
    const { headers, metadata } = await told(region, key);
    const { expires = "", ...others } = headers;
    expect(others).to.deep.equal({
      contentType: HEADERS.ContentType,
      contentEncoding: HEADERS.ContentEncoding,
      cacheControl: HEADERS.CacheControl,
      contentDisposition: HEADERS.ContentDisposition,
      contentLanguage: HEADERS.ContentLanguage,
    });
    expect(new Date(expires)).to.deep.equal(EXPIRES);
    expect(metadata).to.include(users);
    expect(Object.keys(metadata).sort()).to.deep.equal(
      [...Object.keys(users), "spawn-part-size", "spawn-source-etag"].sort(),
    );
  }

  for (const [what, size] of [
    ["an object that is copied by one request", 1000],
    ["an object that is copied in parts", 40 * MIB],
  ] as const) {
    it(`are kept by ${what}, and by its replica`, async () => {
      await put(`kept/${size}`, Buffer.alloc(size, "r"));
      const { outputs } = await stage(`kept/${size}`);
      await expectKept(PRIMARY, outputs.key);
      const { outputs: replica } = await replicate(outputs);
      expect(replica.objects).to.equal(2);
      await expectKept(SECOND, outputs.key);
    });
  }

  it("are kept by all objects of a prefix, and by their replicas", async () => {
    for (const name of ["a", "b/c"]) await put(`tree/${name}`, name);
    const { outputs } = await stage("tree/");
    await replicate(outputs);
    for (const region of [PRIMARY, SECOND]) {
      for (const name of ["a", "b/c"]) await expectKept(region, `${outputs.key}${name}`);
    }
  });

  it("exclude spawn's own when an entry is staged again", async () => {
    await put("again", "reads");
    const { outputs: first } = await stage("again");
    const { outputs } = await create(
      stagedInputs(`s3://${bucketOf(PRIMARY)}/${first.key}`, { replicateTo: [] }),
    );
    await expectKept(PRIMARY, outputs.key);
  });

  it("that change after an interruption are copied again", async () => {
    await put("changing", "reads");
    const inputs = stagedInputs(`s3://${bucketOf(THIRD)}/changing`, { replicateTo: [] });
    await create(inputs);
    const users = { sample: "B 2" };
    await put("changing", "reads", users);
    const { outputs } = await create(inputs);
    await expectKept(PRIMARY, outputs.key, users);
  });

  it("beyond ASCII are kept", async () => {
    await put("umlauts", "reads", { name: "=?UTF-8?B?w6TDtg==?=" });
    const { outputs } = await stage("umlauts");
    const source = await told(THIRD, "umlauts");
    const { metadata } = await told(PRIMARY, outputs.key);
    expect(metadata["name"]).to.equal(source.metadata["name"]);
  });

  it("are refused by the object's name if S3 cannot keep them all", async () => {
    const users = { notes: "n".repeat(2048 - "notes".length) };
    await put("full/one", "reads", users);
    const error = (await errorOf(stage("full/one"))) as InputError;
    expect(error).to.be.instanceOf(InputError);
    expect(error.message).to.equal(`the metadata of s3://${bucketOf(THIRD)}/full/one cannot be kept`);
    expect(error.why).to.contain("It has 2048 bytes of user metadata.");
    const ofPrefix = (await errorOf(stage("full/"))) as Error & { fix?: string };
    expect(ofPrefix.message).to.contain("full/one cannot be kept");
    expect(ofPrefix.message + ofPrefix.fix).to.contain("--exclude '/one'");
  });
});
