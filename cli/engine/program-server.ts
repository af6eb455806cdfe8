import * as grpc from "@grpc/grpc-js";
import type { PulumiFn } from "@pulumi/pulumi/automation/workspace.js";
import { serveEngine } from "../../connection/engine-port.ts";
import { UserError } from "../../staging/errors.ts";

/** The used part of the SDK's server for inline programs. The SDK does not declare the class. */
interface ProgramServer {
  onPulumiExit(hasError: boolean): void;
}
type ProgramServerModule = {
  LanguageServer: new (program: PulumiFn) => ProgramServer & grpc.UntypedServiceImplementation;
};

interface HostedProgram {
  /** The engine's `--client` argument. */
  readonly address: string;
  /** Loads Pulumi's SDK and the program, which takes 0.2 s. The engine's calls wait for them. */
  load(): void;
  close(): void;
}

const loadSdk = () =>
  Promise.all([
    // The SDK declares no types for these internal modules.
    import("@pulumi/pulumi/automation/server.js" as string) as Promise<{ default: ProgramServerModule }>,
    import("@pulumi/pulumi/proto/language_grpc_pb.js" as string) as Promise<{
      default: { LanguageRuntimeService: grpc.ServiceDefinition };
    }>,
    import("@pulumi/pulumi/runtime/index.js" as string) as Promise<{
      default: { grpcChannelOptions: grpc.ChannelOptions };
    }>,
  ]);

/**
 * Serves a Pulumi program that lives in this process to the engine. The engine needs the address at its start and the program only later,
 * so this process loads both while the engine starts.
 * @param onError receives each UserError that the program throws, before the engine turns it into text, and an error of the loading
 *
 * `Stack.up` of the Automation API does the same, and then starts the engine three more times (0.3 s each) for outputs and history,
 * which the event stream already contains.
 */
export async function hostProgram(
  loadProgram: () => PulumiFn | Promise<PulumiFn>,
  onError: (error: unknown) => void = () => undefined,
): Promise<HostedProgram> {
  const report = (error: unknown): void => {
    const refusal = error instanceof Error && !(error instanceof UserError) ? error.cause : error;
    if (refusal instanceof UserError) onError(refusal);
  };
  const onRejection = (error: unknown): void => {
    report(error);
    if (process.listenerCount("unhandledRejection") === 1) throw error; // the SDK has removed its listener
  };
  const serve = async (): Promise<grpc.Server> => {
    const [[module, service, runtime], program] = await Promise.all([loadSdk(), loadProgram()]);
    const host = new module.default.LanguageServer(async () => {
      try {
        return await program();
      } catch (error) {
        report(error);
        throw error;
      }
    });
    const server = new grpc.Server(runtime.default.grpcChannelOptions);
    server.addService(service.default.LanguageRuntimeService, host);
    return server;
  };
  // For errors thrown inside `apply`. The SDK's own listener reports them to the engine.
  process.on("unhandledRejection", onRejection);
  let load: (server: Promise<grpc.Server>) => void = () => undefined;
  const server = new Promise<grpc.Server>((resolve) => {
    load = resolve;
  });
  const { port, close } = await serveEngine(server);
  return {
    address: `127.0.0.1:${port}`,
    load: () => {
      const loaded = serve();
      loaded.catch(onError);
      load(loaded);
    },
    close: () => {
      process.off("unhandledRejection", onRejection);
      close();
    },
  };
}
