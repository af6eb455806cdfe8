import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import errorsProto from "@pulumi/pulumi/proto/errors_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import { expect } from "chai";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { UNKNOWN } from "../../../provider/plugin/values.ts";
import { decodeErrorDetails } from "../../../staging/error-details.ts";
import { call, createRequest, failure, type RunningPlugin, startPlugin, struct, urnOf } from "./client.ts";

const TYPE = "test:index:Thing";
const FIXTURE = fileURLToPath(new URL("fixture.ts", import.meta.url));

/** The only detail of an error. @throws AssertionError if it is of another type */
function detailOf(error: grpc.ServiceError, type: string): Uint8Array {
  const [raw] = error.metadata.get("grpc-status-details-bin");
  const [detail] = statusProto.Status.deserializeBinary(raw as Buffer).getDetailsList();
  expect(detail?.getTypeName()).to.equal(type);
  return detail?.getValue_asU8() ?? Buffer.of();
}

const initFailure = (error: grpc.ServiceError): proto.ErrorResourceInitFailed =>
  proto.ErrorResourceInitFailed.deserializeBinary(detailOf(error, "pulumirpc.ErrorResourceInitFailed"));

/** The engine's side of the log. */
class LogSink {
  readonly messages: engineProto.LogRequest[] = [];
  readonly #server = new grpc.Server();

