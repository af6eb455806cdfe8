import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { CreateAccessPointCommand } from "@aws-sdk/client-s3-control";
import { marshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import { makeS3ControlClient } from "../../../../../cli/clients/s3-control.ts";
import { Context } from "../../../../../cli/context.ts";
import { deleteEntry } from "../../../../../cli/services/entry/deletion.ts";
import { findRemains } from "../../../../../cli/services/entry/remains/find.ts";
import { isGone } from "../../../../../cli/services/entry/remains/remains.ts";
import { removeAllRemains, reopenUsage } from "../../../../../cli/services/entry/remains/remove.ts";
import { deletionsBegun } from "../../../../../cli/services/entry/upload/unfinished.ts";
import { recordItem } from "../../../../../staging/record.ts";
import type { Region } from "../../../../../staging/regions.ts";
import { startTestCloud, type TestCloud } from "../../../../support/cloud.ts";
import { createTable } from "../../../../support/tables.ts";
import { testId, testRecord } from "../../../records.ts";

const VARIABLES = ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SPAWN_HOME"] as const;

describe("The remains of an entry", () => {
  const saved = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));
  const id = testId(7);
  const other = testId(8);
  let cloud: TestCloud;
  let context: Context;
  let primary: Region;
  let second: Region;
  const bucketOf = async (region: Region) => (await context.settings()).buckets.get(region) ?? "";

  before(async () => {
    cloud = await startTestCloud();
    for (const name of VARIABLES) process.env[name] = cloud.env[name];
    context = new Context("dev", { onProgress: () => {}, done: () => {} });
    const { buckets, recordsTable, usageTable, regions } = await context.settings();
    [primary, second] = regions as unknown as [Region, Region];
    for (const [region, Bucket] of buckets) {
      const client = await context.s3(region);
      await client.send(new CreateBucketCommand({ Bucket }));
      await client.send(
        new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
      );
    }
    const dynamo = await context.dynamo();
    for (const TableName of [recordsTable, usageTable]) await createTable(dynamo, TableName, ["staging_id"]);
  });

  after(async () => {
    for (const name of VARIABLES) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
    await cloud?.stop();
  });

  const put = async (region: Region, key: string, body: string) =>
    (await context.s3(region)).send(
      new PutObjectCommand({ Bucket: await bucketOf(region), Key: key, Body: body }),
    );
  const row = async () => {
    const { client, settings } = await context.tables();
    const key = { staging_id: { S: id } };
    const { Item } = await client.send(new GetItemCommand({ TableName: settings.usageTable, Key: key }));
    return Item;
  };

  it("are empty for an unknown ID", async () => {
    expect(await findRemains(context, id)).to.deep.equal({
      ...{ id, places: [], record: undefined, openGeneration: undefined, accessPoints: [], unknown: [] },
    });
  });

  it("are found by ID alone, counted, removed, and searched for again", async () => {
    const bucket = await bucketOf(primary);
    const client = await context.s3(primary);
    await put(primary, `${id}/a`, "12345");
    await put(primary, `${id}/a`, "123");
    await put(second, `${id}/a`, "1");
    await (await context.s3(second)).send(
      new DeleteObjectCommand({ Bucket: await bucketOf(second), Key: `${id}/a` }),
    );
    await put(primary, `${other}/a`, "of another entry");
    const upload = { Bucket: bucket, Key: `${id}/big` };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
    await client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: "part of 15 B" }));
    const { client: dynamo, settings } = await context.tables();
    // A record that names a foreign bucket: names in a record have no effect.
    const record = testRecord({
      stagingId: id,
      buckets: ["not-ours", "not-ours-either"],
      // DynamoDB deletes expired items.
      uploadedAt: new Date(),
    });
    await dynamo.send(new PutItemCommand({ TableName: settings.recordsTable, Item: recordItem(record) }));
    const life = {
      ...{ staging_id: id, filename: "a", size_bytes: 3, regions: [primary, second], ttl_days: 7 },
      ...{ uploaded_at: "2026-01-01T00:00:00Z", opened_at: "2026-01-01T00:00:00Z" },
    };
    await dynamo.send(new PutItemCommand({ TableName: settings.usageTable, Item: marshall(life) }));
    const control = makeS3ControlClient(await context.clientConfig("S3_CONTROL", second));
    const point = { AccountId: "000000000000", Name: `spawn-${id}`, Bucket: await bucketOf(second) };
    await control.send(new CreateAccessPointCommand(point));
    control.destroy();

    const found = await findRemains(context, id);
    expect(found.places).to.deep.equal([
      { region: primary, bucket },
      { region: second, bucket: await bucketOf(second) },
    ]);
    expect(found.record).to.equal("unreadable");
    expect(found.openGeneration).to.have.property("filename", "a");
    expect(found.accessPoints).to.deep.equal([
      { region: second, accountId: "000000000000", name: `spawn-${id}` },
    ]);
    expect(isGone(found)).to.equal(false);

    await removeAllRemains(context, id);
    expect(isGone(await findRemains(context, id))).to.equal(true);
    expect((await row())?.["closed_at"]?.S).to.match(/^\d{4}-/);
    expect((await findRemains(context, other)).places).to.have.length(1);

    await reopenUsage(context, id);
    expect(await row()).to.not.have.property("closed_at");
    expect(isGone(await findRemains(context, id))).to.equal(false);
    await removeAllRemains(context, id);
    expect((await row())?.["closed_at"]?.S).to.match(/^\d{4}-/);
  });

  it("are removed even if the record cannot be read", async () => {
    const { client, settings } = await context.tables();
    const broken = marshall({ staging_id: id, regions: 5 });
    await client.send(new PutItemCommand({ TableName: settings.recordsTable, Item: broken }));
    expect(await findRemains(context, id)).to.have.property("record", "unreadable");
    await removeAllRemains(context, id);
    expect(isGone(await findRemains(context, id))).to.equal(true);
  });

  it("stay counted and listed if S3 refuses to delete some of them", async () => {
    const client = await context.s3(primary);
    const locked = "locked-half-way";
    await client.send(new CreateBucketCommand({ Bucket: locked, ObjectLockEnabledForBucket: true }));
    const key = { Bucket: locked, Key: `${id}/a` };
    await client.send(new PutObjectCommand({ ...key, Body: "1" }));
    await client.send(new PutObjectLegalHoldCommand({ ...key, LegalHold: { Status: "ON" } }));
    const { client: dynamo, settings } = await context.tables();
    const life = {
      ...{ staging_id: id, filename: "a", size_bytes: 1, regions: [primary], ttl_days: 7 },
      ...{ uploaded_at: "2026-01-01T00:00:00Z", opened_at: "2026-01-01T00:00:00Z" },
    };
    await dynamo.send(new PutItemCommand({ TableName: settings.usageTable, Item: marshall(life) }));
    const half = new Context("dev", { onProgress: () => {}, done: () => {} });
    half.settings = async () => ({
      ...settings,
      ...(await context.settings()),
      buckets: new Map([[primary, locked]]),
    });
    // The credentials cannot read the lock at first, so that the deletion begins.
    let asked = 0;
    const blind = await half.s3(primary);
    blind.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (commandName !== "GetObjectLockConfigurationCommand" || asked++ > 0) return next(args);
          throw Object.assign(new Error("denied"), {
            name: "AccessDenied",
            $metadata: { httpStatusCode: 403 },
          });
        },
      { step: "initialize" },
    );
    const engine = { command: "/no/engine", env: { PULUMI_BACKEND_URL: `file://${cloud.home}/none` } };
    await mkdir(join(cloud.home, "none/.pulumi"), { recursive: true });
    await writeFile(join(cloud.home, "none/.pulumi/meta.yaml"), "version: 1\n");
    const entry = {
      id,
      filename: "a",
      sizeBytes: 1,
      fileCount: 1,
      regions: [primary],
      uploadedAt: new Date(0),
    };
    const project = { ...engine, project: cloud.home };
    const error = await deleteEntry(half, project, entry, {}).catch((reason: unknown) => reason);
    expect(error).to.have.property("why").that.contains("has a legal hold. Locked data stay");
    expect(await row()).to.not.have.property("closed_at");
    expect([...(await deletionsBegun("dev"))]).to.deep.equal([id]);
    await client.send(new PutObjectLegalHoldCommand({ ...key, LegalHold: { Status: "OFF" } }));
    await deleteEntry(half, project, entry, {});
    expect((await row())?.["closed_at"]?.S).to.match(/^\d{4}-/);
    expect([...(await deletionsBegun("dev"))]).to.deep.equal([]);
  });

  it("are not reported as deleted while a place cannot be searched", async () => {
    const deaf = new Context("dev", { onProgress: () => {}, done: () => {} });
    deaf.store = () => Promise.reject(Object.assign(new Error("no way"), { code: "ECONNREFUSED" }));
    const found = await findRemains(deaf, id);
    expect(found.unknown).to.have.length(3);
    expect(found.unknown[0]?.message).to.contain(
      `the bucket ${await bucketOf(primary)} could not be searched`,
    );
    const error = await removeAllRemains(deaf, id).catch((reason: unknown) => reason);
    expect(error).to.have.property("message").that.contains(`it is not known whether ${id} is deleted`);
  });
});
