import grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import { expect } from "chai";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { EngineLog } from "../../../provider/plugin/engine-log.ts";

describe("EngineLog", () => {
  it("sends each message after the engine has the previous one, which could else arrive later", async () => {
    const events: string[] = [];
    const log: grpc.handleUnaryCall<engineProto.LogRequest, emptyProto.Empty> = ({ request }, callback) => {
      events.push(`begin ${request.getMessage()}`);
      // The engine handles calls concurrently, and the first takes longest.
      const delay = request.getMessage() === "1" ? 50 : 0;
      setTimeout(() => {
        events.push(`end ${request.getMessage()}`);
        callback(request.getMessage() === "2" ? new Error("lost") : null, new emptyProto.Empty());
      }, delay);
    };
    const server = new grpc.Server();
    server.addService(engineServices.EngineService, { log });
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    const engine = new EngineLog();
    try {
      engine.connect(`127.0.0.1:${port}`);
      for (const message of ["1", "2", "3"]) engine.log("debug", message);
      await engine.flush(60_000);
      expect(events).to.deep.equal(["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"]);
    } finally {
      engine.close();
      server.forceShutdown();
    }
  });

  it("does not wait for messages after its end", async () => {
    const engine = new EngineLog();
    engine.connect("127.0.0.1:9");
    engine.log("info", "lost");
    const flushed = engine.flush(60_000);
    engine.close();
    await flushed;
  });
});