  async start(): Promise<string> {
    const log: grpc.handleUnaryCall<engineProto.LogRequest, emptyProto.Empty> = (received, callback) => {
      this.messages.push(received.request);
      callback(null, new emptyProto.Empty());
    };
    this.#server.addService(engineServices.EngineService, { log });
    return new Promise((resolve, reject) =>
      this.#server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(`127.0.0.1:${port}`),
      ),
    );
  }

  async until(found: (message: engineProto.LogRequest) => boolean): Promise<engineProto.LogRequest> {
    for (;;) {
      const message = this.messages.find(found);
      if (message) return message;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}

describe("servePlugin", () => {
  const engine = new LogSink();
  let plugin: RunningPlugin;

  before(async () => {
    plugin = await startPlugin([process.execPath, FIXTURE, await engine.start()]);
  });
  after(async () => {
    await plugin.stop();
    engine.stop();
  });

  it("supports previews and secrets, and has a version", async () => {
    const { client } = plugin;
    const hello = await call(client, "handshake", new proto.ProviderHandshakeRequest());
    expect(hello.toObject()).to.deep.equal(
      new proto.ProviderHandshakeResponse().setAcceptSecrets(true).toObject(),
    );
    const info = await call(client, "getPluginInfo", new emptyProto.Empty());
    expect(info.getVersion()).to.equal("1.2.3");
    const schema = await call(client, "getSchema", new proto.GetSchemaRequest());
    expect(schema.getSchema()).to.equal("{}");
    const configured = await call(client, "configure", new proto.ConfigureRequest());
    expect(configured.toObject()).to.deep.equal(
      new proto.ConfigureResponse().setSupportspreview(true).setAcceptsecrets(true).toObject(),
    );
    const config = struct({ region: "eu-west-1" });
    const checked = await call(client, "checkConfig", new proto.CheckRequest().setNews(config));
    expect(checked.getInputs()?.toJavaScript()).to.deep.equal({ region: "eu-west-1" });
    const differs = await call(client, "diffConfig", new proto.DiffRequest());
    expect(differs.getChanges()).to.equal(proto.DiffResponse.DiffChanges.DIFF_NONE);
  });

  it("completes inputs, keeps unknowns and reports problems by property", async () => {
    const check = (news: Record<string, string>) =>
      call(
        plugin.client,
        "check",
        new proto.CheckRequest().setType(TYPE).setUrn(urnOf(TYPE)).setNews(struct(news)),
      );
    const good = await check({ mode: UNKNOWN });
    expect(good.getInputs()?.toJavaScript()).to.deep.equal({ mode: UNKNOWN, defaulted: "yes" });
    expect(good.getFailuresList()).to.have.length(0);
    const bad = await check({ mode: "invalid" });
    expect(bad.getFailuresList().map((item) => item.toObject())).to.deep.equal([
      { property: "mode", reason: "is invalid" },
    ]);
    const details = engine.messages.map((message) => decodeErrorDetails(message.getMessage())?.message);
    expect(details).to.include("is invalid");
  });

  it("gives handlers plain values of secrets, and marks results as secret", async () => {
    const { client } = plugin;
    const secret = (value: string) => ({
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value,
    });
    const inputs = { name: secret("hidden"), size: 1 };
    const check = new proto.CheckRequest().setType(TYPE).setUrn(urnOf(TYPE)).setNews(struct(inputs));
    const checked = await call(client, "check", check);
    expect(checked.getInputs()?.toJavaScript()).to.deep.equal({ ...inputs, defaulted: "yes" });
    const created = await call(client, "create", createRequest(TYPE, inputs));
    expect(created.getProperties()?.toJavaScript()).to.deep.equal({ ...inputs, answer: 42 });
    const failed = createRequest(TYPE, { ...inputs, mode: secret("partial") });
    const error = await failure(call(client, "create", failed));
    expect(initFailure(error).getProperties()?.toJavaScript()).to.deep.equal({
      ...inputs,
      mode: secret("partial"),
      answer: 42,
    });
    const diff = new proto.DiffRequest().setType(TYPE).setOldInputs(struct(inputs));
    const same = diff.setOlds(struct({})).setNews(struct({ name: "hidden", size: 1 }));
    expect((await call(client, "diff", same)).getChanges()).to.equal(
      proto.DiffResponse.DiffChanges.DIFF_NONE,
    );
  });

  it("says for each input how it differs", async () => {
    const response = await call(
      plugin.client,
      "diff",
      new proto.DiffRequest()
        .setType(TYPE)
        .setOldInputs(struct({ name: "a", same: 1, gone: true, changed: 1 }))
        .setOlds(struct({ answer: 42 }))
        .setNews(struct({ name: "b", same: 1, changed: 2, added: null })),
    );
    const { Kind } = proto.PropertyDiff;
    expect(response.getReplacesList()).to.deep.equal(["name"]);
    expect(response.getDiffsList()).to.have.members(["name", "gone", "changed", "added"]);
    expect(response.getDeletebeforereplace()).to.equal(true);
    const kinds: [string, number][] = [];
    response.getDetaileddiffMap().forEach((diff, name) => {
      kinds.push([name, diff.getKind()]);
    });
    expect(Object.fromEntries(kinds)).to.deep.equal({
      name: Kind.UPDATE_REPLACE,
      gone: Kind.DELETE,
      changed: Kind.UPDATE,
      added: Kind.ADD,
    });
  });

  it("previews a creation and an update without performing them", async () => {
    const { client } = plugin;
    const created = await call(
      client,
      "create",
      createRequest(TYPE, { mode: "bug", list: [{ a: null }, UNKNOWN] }, { preview: true }),
    );
    expect(created.getId()).to.equal("");
    expect(created.getProperties()?.toJavaScript()).to.deep.equal({
      mode: "bug",
      list: [{ a: null }, UNKNOWN],
      answer: UNKNOWN,
      size: 3,
    });
    const updated = await call(
      client,
      "update",
      new proto.UpdateRequest()
        .setType(TYPE)
        .setPreview(true)
        .setOlds(struct({ kept: "k", answer: 42, name: "old" }))
        .setNews(struct({ name: "new" })),
    );
    expect(updated.getProperties()?.toJavaScript()).to.deep.equal({
      kept: "k",
      name: "new",
      answer: UNKNOWN,
    });
  });

  it("creates, reads, imports, updates, deletes, and runs a function", async () => {
    const { client } = plugin;
    const created = await call(client, "create", createRequest(TYPE, { name: "größer 名" }));
    expect(created.getId()).to.equal("made");
    expect(created.getProperties()?.toJavaScript()).to.deep.equal({ name: "größer 名", answer: 42 });
    const read = (id: string, inputs?: Record<string, string>) =>
      call(
        client,
        "read",
        new proto.ReadRequest()
          .setId(id)
          .setType(TYPE)
          .setInputs(inputs && struct(inputs)),
      );
    expect((await read("gone", { name: "a" })).getId()).to.equal("");
    expect((await read("there", { name: "a" })).getProperties()?.toJavaScript()).to.deep.equal({
      name: "a",
      answer: 42,
    });
    expect((await read("there")).getInputs()?.toJavaScript()).to.deep.equal({ imported: true });
    const update = new proto.UpdateRequest().setType(TYPE).setNews(struct({ name: "b" }));
    const updated = await call(client, "update", update);
    expect(updated.getProperties()?.toJavaScript()).to.deep.equal({ name: "b", answer: 43 });
    await call(client, "delete", new proto.DeleteRequest().setType(TYPE).setId("made"));
    const invoke = new proto.InvokeRequest().setTok("test:index:double").setArgs(struct({ value: 21 }));
    const invoked = await call(client, "invoke", invoke);
    expect(invoked.getReturn()?.toJavaScript()).to.deep.equal({ result: 42 });
  });

  it("receives and sends messages beyond gRPC's 4 MiB", async () => {
    const { client } = plugin;
    const text = "x".repeat(6_000_000);
    const created = await call(client, "create", createRequest(TYPE, { text }));
    expect(created.getProperties()?.toJavaScript()["text"]).to.equal(text);
  });

  it("reports the event, the cause and the fix to users, without a stack", async () => {
    const { client } = plugin;
    const input = await failure(call(client, "create", createRequest(TYPE, { mode: "bad input" })));
    expect(input.code).to.equal(grpc.status.INVALID_ARGUMENT);
    expect(input.details).to.equal("no such file\nWhy: It is not there.\nFix: Make it.");
    const bug = await failure(call(client, "create", createRequest(TYPE, { mode: "bug" })));
    expect(bug.details).to.equal("something is undefined");
    const stack = await engine.until((message) => message.getMessage().includes("TypeError"));
    expect(stack.getSeverity()).to.equal(engineProto.LogSeverity.DEBUG);
    const type = await failure(call(client, "create", createRequest("test:index:None", {})));
    const details = engine.messages.find((message) => message.getMessage().includes("It is not there."));
    expect(details?.toObject()).to.include({ urn: urnOf(TYPE), ephemeral: true });
    expect(decodeErrorDetails(details?.getMessage() ?? "")).to.include({
      ...{ message: "no such file", why: "It is not there.", fix: "Make it." },
    });
    expect(type.details).to.contain("test:index:None");
  });

  for (const [what, scope, fix] of [
    ["the command line", "lab.stage-abc123def456::spawn", "PATH --environment lab, with --ttl 7"],
    ["the environment", "lab::spawn", "PATH --environment lab, with ttl: 7"],
    ["another project, whose environment is unknown", "lab::mine", "PATH, with ttl: 7"],
  ])
    it(`names environment and options to users of ${what}`, async () => {
      const urn = `urn:pulumi:${scope}::${TYPE}::it`;
      for (const mode of ["words", "partial words"]) {
        const request = createRequest(TYPE, { mode }).setUrn(urn);
        const { details } = await failure(call(plugin.client, "create", request));
        expect(details).to.equal(`expired\nFix: spawn stage upload ${fix}`);
        const told = engine.messages
          .map((message) => decodeErrorDetails(message.getMessage()))
          .findLast((error) => error?.message === "expired");
        expect(told?.fix).to.equal(`spawn stage upload ${fix}`);
      }
    });

  it("keeps the state of an incomplete resource", async () => {
    const error = await failure(call(plugin.client, "create", createRequest(TYPE, { mode: "partial" })));
    const detail = initFailure(error);
    expect(detail.getId()).to.equal("half");
    expect(detail.getReasonsList()).to.deep.equal(["half of it is there"]);
    expect(detail.getProperties()?.toJavaScript()).to.deep.equal({ mode: "partial", answer: 42 });
  });

  it("fails a component after an error that no code caught, and keeps the other calls", async () => {
    const { client } = plugin;
    const other = failure(call(client, "create", createRequest(TYPE, { mode: "wait" })));
    await engine.until((message) => message.getMessage() === "waiting");
    const error = await failure(call(client, "construct", new proto.ConstructRequest().setName("rejects")));
    expect(error.details).to.equal("the plugin failed unexpectedly: no code handles this");
    await call(client, "cancel", new emptyProto.Empty());
    expect((await other).details).to.equal("interrupted");
    await call(client, "handshake", new proto.ProviderHandshakeRequest());
  });

  it("names the invalid properties of a component", async () => {
    const error = await failure(
      call(plugin.client, "construct", new proto.ConstructRequest().setName("invalid")),
    );
    expect(error.code).to.equal(grpc.status.INVALID_ARGUMENT);
    const detail = errorsProto.InputPropertiesError.deserializeBinary(
      detailOf(error, "pulumirpc.InputPropertiesError"),
    );
    expect(detail.getErrorsList().map((one) => one.toObject())).to.deep.equal([
      { propertyPath: "regions[1]", reason: "mars is no region" },
    ]);
  });

  it("fails the running calls after an exception that no code caught, and accepts later calls", async () => {
    const { client } = plugin;
    const error = await failure(call(client, "create", createRequest(TYPE, { mode: "uncaught" })));
    expect(error.details).to.equal("the plugin failed unexpectedly: an uncaught error");
    expect((await call(client, "create", createRequest(TYPE, {}))).getId()).to.equal("made");
  });

  it("ends a call after its timeout, with the time in its error", async () => {
    const { client } = plugin;
    const request = createRequest(TYPE, { mode: "wait" }, { timeout: 0.2 });
    const error = await failure(call(client, "create", request));
    expect(error.code).to.equal(grpc.status.CANCELLED);
    expect(error.details).to.equal("not finished within its timeout of 0.2 s");
    const progress = await engine.until((message) => message.getMessage() === "waiting");
    expect(progress.getEphemeral()).to.equal(true);
    expect(progress.getUrn()).to.equal(urnOf(TYPE));
  });

  it("cancels running and later calls until the next handshake", async () => {
    const { client } = plugin;
    engine.messages.length = 0;
    const running = failure(call(client, "create", createRequest(TYPE, { mode: "wait" })));
    await engine.until((message) => message.getMessage() === "waiting");
    await call(client, "cancel", new emptyProto.Empty());
    expect((await running).details).to.equal("interrupted");
    await call(client, "handshake", new proto.ProviderHandshakeRequest());
    expect((await call(client, "create", createRequest(TYPE, {}))).getId()).to.equal("made");
  });

  it("prints its port and nothing else", () => {
    expect(plugin.stdout()).to.match(/^\d+\n$/);
  });
});

describe("the end of a plugin", () => {
  let plugin: RunningPlugin;
  beforeEach(async () => {
    plugin = await startPlugin([process.execPath, FIXTURE]);
  });
  afterEach(() => plugin.stop());

  async function createAndWait(): Promise<void> {
    failure(call(plugin.client, "create", createRequest(TYPE, { mode: "wait" }))).catch(() => {});
    await plugin.wrote("waiting");
  }

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`after ${signal} lets running calls clean up first`, async () => {
      await createAndWait();
      plugin.process.kill(signal);
      expect(await plugin.exited).to.equal(0);
      expect(plugin.stderr()).to.contain("cleaned up");
    });
  }

  it("is immediate for an idle plugin", async () => {
    plugin.process.kill("SIGINT");
    expect(await plugin.exited).to.equal(0);
  });

  it("follows the engine's end, after running calls have cleaned up", async () => {
    await createAndWait();
    plugin.process.stdin?.end();
    expect(await plugin.exited).to.equal(0);
    expect(plugin.stderr()).to.contain("cleaned up");
  });
});
