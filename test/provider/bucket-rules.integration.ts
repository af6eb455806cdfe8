import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { bucketRules } from "../../provider/bucket-rules.ts";
import { PartialFailure } from "../../provider/plugin/types.ts";
import { requireLifecycleRule, requireReplicationRule } from "../../provider/rules/in-force.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import type { SdkClient } from "../../provider/store/sdk-client.ts";
import { UserError } from "../../staging/errors.ts";
import { RULE_KINDS } from "../../staging/resources/bucket-rules.ts";
import { parseTtlDays, TTL_CLASSES } from "../../staging/ttl.ts";
import { errorOf } from "../support/failure.ts";
import { TestProxy } from "../support/proxy.ts";
import { makeBucket, ROLE, rulesInputs, settingsOf } from "./adopted.ts";
import { bucketOf, CloudFixture, PRIMARY, SECOND, TestContext, THIRD } from "./cloud-fixture.ts";

/** The guide's rule, and one with each kind of filter. */
const USERS_RULES: LifecycleRule[] = [
  {
    ID: "cleanup-after-7-days",
    Status: "Enabled",
    Filter: {},
    Expiration: { Days: 7 },
    NoncurrentVersionExpiration: { NoncurrentDays: 1 },
  },
  {
    ID: "logs",
    Status: "Disabled",
    Filter: {
      And: { Prefix: "logs & more/", Tags: [{ Key: "team", Value: "a + b" }], ObjectSizeLessThan: 5_000 },
    },
    Transitions: [{ Days: 30, StorageClass: "GLACIER" }],
    Expiration: { Date: new Date("2030-01-01T00:00:00Z") },
  },
];
const USERS_POLICY = `{
  "Version": "2008-10-17", "Id": "mine",
  "Statement": {"Sid": "Mine", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::adopted-rules/secret/*"}
}`;

