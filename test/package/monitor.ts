import grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/resource_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { ACCOUNT_ID, LOOKUPS } from "../components/recorder.ts";
import { struct } from "../provider/plugin/client.ts";

/** Outputs of the staging provider's resources, by type. */
const COMPUTED: Readonly<Record<string, Record<string, string | number>>> = {
  "staging:index:StagedData": {
    ...{ filename: "weights.pt", kind: "file", key: "stage-abc123def456/weights.pt", sizeBytes: 1_000 },
    ...{ fileCount: 1, sha256: "a1".repeat(32), manifestKey: "stage-abc123def456/.spawn-manifest.jsonl" },
    ...{ manifestSha256: "b2".repeat(32), partSizeBytes: 0, uploadedAt: "2024-01-22T10:30:15Z" },
  },
  "staging:index:Expiration": { ruleId: "spawn-ttl-7", removedAt: "2024-01-30T00:00:00Z" },
  "staging:index:SweepRun": {
    createdAt: "2024-01-22T10:30:00Z",
    deadlineAt: "2024-01-23T10:30:10Z",
    startedAt: "2024-01-22T10:30:10Z",
  },
  "staging:index:UsageRow": { openedAt: "2024-01-22T10:31:00Z" },
};

/** The engine's resource monitor of one stack: it registers each resource, with its inputs and computed outputs. */
export class Monitor {
  readonly requests: proto.RegisterResourceRequest[] = [];
  readonly #server = new grpc.Server();
  readonly #stack: string;

  constructor(stack: string) {
    this.#stack = stack;
  }

  /** @returns its address */
  async start(): Promise<string> {
    const register: grpc.handleUnaryCall<proto.RegisterResourceRequest, proto.RegisterResourceResponse> = (
      { request },
      callback,
    ) => {
      this.requests.push(request);
      const type = request.getType();
      const urn = `urn:pulumi:${this.#stack}::spawn::${type}::${request.getName()}`;
      const outputs = { ...request.getObject()?.toJavaScript(), ...COMPUTED[type] };
      const response = new proto.RegisterResourceResponse().setUrn(urn).setObject(struct(outputs));
      callback(null, response.setId(request.getCustom() ? `${request.getName()}-id` : ""));
    };
    const outputs: grpc.handleUnaryCall<proto.RegisterResourceOutputsRequest, emptyProto.Empty> = (
      _call,
      callback,
    ) => callback(null, new emptyProto.Empty());
    const invoke: grpc.handleUnaryCall<proto.ResourceInvokeRequest, proto.ResourceInvokeResponse> = (
      { request },
      callback,
    ) => {
      const args = request.getArgs()?.toJavaScript() ?? {};
      const answer = LOOKUPS[request.getTok()]?.(args) ?? { accountId: ACCOUNT_ID };
      callback(
        null,
        new proto.ResourceInvokeResponse().setReturn(struct(answer as Parameters<typeof struct>[0])),
      );
    };
    const supports: grpc.handleUnaryCall<proto.SupportsFeatureRequest, proto.SupportsFeatureResponse> = (
      _call,
      callback,
    ) => callback(null, new proto.SupportsFeatureResponse().setHassupport(true));
    this.#server.addService(services.ResourceMonitorService, {
      registerResource: register,
      registerResourceOutputs: outputs,
      invoke,
      supportsFeature: supports,
    });
    return new Promise((resolve, reject) =>
      this.#server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(`127.0.0.1:${port}`),
      ),
    );
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  get(type: string): proto.RegisterResourceRequest {
    const found = this.requests.find((request) => request.getType() === type);
    if (found === undefined) throw new Error(`no resource has the type ${type}`);
    return found;
  }
}
