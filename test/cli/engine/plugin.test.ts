import grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { expect } from "chai";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { type StartedPlugin, startPlugin } from "../../../cli/engine/plugin.ts";
import { packageRoot } from "../../../package-root.ts";
import { call } from "../../provider/plugin/client.ts";

describe("startPlugin", () => {
  const start = (env: NodeJS.ProcessEnv = {}, project = packageRoot(), signal?: AbortSignal) =>
    startPlugin({ command: "pulumi", env: { ...process.env, ...env }, project }, signal);
  /** Connects at once, as an engine that is faster than the plugin. */
  async function version(plugin: StartedPlugin): Promise<string> {
    const port = plugin.env["PULUMI_DEBUG_PROVIDERS"]?.split(":").at(-1);
    const client = new services.ResourceProviderClient(
      `127.0.0.1:${port}`,
      grpc.credentials.createInsecure(),
    );
    try {
      return (await call(client, "getPluginInfo", new empty.Empty())).getVersion();
    } finally {
      client.close();
    }
  }
  const code = (plugin: StartedPlugin) =>
    version(plugin).then(
      () => undefined,
      (error: grpc.ServiceError) => error.code,
    );

  it("starts a plugin that serves the port from the start, until it stops", async () => {
    const plugin = await start();
    expect(await version(plugin)).to.match(/^\d+\.\d+\.\d+$/);
    await plugin.ready;
    await plugin.stop();
    expect(await code(plugin)).to.equal(grpc.status.UNAVAILABLE);
    expect(plugin.stderr()).to.equal("");
  });

  it("keeps the user's own attached plugins", async () => {
    const plugin = await start({ PULUMI_DEBUG_PROVIDERS: "aws:4711" });
    expect(plugin.env["PULUMI_DEBUG_PROVIDERS"]).to.match(/^aws:4711,staging:\d+$/);
    await plugin.stop();
  });

  it("ends the wait on abort", async () => {
    const abort = new AbortController();
    const plugin = await start({}, packageRoot(), abort.signal);
    abort.abort();
    const failure: unknown = await plugin.ready.catch((error: unknown) => error);
    expect(failure).to.include({ message: "interrupted", exitCode: 130 });
    await plugin.stop();
  });

  it("closes the port, and gives the reason, if the plugin cannot start", async () => {
    const broken = await start({ NODE_OPTIONS: "--no-such-option" });
    const missing = await start({}, "/no/such/folder");
    for (const [plugin, reason] of [
      [broken, "--no-such-option"],
      [missing, "ENOENT"],
    ] as const) {
      const failure: unknown = await plugin.ready.catch((error: unknown) => error);
      expect(failure).to.have.property("message", "the staging plugin ended at its start");
      expect(failure).to.have.property("why").that.contains(reason);
      expect(await code(plugin)).to.equal(grpc.status.UNAVAILABLE);
      await plugin.stop();
    }
  });
});
