import type { IncomingMessage } from "node:http";
import { PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { Server } from "../../../local/aws-plugin/sdk/call.ts";
import { dynamodb } from "../../../local/aws-plugin/sdk/dynamodb.ts";
import { type AnyResourceHandler, PartialFailure, type Properties } from "../../../provider/plugin/types.ts";
import { UserError } from "../../../staging/errors.ts";
import { startTestCloud } from "../../support/cloud.ts";
import { errorOf } from "../../support/failure.ts";
import { caseOf } from "./cases/index.ts";
import { checked, createNeeds, handlerOf, setEnvironment, testContext, withEnvironment } from "./handlers.ts";
import { type LossyProxy, startLossyProxy } from "./lossy-proxy.ts";

/*
 * Failures between the plugin and AWS: lost responses, existing resources, partial creations, no endpoint.
 */
describe("aws plugin after failures", () => {
  let proxy: LossyProxy;
  withEnvironment(async () => {
    const cloud = await startTestCloud();
    proxy = await startLossyProxy(cloud.endpoint);
    const stop = async () => {
      await proxy.stop();
      await cloud.stop();
    };
    return { endpoint: proxy.endpoint, keys: cloud.keys, stop };
  });

  const target = (operation: string) => (request: IncomingMessage) =>
    String(request.headers["x-amz-target"]).endsWith(`.${operation}`);
  const put = (path: RegExp) => (request: IncomingMessage) =>
    request.method === "PUT" && path.test(request.url ?? "");
  const post = (request: IncomingMessage) => request.method === "POST";

  const writes: [name: string, matches: (request: IncomingMessage) => boolean][] = [
    ["Bucket", put(/^\/conf-bucket\/?$/)],
    ["AccessPoint", put(/\/accesspoint\/conf-point$/)],
    ["Role", post],
    ["InstanceProfile", post],
    ["SecurityGroup", post],
    ["LaunchTemplate", post],
    ["Group of one template, without what else can be declared", post],
    ["Table", target("CreateTable")],
    ["TableItem", target("PutItem")],
  ];

  for (const [name, matches] of writes) {
    it(`${name}: recognises its own resource after a lost response to the creation`, async () => {
      const { handler, inputs, tidy } = await prepared(name);
      const before = proxy.lost();
      proxy.loseNext(matches);
      const { id, outputs } = await handler.create(inputs, testContext());
      expect(proxy.lost()).to.equal(before + 1);
      await handler.delete(id, outputs, testContext());
      await tidy();
    });

    it(`${name}: does not adopt a foreign resource`, async () => {
      const { handler, inputs, tidy } = await prepared(name);
      const { id, outputs } = await handler.create(inputs, testContext());
      const error = await errorOf(handler.create(inputs, testContext()));
      expect(error).to.be.instanceOf(UserError);
      expect(error.message).to.match(/already|exists|in use/i);
      await handler.delete(id, outputs, testContext());
      await tidy();
    });
  }

  it("TableItem: a lost response does not hide that another program owns the item", async () => {
    const { handler, inputs, tidy } = await prepared("TableItem");
    const call = new Server().callIn("us-west-2", testContext());
    const Item = { id: { S: "stage|1" }, mine: { BOOL: true } };
    await dynamodb(call).send(new PutItemCommand({ TableName: "conf-items", Item }));
    proxy.loseNext(target("PutItem"));
    const error = await errorOf(handler.create(inputs, testContext()));
    expect(error.message).to.equal("the table conf-items has an item with the key id|stage|1 already");
    const theirs = { ...inputs, item: '{"id":{"S":"stage|1"}}' };
    const read = await handler.read("conf-items|id|stage|1", theirs, theirs, testContext());
    expect(JSON.parse(read?.outputs.item)).to.deep.equal(Item);
    await handler.delete("conf-items|id|stage|1", theirs, testContext());
    await tidy();
  });

  it("TableItem: an update keeps attributes that others add, until a refresh shows them", async () => {
    const { handler, inputs, tidy } = await prepared("TableItem");
    const { id, outputs } = await handler.create(inputs, testContext());
    const call = new Server().callIn("us-west-2", testContext());
    await dynamodb(call).send(
      new UpdateItemCommand({
        TableName: "conf-items",
        Key: { id: { S: "stage|1" } },
        UpdateExpression: "ADD downloads :one",
        ExpressionAttributeValues: { ":one": { N: "1" } },
      }),
    );
    const news = { ...inputs, item: JSON.stringify({ ...JSON.parse(outputs.item), size: { N: "2" } }) };
    const updated = await handler.update?.(id, outputs, news, testContext());
    expect(JSON.parse(updated.item)).to.deep.include({ downloads: { N: "1" }, size: { N: "2" } });

    const read = await handler.read(id, news, updated, testContext());
    expect((await handler.diff(id, read?.inputs, read?.outputs, news)).updates).to.deep.equal(["item"]);
    const repaired = await handler.update?.(id, read?.outputs, news, testContext());
    expect(repaired.item).to.equal(news.item);
    await handler.delete(id, repaired, testContext());
    await tidy();
  });

  it("keeps a partially created resource in the state, and resumes it", async () => {
    const { handler, inputs } = await inputsOf("Table");
    const controller = new AbortController();
    proxy.loseNext((request) => {
      if (target("UpdateTimeToLive")(request)) controller.abort(new Error("interrupted"));
      return false;
    });
    const error = await errorOf(handler.create(inputs, testContext(controller.signal)));
    expect(error).to.be.instanceOf(PartialFailure);
    const { id, outputs } = error as PartialFailure;
    expect(id).to.equal("conf-table");
    expect(outputs).to.include({ name: "conf-table", region: "us-west-2" });
    const whole = await handler.update?.(id, outputs, inputs, testContext());
    expect(whole.ttl).to.deep.equal({ attributeName: "expires", enabled: true });
    expect(whole.pointInTimeRecovery.enabled).to.equal(true);
    await handler.delete(id, whole, testContext());
  });

  it("resumes a group without its rules, processes or role", async () => {
    for (const [name, posts] of [
      ["SecurityGroup", 3], // the group, its first reading, then AWS's default rules
      ["Group that suspends", 2],
      ["InstanceProfile", 2],
    ] as const) {
      const { handler, inputs, tidy } = await prepared(name);
      const controller = new AbortController();
      let sent = 0;
      proxy.watch((request) => {
        if (!post(request)) return;
        sent += 1;
        if (sent === posts) controller.abort(new Error("interrupted"));
      });
      const error = await errorOf(handler.create(inputs, testContext(controller.signal)));
      proxy.watch(() => undefined);
      expect(error, name).to.be.instanceOf(PartialFailure);
      const { id, outputs } = error as PartialFailure;
      const whole = await handler.update?.(id, outputs, inputs, testContext());
      const read = await handler.read(id, inputs, whole, testContext());
      expect(read, name).to.deep.equal({ id, inputs, outputs: whole });
      await handler.delete(id, whole, testContext());
      await tidy();
    }
  });

  it("reports at once that a group cannot start its instances", async () => {
    const { handler, inputs, tidy } = await prepared(
      "Group of one template, without what else can be declared",
    );
    const { id, outputs } = await handler.create(inputs, testContext());
    const error = await errorOf(handler.update?.(id, outputs, { ...inputs, minSize: 1 }, testContext()));
    expect(error).to.be.instanceOf(UserError);
    expect(error.message).to.equal(`the Auto Scaling group ${id} cannot start its instances`);
    expect((error as UserError).why).to.match(/IMAGE/); // AWS has no such image
    await handler.delete(id, outputs, testContext());
    await tidy();
  });

  it("reports the cause and fix of a partial failure on separate lines", async () => {
    const { handler, inputs } = await inputsOf("Table");
    const isTimeToLive = target("UpdateTimeToLive");
    // Every attempt loses its response.
    const lose = () =>
      proxy.loseNext((request) => {
        if (!isTimeToLive(request)) return false;
        setImmediate(lose);
        return true;
      });
    lose();
    const error = await errorOf(handler.create(inputs, testContext()));
    proxy.loseNext(() => false);
    expect(error).to.be.instanceOf(PartialFailure);
    const { id, outputs, message } = error as PartialFailure;
    expect(message).to.match(/\nWhy: .+\nFix: spawn local up, then run the command again$/);
    await handler.delete(id, outputs, testContext());
  });

  it("reports a missing resource with a fix", async () => {
    const { handler, inputs } = await inputsOf("Bucket");
    const error = await errorOf(
      handler.update?.("conf-bucket", { ...inputs, region: "us-west-2" }, inputs, testContext()),
    );
    expect(error.message).to.equal('the bucket "conf-bucket" is gone');
    expect((error as UserError).fix).to.include("pulumi refresh");
  });

  const unset: [string, Record<string, string | undefined>, RegExp][] = [
    ["no endpoint", { AWS_ENDPOINT_URL: undefined }, /^AWS_ENDPOINT_URL is not set$/],
    ["no keys", { AWS_ACCESS_KEY_ID: "" }, /^AWS_ACCESS_KEY_ID is not set$/],
    ["no region", { AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined }, /^no region for the bucket$/],
    [
      "an endpoint that does not answer",
      { AWS_ENDPOINT_URL: "http://127.0.0.1:1" },
      /^creating the bucket "conf-plain": http:\/\/127\.0\.0\.1:1 is not answering$/,
    ],
  ];
  for (const [what, variables, message] of unset) {
    it(`names the missing setting: ${what}`, async () => {
      const handler = await handlerOf("aws:s3/bucket:Bucket");
      const restore = setEnvironment(variables);
      try {
        const error = await errorOf(handler.create({ bucket: "conf-plain" }, testContext()));
        expect(error).to.be.instanceOf(UserError);
        expect(error.message).to.match(message);
        expect((error as UserError).fix).to.match(/spawn|AWS_ENDPOINT_URL/);
      } finally {
        restore();
      }
    });
  }
});

async function inputsOf(name: string): Promise<{ handler: AnyResourceHandler; inputs: Properties }> {
  const { type, inputs } = caseOf(name);
  const handler = await handlerOf(type);
  return { handler, inputs: await checked(handler, inputs) };
}

/** The handler and inputs of a case, after the creation of its prerequisites. */
async function prepared(name: string) {
  const tidy = await createNeeds(caseOf(name));
  return { ...(await inputsOf(name)), tidy };
}
