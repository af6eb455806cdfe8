import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  HeadBucketCommand,
  PutBucketTaggingCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { Bucket } from "@pulumi/aws/s3/bucket.js";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { expect } from "chai";
import { errorOf } from "../../support/failure.ts";
import { type EngineCloud, expectNothingToDo, withEngineCloud } from "./engine-cloud.ts";
import { everyType, RESOURCES, type Settings } from "./engine-program.ts";

/*
 * The plugin under the real engine: bundled, started by its wrapper from PATH, with a program on @pulumi/aws.
 */
describe("aws plugin under the Pulumi engine", () => {
  const first: Settings = { prefix: "engine", ttlDays: 7, team: "genomics", hashKey: "id" };
  let west: S3Client;
  let newStack: EngineCloud["newStack"];
  let stack: Stack;
  let settings = first;

  withEngineCloud(async (engine) => {
    newStack = engine.newStack;
    const { endpoint, keys } = engine.cloud;
    west = new S3Client({ endpoint, region: "us-west-2", forcePathStyle: true, credentials: keys });
    stack = await newStack("main", () => everyType(settings));
    return [west];
  });

  it("previews a program with unknown values", async () => {
    const { changeSummary } = await stack.preview();
    expect(changeSummary).to.deep.equal({ create: RESOURCES });
  });

  it("creates every type", async () => {
    const { summary, outputs } = await stack.up();
    expect(summary.resourceChanges).to.deep.equal({ create: RESOURCES });
    expect(outputs["account"]?.value).to.match(/^\d{12}$/);
    expect(outputs["point"]?.value).to.match(/s3alias$/);
  });

  it("finds no change in a refresh and a later update", async () => {
    await expectNothingToDo(stack, RESOURCES);
  });

  it("updates properties in place where AWS can", async () => {
    settings = { ...first, ttlDays: 30, team: "physics" };
    const { summary } = await stack.up();
    // Tags of two buckets, a role and a table; the lifecycle and the item.
    expect(summary.resourceChanges).to.deep.equal({ update: 6, same: RESOURCES - 6 });
    await expectNothingToDo(stack, RESOURCES);
  });

  it("shows and reverts manual changes", async () => {
    const Bucket = "engine-us-west-2";
    await west.send(new DeleteBucketPolicyCommand({ Bucket }));
    await west.send(
      new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: "who", Value: "me" }] } }),
    );
    const refreshed = await stack.refresh();
    expect(refreshed.summary.resourceChanges).to.deep.equal({ delete: 1, update: 1, same: RESOURCES - 2 });
    const { summary } = await stack.up();
    expect(summary.resourceChanges).to.deep.equal({ create: 1, update: 1, same: RESOURCES - 2 });
    expect((await west.send(new GetBucketPolicyCommand({ Bucket }))).Policy).to.include("s3:GetObject");
    await stack.refresh({ expectNoChanges: true });
  });

  it("replaces a table whose key changes, and the resources that depend on it", async () => {
    settings = { ...settings, hashKey: "entry" };
    const { summary } = await stack.up();
    expect(summary.resourceChanges).to.deep.equal({ replace: 2, same: RESOURCES - 2 });
    await stack.refresh({ expectNoChanges: true });
  });

  it("adopts an existing bucket", async () => {
    await west.send(
      new CreateBucketCommand({
        Bucket: "made-by-hand",
        CreateBucketConfiguration: { LocationConstraint: "us-west-2" },
      }),
    );
    const args = { bucket: "made-by-hand", region: "us-west-2" };
    const adopting = await newStack("adopting", () => ({
      arn: new Bucket("adopted", args, { import: "made-by-hand@us-west-2", retainOnDelete: true }).arn,
    }));
    const { summary, outputs } = await adopting.up();
    expect(summary.resourceChanges).to.deep.equal({ import: 1, create: 1 });
    expect(outputs["arn"]?.value).to.equal("arn:aws:s3:::made-by-hand");
    await adopting.refresh({ expectNoChanges: true });
    await adopting.up({ expectNoChanges: true });
    await adopting.destroy({ remove: true });
    await west.send(new HeadBucketCommand({ Bucket: "made-by-hand" }));
  });

  it("refuses bad input before any creation, and names the property", async () => {
    const bad = await newStack("bad", () => ({ it: new Bucket("bad", { bucket: "No_Bucket" }).id }));
    const { message } = await errorOf(bad.up());
    expect(message).to.include('"No_Bucket" must be lower-case letters');
    expect(message).to.match(/property (?:path )?"?bucket/);
    await bad.destroy({ remove: true });
  });

  it("destroys all resources", async () => {
    const { summary } = await stack.destroy({ remove: true });
    expect(summary.resourceChanges).to.deep.equal({ delete: RESOURCES });
    const error = await errorOf(west.send(new HeadBucketCommand({ Bucket: "engine-us-west-2" })));
    expect(error).to.have.property("name", "NotFound");
  });
});