describe("BucketRules", () => {
  const Bucket = "adopted-rules";
  const fixture = CloudFixture.forSuite();
  let client: SdkClient;
  before(async () => {
    client = await makeBucket(fixture.s3.of(PRIMARY), Bucket, PRIMARY);
    await client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
    await client.send(
      new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: "team", Value: "genomics" }] } }),
    );
  });

  const handler = () => bucketRules(fixture.dependencies());
  const add = (kind: (typeof RULE_KINDS)[number], bucket = Bucket) =>
    handler().create(rulesInputs(kind, bucket), new TestContext());
  const putUsersRules = (Rules: LifecycleRule[]) =>
    client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
  const rulesNow = async () =>
    (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules ?? [];
  const check = () => ({
    client,
    bucket: Bucket,
    settling: { attempts: 1, firstDelayMs: 1 },
    signal: new AbortController().signal,
  });

  it("are added and removed with whole configurations if the bucket has none", async () => {
    const before = await settingsOf(client, Bucket);
    const made = [];
    for (const kind of RULE_KINDS) made.push(await add(kind));
    expect(made.map(({ id }) => id)).to.deep.equal(RULE_KINDS.map((kind) => `${PRIMARY}/${Bucket}/${kind}`));
    for (const ttl of TTL_CLASSES) await requireLifecycleRule(check(), ttl);
    for (const region of [SECOND, THIRD]) await requireReplicationRule(check(), region, bucketOf(region));
    for (const { id, outputs } of made) {
      expect(await handler().read(id, outputs, outputs, new TestContext())).to.deep.equal({
        id,
        inputs: outputs,
        outputs,
      });
      for (const _ of [1, 2]) await handler().delete(id, outputs, new TestContext());
    }
    expect(await settingsOf(client, Bucket)).to.deep.equal(before);
  });

  it("stand beside the user's rules, which are byte-identical after their removal", async () => {
    await putUsersRules(USERS_RULES);
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy: USERS_POLICY }));
    const before = await settingsOf(client, Bucket);
    const theirs = await rulesNow();

    const [lifecycle, policy] = [await add("lifecycle"), await add("policy")];
    expect((await rulesNow()).slice(0, 2)).to.deep.equal(theirs);
    await requireLifecycleRule(check(), parseTtlDays(7));
    const { Policy } = (await settingsOf(client, Bucket))["policy"] as { Policy: string };
    const document = JSON.parse(Policy) as { Id: string; Statement: { Sid: string }[] };
    expect(document.Id).to.equal("mine");
    expect(document.Statement.map(({ Sid }) => Sid)).to.deep.equal([
      "Mine",
      "SpawnStagingDenyPlainHttp",
      "SpawnStagingDelegateToAccessPoints",
    ]);

    for (const { id, outputs } of [lifecycle, policy]) await handler().delete(id, outputs, new TestContext());
    expect(await settingsOf(client, Bucket)).to.deep.equal(before);
  });

  it("show manual changes in a refresh and are repaired beside the user's new rules", async () => {
    const { id, outputs } = await add("lifecycle");
    const [, ...others] = (await rulesNow()).filter(({ ID }) => ID?.startsWith("spawn-"));
    const added: LifecycleRule = {
      ID: "added",
      Status: "Enabled",
      Filter: { Prefix: "tmp/" },
      Expiration: { Days: 1 },
    };
    await putUsersRules([...others.map((rule) => ({ ...rule, Status: "Disabled" as const })), added]);

    const found = await handler().read(id, outputs, outputs, new TestContext());
    if (found === undefined) throw new Error("it is gone");
    expect(found.inputs.rules).to.have.length(90);
    const difference = await handler().diff(id, found.inputs, found.outputs, outputs);
    expect(difference).to.deep.equal({ replaces: [], updates: ["rules"] });

    const repaired = await handler().update?.(id, found.outputs, outputs, new TestContext());
    for (const ttl of TTL_CLASSES) await requireLifecycleRule(check(), ttl);
    expect((await rulesNow()).filter(({ ID }) => !ID?.startsWith("spawn-"))).to.deep.equal([added]);
    await handler().delete(id, repaired ?? outputs, new TestContext());
    expect(await rulesNow()).to.deep.equal([added]);
    await client.send(new DeleteBucketLifecycleCommand({ Bucket }));
  });

  it("are written again after another writer overwrites them", async () => {
    let overwritten = 0;
    const { s3 } = fixture;
    const rival = {
      ...s3,
      of: (region: string) =>
        new Proxy(s3.of(region), {
          get(target, name) {
            if (name !== "send") return Reflect.get(target, name, target) as unknown;
            return async (command: object, options: object) => {
              const answer: unknown = await target.send(command as never, options);
              if (command instanceof PutBucketLifecycleConfigurationCommand && overwritten === 0) {
                overwritten += 1;
                await putUsersRules(USERS_RULES);
              }
              return answer;
            };
          },
        }),
    };
    const context = new TestContext();
    const { id, outputs } = await bucketRules(fixture.dependencies({ s3: rival })).create(
      rulesInputs("lifecycle", Bucket),
      context,
    );
    expect(overwritten).to.equal(1);
    await requireLifecycleRule(check(), parseTtlDays(90));
    expect((await rulesNow()).map(({ ID }) => ID).slice(0, 2)).to.deep.equal([
      "cleanup-after-7-days",
      "logs",
    ]);
    await handler().delete(id, outputs, context);
    expect((await rulesNow()).map(({ ID }) => ID)).to.deep.equal(["cleanup-after-7-days", "logs"]);
    await client.send(new DeleteBucketLifecycleCommand({ Bucket }));
  });

  it("are written although S3 has not spread the bucket or its versioning yet", async () => {
    const proxy = await TestProxy.start(fixture.cloud.endpoint);
    try {
      const s3 = createS3Clients({ config: { endpoint: proxy.endpoint, forcePathStyle: true } });
      const rules = bucketRules(fixture.dependencies({ s3 }));
      for (const [method, status, code, text] of [
        ["GET", 404, "NoSuchBucket", "The specified bucket does not exist"],
        ["PUT", 404, "NoSuchBucket", "The specified bucket does not exist"],
        ["PUT", 409, "OperationAborted", "A conflicting conditional operation is in progress"],
        [
          "PUT",
          400,
          "InvalidRequest",
          "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
        ],
        ["PUT", 400, "InvalidRequest", "Destination bucket must have versioning enabled."],
        ["PUT", 400, "InvalidRequest", "Destination bucket must exist."],
      ] as const) {
        let refusals = 2;
        proxy.fault = (request) =>
          request.method === method && refusals-- > 0
            ? { answer: { status, body: `<Error><Code>${code}</Code><Message>${text}</Message></Error>` } }
            : undefined;
        const { id, outputs } = await rules.create(rulesInputs("replication", Bucket), new TestContext());
        expect(refusals, `${method} ${code}`).to.be.lessThan(1);
        await rules.delete(id, outputs, new TestContext());
      }
      // A permanent refusal is reported in S3's words.
      proxy.fault = ({ method }) =>
        method === "PUT"
          ? {
              answer: {
                status: 400,
                body: "<Error><Code>InvalidRequest</Code><Message>else</Message></Error>",
              },
            }
          : undefined;
      const error = await errorOf(rules.create(rulesInputs("replication", Bucket), new TestContext()));
      expect(error.message).to.contain("InvalidRequest: else");
    } finally {
      await proxy.stop();
    }
  });

  it("refuse a bucket that replicates with another role, and leave it unchanged", async () => {
    await client.send(
      new PutBucketReplicationCommand({
        Bucket,
        ReplicationConfiguration: {
          Role: "arn:aws:iam::123456789012:role/backup",
          Rules: [
            {
              ID: "to-the-archive",
              Status: "Enabled",
              Priority: 1,
              Filter: { Prefix: "" },
              DeleteMarkerReplication: { Status: "Disabled" },
              Destination: { Bucket: `arn:aws:s3:::${bucketOf(SECOND)}` },
            },
          ],
        },
      }),
    );
    const before = await settingsOf(client, Bucket);
    const error = (await errorOf(add("replication"))) as UserError;
    expect(error).to.be.instanceOf(UserError);
    expect(error.message).to.equal(
      `the bucket ${Bucket} already replicates by your own rules: to-the-archive`,
    );
    expect(error.why).to.include("arn:aws:iam::123456789012:role/backup");
    expect(await settingsOf(client, Bucket)).to.deep.equal(before);
  });

  it("stand beside rules that replicate with the same role, with unique priorities", async () => {
    const Rules = [
      {
        ID: "mine",
        Status: "Enabled" as const,
        Priority: 4,
        Filter: { Prefix: "mine/" },
        DeleteMarkerReplication: { Status: "Disabled" as const },
        Destination: { Bucket: `arn:aws:s3:::${bucketOf(SECOND)}` },
      },
    ];
    await client.send(
      new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration: { Role: ROLE, Rules } }),
    );
    const before = await settingsOf(client, Bucket);
    const { id, outputs } = await add("replication");
    await requireReplicationRule(check(), THIRD, bucketOf(THIRD));
    expect(await handler().read(id, outputs, outputs, new TestContext())).to.deep.equal({
      id,
      inputs: outputs,
      outputs,
    });
    await handler().delete(id, outputs, new TestContext());
    expect(await settingsOf(client, Bucket)).to.deep.equal(before);
  });

  it("stay while an entry has data in the bucket", async () => {
    const { id, outputs } = await add("lifecycle");
    const put = (Key: string) => client.send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
    await put("stage-left/a.txt");
    await put("stage-0123456789ab/a.txt");
    const error = (await errorOf(handler().delete(id, outputs, new TestContext()))) as UserError;
    expect(error.message).to.equal(
      `the bucket ${Bucket} in ${PRIMARY} still holds staged data: stage-0123456789ab`,
    );
    expect(error.fix).to.match(/^spawn stage delete stage-0123456789ab --yes\./);
    await requireLifecycleRule(check(), parseTtlDays(7));
  });

  it("disappear with their bucket, and cannot be added to a missing one", async () => {
    const inputs = rulesInputs("lifecycle", "adopted-none");
    expect(await handler().read("id", inputs, inputs, new TestContext())).to.equal(undefined);
    await handler().delete("id", inputs, new TestContext());
    const error = await errorOf(add("lifecycle", "adopted-none"));
    expect(error).to.have.property("why", "The bucket does not exist.");
  });

  it("are replaced for another bucket, and updated in place for other rules or another role", () => {
    const inputs = rulesInputs("replication", Bucket);
    const diff = (changes: object) => handler().diff("id", inputs, inputs, { ...inputs, ...changes });
    expect(diff({ bucket: "other" })).to.deep.equal({ replaces: ["bucket"], updates: [] });
    expect(diff({ rules: [], role: "r" })).to.deep.equal({ replaces: [], updates: ["rules", "role"] });
    const [first, ...others] = inputs.rules;
    const reordered = Object.fromEntries(Object.entries(first ?? {}).reverse());
    expect(diff({ rules: [reordered, ...others] })).to.deep.equal({ replaces: [], updates: [] });
  });

  // The emulator converts an old-form prefix to a filter, so this fake keeps these rules like S3.
  describe("beside rules of the API's first version", () => {
    const OLD: LifecycleRule[] = [
      { ID: "logs", Status: "Enabled", Prefix: "logs/", Expiration: { Days: 7 } },
      { ID: "tmp", Status: "Enabled", Prefix: "tmp/", Expiration: { Days: 1 } },
    ];
    const old = "adopted-old-rules";
    let stored: LifecycleRule[];
    let answers: LifecycleRule[][];
    let isRefusing: boolean;
    before(() => makeBucket(client, old, PRIMARY));
    beforeEach(() => {
      [stored, answers, isRefusing] = [OLD, [], false];
    });

    const put = (rules: LifecycleRule[]) => {
      if (isRefusing) throw new Error("no");
      const bare = rules.filter(({ Filter }) => Filter === undefined);
      if (bare.length > 0 && bare.length < rules.length) throw new Error("base level prefix in V2");
      stored = rules;
    };
    const clients = () => ({
      ...fixture.s3,
      of: (region: string) =>
        new Proxy(fixture.s3.of(region), {
          get(target, name) {
            if (name !== "send") return Reflect.get(target, name, target) as unknown;
            return async (command: object, options: object) => {
              if (command instanceof GetBucketLifecycleConfigurationCommand) {
                return { Rules: answers.shift() ?? stored };
              }
              if (command instanceof PutBucketLifecycleConfigurationCommand) {
                return put(command.input.LifecycleConfiguration?.Rules ?? []);
              }
              return (await target.send(command as never, options)) as unknown;
            };
          },
        }),
    });
    const rules = () =>
      bucketRules(fixture.dependencies({ s3: clients(), settling: { attempts: 1, firstDelayMs: 1 } }));
    const create = () => rules().create(rulesInputs("lifecycle", old), new TestContext());

    it("restore their form, however often spawn's rules are removed", async () => {
      const { id, outputs } = await create();
      expect(stored[0]).to.have.deep.property("Filter", { Prefix: "logs/" });
      for (const _ of [1, 2, 3]) {
        await rules().delete(id, outputs, new TestContext());
        expect(stored).to.deep.equal(OLD);
      }
    });

    it("leave them unchanged if spawn's rules could not be written", async () => {
      isRefusing = true;
      const failure = await errorOf(create());
      if (!(failure instanceof PartialFailure)) throw failure;
      expect(failure.outputs).to.have.property("before");
      isRefusing = false;
      await rules().delete(failure.id, failure.outputs as never, new TestContext());
      expect(stored).to.deep.equal(OLD);
    });

    it("keep them if spawn's rules are still visible after their removal", async () => {
      const { id, outputs } = await create();
      answers = [stored, stored];
      await rules().delete(id, outputs, new TestContext());
      expect(answers).to.deep.equal([]);
      expect(stored).to.deep.equal(OLD);
    });

    it("keep a filter that the user added to one of them meanwhile", async () => {
      const { id, outputs } = await create();
      const Filter = { Tag: { Key: "team", Value: "x" } };
      stored = stored.map((rule) => (rule.ID === "logs" ? { ...rule, Filter } : rule));
      const theirs = stored.slice(0, 2);
      for (const _ of [1, 2]) {
        await rules().delete(id, outputs, new TestContext());
        expect(stored).to.deep.equal(theirs);
      }
    });
  });
});
