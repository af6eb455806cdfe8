import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { DeleteObjectCommand, PutBucketReplicationCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { PartialFailure } from "../../provider/plugin/types.ts";
import { replication } from "../../provider/replication.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import { replicateTag, replicationRuleId } from "../../staging/classes.ts";
import { UserError } from "../../staging/errors.ts";
import { newStagingId } from "../../staging/ids.ts";
import { arrivalAttribute, heldAttribute } from "../../staging/ledger.ts";
import { objectKey } from "../../staging/manifest.ts";
import { errorOf } from "../support/failure.ts";
import { bucketOf, PRIMARY, SECOND, stagedInputs, TestContext, THIRD } from "./cloud-fixture.ts";
import { replicationSuite } from "./replication-suite.ts";

describe("Replication by a rule", () => {
  const { fixture, handler, stage, stageUnreplicated, inputsOf, expectReplica, clientsWith } =
    replicationSuite();

  describe("on AWS, if the rule should have replicated and every object was copied", () => {
    /** Clients of an S3 that adds these headers to the response to a HEAD of the manifest. */
    const replicated = async (said: object, isAws = true) => {
      const { data } = await stageUnreplicated("unreplicated.bin", 1_000);
      const s3 = createS3Clients({ sdkOnly: true });
      let copies = 0;
      s3.at(PRIMARY).client.middlewareStack.add(
        (next, { commandName }) =>
          async (args) => {
            const result = await next(args);
            // Of the data and of the manifest, before S3's status of the rule is read.
            const isAsked = commandName === "HeadObjectCommand" && copies === 2;
            if (isAsked) Object.assign(result.output, said);
            return result;
          },
        { step: "initialize" },
      );
      s3.at(SECOND).client.middlewareStack.add(
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
      ["the rule failed", { ReplicationStatus: "FAILED" }, "S3 reports that the rule failed"],
      ["S3 is slow", { ReplicationStatus: "PENDING" }, "may still replicate them"],
      ["no rule applied", {}, "S3 applied no rule to them"],
      ["S3 replicated after the copies", { ReplicationStatus: "COMPLETED" }, "S3 now reports COMPLETED"],
      [
        "a KMS key encrypts them",
        { ServerSideEncryption: "aws:kms", ReplicationStatus: undefined },
        "encrypted with a KMS key",
      ],
    ] as const) {
      it(`warns, with S3's explanation: ${what}`, async () => {
        const [told = "", ...more] = await replicated(said);
        expect(more).to.deep.equal([]);
        expect(told).to.contain(`replicated nothing to ${SECOND}`).and.to.contain(text);
      });
    }

    it("does not warn about other servers, which may not replicate by rules", async () => {
      expect(await replicated({ ReplicationStatus: "FAILED" }, false)).to.deep.equal([]);
    });
  });

  describe("with a rule", () => {
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
    // In a bucket of the third region, whose rules no other test needs.
    for (const [what, changes, why] of table) {
      it(`refuses a rule that ${what}, and creates nothing`, async () => {
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

  describe("with a slow rule", () => {
    /** Reports for the source's data object the status that S3 reports while it replicates. */
    const statusOf = (key: string, status: () => string) =>
      clientsWith(PRIMARY, "HeadObjectCommand", (next) => async (args) => {
        const result = await next(args);
        if ((args.input as { Key: string }).Key === key) {
          Object.assign(result.output as object, { ReplicationStatus: status() });
        }
        return result;
      });

    it("waits, and accepts the replica as soon as it exists", async () => {
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

    it("waits for the replica of a changed source, although one of an earlier version exists", async () => {
      const stagingId = newStagingId();
      const putReplica = (Key: string, Body: Buffer) =>
        fixture.s3.of(SECOND).send(new PutObjectCommand({ Bucket: bucketOf(SECOND), Key, Body }));
      await putReplica(objectKey(stagingId, "changed"), randomBytes(500));
      await sleep(1_100); // S3 counts seconds
      const { data, bytes } = await stageUnreplicated("changed", 500, { stagingId });
      let asked = 0;
      const s3 = statusOf(data.key, () => {
        asked += 1;
        if (asked === 3) void putReplica(data.key, bytes);
        return "PENDING";
      });
      const { outputs } = await handler({ s3 }).create(inputsOf(data, SECOND), new TestContext());
      expect(outputs.via, "the manifest was copied").to.equal("mixed");
      expect(asked).to.be.at.least(3);
    });

    it("records that data do not expire if it failed for some files of a directory only", async () => {
      const folder = join(fixture.folder, "partly failed");
      await mkdir(folder);
      for (const name of ["a", "b"]) await writeFile(join(folder, name), name);
      const { outputs: data } = await stagedData(fixture.dependencies()).create(
        stagedInputs(folder, { replicateTo: [SECOND] }),
        new TestContext(),
      );
      // The local cloud's rule has replicated all of it.
      const failed = `${data.key}a`;
      await fixture.s3.of(SECOND).send(new DeleteObjectCommand({ Bucket: bucketOf(SECOND), Key: failed }));
      const s3 = statusOf(failed, () => "FAILED");
      const written: string[] = [];
      const client = {
        send: async (command: UpdateItemCommand) => {
          written.push(...Object.values(command.input.ExpressionAttributeNames ?? {}));
          return {};
        },
      } as unknown as DynamoDBClient;
      const usage = { usageTable: "usage", usageRegion: PRIMARY, uploadedAt: data.uploadedAt };
      const { outputs } = await replication(fixture.dependencies({ s3 }), () => client).create(
        inputsOf(data, SECOND, usage),
        new TestContext(),
      );
      expect(outputs.via).to.equal("mixed");
      expect(written).to.have.members([heldAttribute(PRIMARY), arrivalAttribute(SECOND)]);
    });

    for (const status of ["FAILED", "PENDING"]) {
      it(`copies if the status stays ${status}`, async () => {
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

    it("does not wait if the objects are older than the request for the replica", async () => {
      const { data, bytes } = await stage("added later", 500, { replicateTo: [THIRD] });
      const s3 = statusOf(data.key, () => "PENDING");
      const context = new TestContext();
      const { outputs } = await handler({ s3 }).create(inputsOf(data, SECOND), context);
      expect(outputs).to.include({ via: "copy", ruleId: "", method: "rule" });
      expect(context.progress.some(({ phase }) => phase === "wait")).to.equal(false);
      await expectReplica(data, bytes, SECOND);
    });

    it("can be interrupted; existing objects stay in the state", async () => {
      const { data } = await stageUnreplicated("interrupted", 500);
      const context = new TestContext();
      const s3 = statusOf(data.key, () => "PENDING");
      const patience = { baseMs: 60_000, bytesPerSecond: 1e9, firstPollMs: 20, maxPollMs: 60_000 };
      const inputs = inputsOf(data, SECOND);
      const promise = errorOf(handler({ s3, patience }).create(inputs, context));
      while (!context.progress.some(({ phase }) => phase === "wait")) await sleep(10);
      context.controller.abort(new Error("interrupted"));
      const error = await promise;
      expect(error).to.be.instanceOf(PartialFailure);
      expect(error).to.deep.include({
        message: "interrupted",
        id: `${SECOND}/${data.stagingId}`,
        outputs: inputs,
      });
      // The next update resumes; a refresh in between changes nothing.
      const outputs = inputs as never;
      const read = await handler().read("id", inputs, outputs, new TestContext());
      expect(read).to.deep.equal({ id: "id", inputs, outputs: inputs });
      const updated = await handler().update?.("id", outputs, inputs, new TestContext());
      expect(updated).to.include({ objects: 2, via: "copy" });
    });
  });
});
