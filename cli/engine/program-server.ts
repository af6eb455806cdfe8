import * as grpc from "@grpc/grpc-js";
import type { PulumiFn } from "@pulumi/pulumi/automation/workspace.js";
import { serveEngine } from "../../connection/engine-port.ts";
import { UserError } from "../../staging/errors.ts";

/** What is used of the SDK's own server for inline programs; the SDK keeps the class out of its declarations. */
interface ProgramServer {
  onPulumiExit(hasError: boolean): void;
}
type ProgramServerModule = {
  LanguageServer: new (program: PulumiFn) => ProgramServer & grpc.UntypedServiceImplementation;
};

export interface HostedProgram {
  /** The engine's `--client` argument. */
  readonly address: string;
  close(): void;
}

/** What {@link hostProgram} needs of the SDK: a tenth of a second, that can pass while the engine makes a stack. */
export function loadProgramServer() {
  return Promise.all([
    // The declaration files leave these internal modules empty.
    import("@pulumi/pulumi/automation/server.js" as string) as Promise<{ default: ProgramServerModule }>,
    import("@pulumi/pulumi/proto/language_grpc_pb.js" as string) as Promise<{
      default: { LanguageRuntimeService: grpc.ServiceDefinition };
    }>,
    import("@pulumi/pulumi/runtime/index.js" as string) as Promise<{
      default: { grpcChannelOptions: grpc.ChannelOptions };
    }>,
  ]);
}

/**
 * Serves a Pulumi program that lives in this process to the engine.
 * @param onRefusal called with each error for users that the program throws, before the engine makes text of it
 *
 * `Stack.up` of the Automation API does the same and then starts the engine three more times, for outputs and history
 * that the event stream has already told; at 0.3 s each that is most of a small update.
 */
export async function hostProgram(
  program: PulumiFn,
  onRefusal: (error: UserError) => void = () => undefined,
): Promise<HostedProgram> {
  const [module, service, runtime] = await loadProgramServer();
  const server = new grpc.Server(runtime.default.grpcChannelOptions);
  const report = (error: unknown): void => {
    const refusal = error instanceof Error && !(error instanceof UserError) ? error.cause : error;
    if (refusal instanceof UserError) onRefusal(refusal);
  };
  const onRejection = (error: unknown): void => {
    report(error);
    if (process.listenerCount("unhandledRejection") === 1) throw error; // the SDK does not listen any more
  };
  const host = new module.default.LanguageServer(async () => {
    try {
      return await program();
    } catch (error) {
      report(error);
      throw error;
    }
  });
  // What a component throws once an output is known; the SDK's own listener tells the engine.
  process.on("unhandledRejection", onRejection);
  server.addService(service.default.LanguageRuntimeService, host);
  const { port, close } = await serveEngine(server);
  return {
    address: `127.0.0.1:${port}`,
    close: () => {
      process.off("unhandledRejection", onRejection);
      close();
    },
  };
}
