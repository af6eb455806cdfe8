import grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/language_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/language_pb.js";
import type plugins from "@pulumi/pulumi/proto/plugin_pb.js";
import { expect } from "chai";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { hostProgram } from "../../../cli/engine/program-server.ts";

describe("hostProgram", () => {
  /** Calls of the engine to a program. `run` resolves with the error, if any. */
  function engine(address: string) {
    const client = new services.LanguageRuntimeClient(address, grpc.credentials.createInsecure());
    return {
      version: () =>
        new Promise<string>((resolve, reject) => {
          client.getPluginInfo(
            new empty.Empty(),
            (error: grpc.ServiceError | null, info: plugins.PluginInfo) =>
              error === null ? resolve(info.getVersion()) : reject(error),
          );
        }),
      requiredPlugins: () =>
        new Promise<number>((resolve, reject) => {
          client.getRequiredPlugins(
            new proto.GetRequiredPluginsRequest(),
            (error: grpc.ServiceError | null, response: proto.GetRequiredPluginsResponse) =>
              error === null ? resolve(response.getPluginsList().length) : reject(error),
          );
        }),
      run: () =>
        new Promise<string>((resolve) => {
          client.run(new proto.RunRequest(), (error: grpc.ServiceError | null) =>
            resolve(error?.details ?? "no error"),
          );
        }),
      close: () => client.close(),
    };
  }

  for (const [what, load, others] of [
    ["the program", () => Promise.reject(new Error("it is broken")), async () => undefined],
    ["another part", () => async () => undefined, () => Promise.reject(new Error("it is broken"))],
  ] as const) {
    it(`responds before the program is loaded, holds its run, and reports an error of ${what}`, async () => {
      const errors: unknown[] = [];
      const hosted = await hostProgram(load, (error) => errors.push(error));
      const client = engine(hosted.address);
      try {
        expect(await client.version()).to.equal("1.0.0");
        expect(await client.requiredPlugins()).to.equal(0);
        const run = client.run();
        // The run is in flight when this later call ends.
        await client.version();
        expect(errors).to.deep.equal([]);
        hosted.load(others());
        expect(await run).to.equal("it is broken");
        expect(errors.map(String)).to.deep.equal(["Error: it is broken"]);
      } finally {
        client.close();
        hosted.close();
      }
    });
  }
});
