import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { type Call, Server } from "../../../../local/aws-plugin/sdk/call.ts";
import { s3 } from "../../../../local/aws-plugin/sdk/s3.ts";
import type { AnyResourceHandler } from "../../../../provider/plugin/types.ts";
import { startTestCloud } from "../../../support/cloud.ts";
import { errorOf } from "../../../support/failure.ts";
import { handlerOf, testContext, withEnvironment } from "../handlers.ts";

describe("deletion of a bucket that is not empty", () => {
  withEnvironment(startTestCloud);

  const bucket = "full";
  const inputs = { bucket, region: "eu-west-1" };
  let handler: AnyResourceHandler;
  let call: Call;

  before("fill a bucket with versions and a delete marker", async () => {
    handler = await handlerOf("aws:s3/bucket:Bucket");
    call = new Server().callIn(inputs.region, testContext());
    await handler.create(inputs, testContext());
    const client = s3(call);
    await client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
    for (const Key of ["a b/ü&<", "plain", "plain"]) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: "x" }));
    }
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: "plain" }));
  });

  it("fails without forceDestroy and leaves everything", async () => {
    const { message } = await errorOf(
      handler.delete(bucket, { ...inputs, forceDestroy: false }, testContext()),
    );
    expect(message).to.equal("the bucket full is not empty");
    const { Versions, DeleteMarkers } = await s3(call).send(
      new ListObjectVersionsCommand({ Bucket: bucket }),
    );
    expect([Versions?.length, DeleteMarkers?.length]).to.deep.equal([3, 1]);
  });

  it("removes every version and marker with forceDestroy", async () => {
    await handler.delete(bucket, { ...inputs, forceDestroy: true }, testContext());
    expect(await handler.read(bucket, inputs, { ...inputs }, testContext())).to.equal(undefined);
  });
});
