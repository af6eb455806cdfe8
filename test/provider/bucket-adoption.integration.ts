import {
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  GetBucketVersioningCommand,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  type ServerSideEncryptionByDefault,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { bucketAdoption } from "../../provider/bucket-adoption.ts";
import { PartialFailure } from "../../provider/plugin/types.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import type { SdkClient } from "../../provider/store/sdk-client.ts";
import type { UserError } from "../../staging/errors.ts";
import type { BucketAdoptionOutputs } from "../../staging/resources/bucket-adoption.ts";
import { errorOf } from "../support/failure.ts";
import { TestProxy } from "../support/proxy.ts";
import { makeBucket, settingsOf } from "./adopted.ts";
import { CloudFixture, PRIMARY, SECOND, TestContext } from "./cloud-fixture.ts";

describe("BucketAdoption", () => {
  const Bucket = "adopted-bucket";
  const inputs = { region: SECOND, bucket: Bucket, versioning: "Enabled", waitSeconds: 900 };
  const now = new Date("2026-03-01T10:00:00.500Z");
  const fixture = CloudFixture.forSuite();
  let client: SdkClient;
  before(async () => {
    client = await makeBucket(fixture.s3.of(SECOND), Bucket, SECOND);
  });

  const handler = () => bucketAdoption(fixture.dependencies({ now: () => now }));
  const setVersioning = (Status: "Enabled" | "Suspended") =>
    client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  const refusal = async (changes: object) =>
    (await errorOf(handler().create({ ...inputs, ...changes }, new TestContext()))) as UserError;

  it("enables the versioning, reports it, waits as long as AWS requires, and changes nothing else", async () => {
    const { versioning, ...before } = await settingsOf(client, Bucket);
    expect(versioning).to.deep.equal({});
    const context = new TestContext();
    const { id, outputs } = await handler().create(inputs, context);
    expect(id).to.equal(`${SECOND}/${Bucket}`);
    expect(outputs).to.deep.equal({ ...inputs, writableAt: "2026-03-01T10:15:00Z" });
    expect(context.messages).to.deep.equal([
      `Versioning of your bucket ${Bucket} in ${SECOND} was off and is on from now on.`,
    ]);
    expect(await settingsOf(client, Bucket)).to.deep.equal({ ...before, versioning: { Status: "Enabled" } });
  });

  it("does not wait for a bucket that is already versioned, and reports nothing", async () => {
    const context = new TestContext();
    const { id, outputs } = await handler().create(inputs, context);
    expect(outputs.writableAt).to.equal("2026-03-01T10:00:00Z");
    expect(context.messages).to.deep.equal([]);
    expect(await handler().read(id, inputs, outputs, context)).to.deep.equal({ id, inputs, outputs });
  });

  it("detects in a refresh that versioning was suspended, and enables it again", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    await setVersioning("Suspended");
    const found = await handler().read(id, inputs, outputs, new TestContext());
    if (found === undefined) throw new Error("it is gone");
    expect(found.inputs.versioning).to.equal("Suspended");
    expect(await handler().diff(id, found.inputs, found.outputs, inputs)).to.deep.equal({
      replaces: [],
      updates: ["versioning"],
    });
    const repaired = await handler().update?.(id, found.outputs, inputs, new TestContext());
    expect(repaired?.writableAt).to.equal("2026-03-01T10:15:00Z");
    expect(await settingsOf(client, Bucket)).to.have.deep.property("versioning", { Status: "Enabled" });
  });

  it("refuses another account's bucket that everyone can read and write, and leaves it unchanged", async () => {
    const proxy = await TestProxy.start(fixture.cloud.endpoint);
    try {
      // S3's response about a bucket of another account than the expected one.
      proxy.fault = ({ headers }) =>
        headers["x-amz-expected-bucket-owner"] === undefined
          ? undefined
          : { answer: { status: 403, body: "<Error><Code>AccessDenied</Code></Error>" } };
      const config = { endpoint: proxy.endpoint, forcePathStyle: true };
      const s3 = createS3Clients({ config, account: async () => "123456789012" });
      const adoption = bucketAdoption(fixture.dependencies({ s3, now: () => now }));
      const error = (await errorOf(adoption.create(inputs, new TestContext()))) as UserError;
      expect(error.message).to.equal(`the bucket ${Bucket} cannot be adopted: it belongs to another account`);
      expect(proxy.requests.some(({ method }) => method === "PUT")).to.equal(false);
      const { id, outputs } = await handler().create(inputs, new TestContext());
      // An adopted bucket that has changed its owner since.
      const update = adoption.update?.(id, outputs, inputs, new TestContext());
      expect((await errorOf(Promise.resolve(update))).message).to.contain(Bucket);
      expect(proxy.requests.filter(({ method, status }) => method === "PUT" && status === 200)).to.deep.equal(
        [],
      );
    } finally {
      await proxy.stop();
    }
  });

  describe("of a bucket whose versioning was enabled unnoticed", () => {
    const later = new Date("2026-03-01T10:01:00Z");
    const updated = (outputs: BucketAdoptionOutputs) =>
      bucketAdoption(fixture.dependencies({ now: () => later })).update?.(
        "id",
        outputs,
        inputs,
        new TestContext(),
      );

    /** The handler on clients that run `turnedOn` once versioning was enabled. */
    const handlerThat = (turnedOn: () => void, isShown = true) => {
      const s3 = {
        ...fixture.s3,
        of: (region: string) =>
          new Proxy(fixture.s3.of(region), {
            get(target, name) {
              if (name !== "send") return Reflect.get(target, name, target) as unknown;
              return async (command: object, options: object) => {
                if (command instanceof GetBucketVersioningCommand && !isShown) return {};
                const answer: unknown = await target.send(command as never, options);
                if (command instanceof PutBucketVersioningCommand) turnedOn();
                return answer;
              };
            },
          }),
      };
      return bucketAdoption(fixture.dependencies({ now: () => now, s3 }));
    };
    const partOf = async (work: Promise<unknown>) => {
      const failure = await errorOf(work);
      if (!(failure instanceof PartialFailure)) throw failure;
      return { ...failure, message: failure.message };
    };
    beforeEach(() => setVersioning("Suspended"));

    it("still waits when the same command resumes", async () => {
      const failing = handlerThat(() => undefined, false);
      const { id, outputs, message } = await partOf(failing.create(inputs, new TestContext()));
      expect(id).to.equal(`${SECOND}/${Bucket}`);
      expect(outputs).to.deep.equal({ ...inputs, writableAt: "2026-03-01T10:15:00Z" });
      expect(message).to.include("was enabled and does not show as enabled");
      expect(await updated(outputs as never)).to.deep.equal(outputs);
    });

    it("waits after a lost response", async () => {
      const failing = handlerThat(() => {
        throw new Error("socket hang up");
      });
      const { outputs } = await partOf(failing.create(inputs, new TestContext()));
      expect(await updated(outputs as never)).to.have.property("writableAt", "2026-03-01T10:15:00Z");
    });

    it("waits from the moment when an update enabled it again", async () => {
      const old = { ...inputs, writableAt: "2026-01-01T00:00:00Z" };
      const failing = handlerThat(() => undefined, false);
      const { outputs } = await partOf(
        failing.update?.("id", old, inputs, new TestContext()) ?? Promise.resolve(),
      );
      expect(outputs).to.have.property("writableAt", "2026-03-01T10:15:00Z");
    });
  });

  it("leaves bucket and versioning after its deletion", async () => {
    const { id, outputs } = await handler().create(inputs, new TestContext());
    const before = await settingsOf(client, Bucket);
    for (const _ of [1, 2]) await handler().delete(id, outputs, new TestContext());
    expect(await settingsOf(client, Bucket)).to.deep.equal(before);
  });

  describe("reports before any change the meaning of the bucket's settings:", () => {
    const Other = "adopted-with-settings";
    before(() => makeBucket(client, Other, SECOND));
    after(() => client.send(new DeleteBucketCommand({ Bucket: Other })));
    const adopted = async () => {
      const context = new TestContext();
      await handler().create({ ...inputs, bucket: Other }, context);
      return context.messages.filter((message) => !message.includes("Versioning of your bucket"));
    };
    const putPolicy = (...Statement: object[]) =>
      client.send(
        new PutBucketPolicyCommand({
          Bucket: Other,
          Policy: JSON.stringify({ Version: "2012-10-17", Statement }),
        }),
      );
    const encryptBy = (byDefault: ServerSideEncryptionByDefault) =>
      client.send(
        new PutBucketEncryptionCommand({
          Bucket: Other,
          ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault: byDefault }] },
        }),
      );

    it("nothing for the usual ones", async () => {
      await encryptBy({ SSEAlgorithm: "AES256" });
      expect(await adopted()).to.deep.equal([]);
    });

    it("a KMS key, which rules do not replicate", async () => {
      const KMSMasterKeyID = "arn:aws:kms:us-west-2:123456789012:key/1";
      await encryptBy({ SSEAlgorithm: "aws:kms", KMSMasterKeyID });
      const [told = "", ...more] = await adopted();
      expect(more).to.deep.equal([]);
      expect(told)
        .to.contain(KMSMasterKeyID)
        .and.to.contain("spawn copies")
        .and.to.contain("kms:GenerateDataKey");
      await encryptBy({ SSEAlgorithm: "aws:kms:dsse" });
      expect((await adopted())[0]).to.contain("Other accounts cannot use this key");
      await encryptBy({ SSEAlgorithm: "AES256" });
    });

    it("Requester Pays", async () => {
      // The local cloud's S3 accepts the setting and does not return it.
      const proxy = await TestProxy.start(fixture.cloud.endpoint);
      try {
        proxy.fault = ({ query }) =>
          query.has("requestPayment")
            ? {
                answer: {
                  status: 200,
                  body: `<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>`,
                },
              }
            : undefined;
        const s3 = createS3Clients({ config: { endpoint: proxy.endpoint, forcePathStyle: true } });
        const context = new TestContext();
        await bucketAdoption(fixture.dependencies({ s3 })).create({ ...inputs, bucket: Other }, context);
        expect(context.messages[0]).to.contain("Requester Pays").and.to.contain("Payer=BucketOwner");
      } finally {
        await proxy.stop();
      }
    });

    it("a policy that denies requests of entries; a certain denial refuses the bucket", async () => {
      const Resource = `arn:aws:s3:::${Other}/*`;
      const Deny = { Effect: "Deny", Principal: "*", Action: "s3:PutObject", Resource };
      await putPolicy({
        ...{ ...Deny, Sid: "OnlyFromTheVpc" },
        Condition: { StringNotEquals: { "aws:SourceVpce": "vpce-1" } },
      });
      const [told = ""] = await adopted();
      expect(told).to.contain("OnlyFromTheVpc").and.to.contain("aws:SourceVpce").and.to.contain("403");
      await putPolicy({ ...Deny, Sid: "Frozen" });
      await client.send(
        new PutBucketVersioningCommand({ Bucket: Other, VersioningConfiguration: { Status: "Suspended" } }),
      );
      const error = await refusal({ bucket: Other });
      expect(error.message).to.contain("its policy (statement Frozen) denies s3:PutObject");
      expect(await settingsOf(client, Other)).to.have.deep.property("versioning", { Status: "Suspended" });
      await client.send(new DeleteBucketPolicyCommand({ Bucket: Other }));
    });
  });

  it("waits until S3 has spread a bucket and its versioning", async () => {
    const young = "adopted-young";
    await makeBucket(client, young, SECOND);
    const proxy = await TestProxy.start(fixture.cloud.endpoint);
    try {
      // Each of S3's refusals occurs once.
      const refused = new Set<string>();
      const refusals: Readonly<Record<string, string>> = {
        "GET tagging": "NoSuchBucket",
        "GET versioning": "NoSuchBucket",
        "PUT versioning": "OperationAborted",
      };
      proxy.fault = ({ method, query }) => {
        const asked = [...query.keys()].find((key) => key !== "x-id") ?? "";
        const found = refusals[`${method} ${asked}`];
        if (found === undefined || refused.has(`${method} ${asked}`)) return undefined;
        refused.add(`${method} ${asked}`);
        const status = found === "NoSuchBucket" ? 404 : 409;
        return { answer: { status, body: `<Error><Code>${found}</Code><Message>no</Message></Error>` } };
      };
      const s3 = createS3Clients({ config: { endpoint: proxy.endpoint, forcePathStyle: true } });
      const adoption = bucketAdoption(fixture.dependencies({ s3, now: () => now }));
      const { outputs } = await adoption.create({ ...inputs, bucket: young }, new TestContext());
      expect(outputs.writableAt).to.equal("2026-03-01T10:15:00Z");
      expect(refused.size).to.equal(3);
    } finally {
      await proxy.stop();
      await client.send(new DeleteBucketCommand({ Bucket: young }));
    }
  });

  it("refuses a missing bucket, with the command that creates it", async () => {
    const error = await refusal({ bucket: "adopted-none" });
    expect(error.message).to.equal(`there is no bucket adopted-none, which is to be adopted in ${SECOND}`);
    expect(error.fix).to.include(`aws s3 mb s3://adopted-none --region ${SECOND}`);
    expect(
      await handler().read("id", { ...inputs, bucket: "adopted-none" }, {} as never, new TestContext()),
    ).to.equal(undefined);
  });

  it("refuses a bucket of another region", async () => {
    const error = await refusal({ region: PRIMARY });
    expect(error.message).to.equal(`the bucket ${Bucket} is not in ${PRIMARY}`);
    expect(error.why).to.equal(`It is in ${SECOND}.`);
  });

  it("refuses a bucket that an environment created, because its stack would delete it", async () => {
    const made = "adopted-managed";
    await makeBucket(fixture.s3.of(SECOND), made, SECOND);
    const TagSet = [{ Key: "spawn:environment", Value: "prod" }];
    await client.send(new PutBucketTaggingCommand({ Bucket: made, Tagging: { TagSet } }));
    const error = await refusal({ bucket: made });
    expect(error.message).to.equal(`the bucket ${made} cannot be adopted: environment prod made it`);
    expect(await settingsOf(client, made)).to.have.deep.property("versioning", {});
    await client.send(new DeleteBucketCommand({ Bucket: made }));
  });

  it("is replaced for another bucket", () => {
    const diff = (changes: object) => handler().diff("id", inputs, {} as never, { ...inputs, ...changes });
    expect(diff({ waitSeconds: 0 })).to.deep.equal({ replaces: [], updates: ["waitSeconds"] });
    expect(diff({ bucket: "b" })).to.deep.equal({ replaces: ["bucket"], updates: [] });
  });
});
