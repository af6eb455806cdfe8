import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import grpc from "@grpc/grpc-js";
import services, { type IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import structs from "google-protobuf/google/protobuf/struct_pb.js";

type Client = InstanceType<typeof services.ResourceProviderClient>;

/** A plugin process, started like the engine does, with the engine's side of the protocol. */
export interface RunningPlugin {
  readonly process: ChildProcess;
  readonly client: Client;
  /** Milliseconds from the start of the process until it printed its port. */
  readonly startMs: number;
  /** The plugin's stderr. */
  stderr(): string;
  /** Waits for a text on the plugin's stderr. */
  wrote(text: string): Promise<void>;
  /** The plugin's stdout, also after the port. */
  stdout(): string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exited: Promise<number | string | null>;
  stop(): Promise<void>;
}

/** @param command program and arguments; the engine's address, if any, goes last */
export async function startPlugin(
  command: readonly [string, ...string[]],
  env = process.env,
): Promise<RunningPlugin> {
  const started = performance.now();
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], env });
  let stdout = "";
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exited = once(child, "exit").then(([code, signal]) => (code ?? signal) as number | string | null);
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (stdout.includes("\n")) resolve(stdout.trim());
    });
    void exited.then((code) => reject(new Error(`the plugin ended with ${code}: ${stderr}`)));
  });
  const startMs = performance.now() - started;
  const client = new services.ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
  });
  return {
    process: child,
    client,
    startMs,
    stderr: () => stderr,
    wrote: async (text) => {
      while (!stderr.includes(text)) await once(child.stderr, "data");
    },
    stdout: () => stdout,
    exited,
    stop: async () => {
      client.close();
      child.kill("SIGKILL");
      await exited;
    },
  };
}

type Methods = {
  [Name in keyof Client & keyof IResourceProviderServer as string extends Name ? never : Name]: Name;
};
type Method = Exclude<keyof Methods, "list">;
type Request<M extends Method> =
  IResourceProviderServer[M] extends grpc.handleUnaryCall<infer Q, infer _> ? Q : never;
type Response<M extends Method> =
  IResourceProviderServer[M] extends grpc.handleUnaryCall<infer _, infer R> ? R : never;

/** Calls a unary method. @throws the ServiceError */
export function call<M extends Method>(client: Client, method: M, request: Request<M>): Promise<Response<M>> {
  return new Promise((resolve, reject) => {
    const send = client[method] as unknown as (
      request: Request<M>,
      callback: (error: grpc.ServiceError | null, response: Response<M>) => void,
    ) => void;
    send.call(client, request, (error, response) => (error ? reject(error) : resolve(response)));
  });
}

/** The error of a call that must fail. */
export async function failure(promise: Promise<unknown>): Promise<grpc.ServiceError> {
  try {
    await promise;
  } catch (error) {
    return error as grpc.ServiceError;
  }
  throw new Error("the call succeeded");
}

export const struct = (value: Parameters<typeof structs.Struct.fromJavaScript>[0]): structs.Struct =>
  structs.Struct.fromJavaScript(value);

export const urnOf = (type: string): string => `urn:pulumi:dev::spawn::${type}::it`;

export function createRequest(
  type: string,
  inputs: Parameters<typeof structs.Struct.fromJavaScript>[0],
  options: { preview?: boolean; timeout?: number } = {},
): proto.CreateRequest {
  return new proto.CreateRequest()
    .setUrn(urnOf(type))
    .setType(type)
    .setProperties(struct(inputs))
    .setPreview(options.preview ?? false)
    .setTimeout(options.timeout ?? 0);
}
