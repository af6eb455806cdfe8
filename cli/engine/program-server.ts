import * as grpc from "@grpc/grpc-js";
import type { PulumiFn } from "@pulumi/pulumi/automation/workspace.js";
import type { ILanguageRuntimeServer } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import { ANY_MESSAGE_SIZE, serveEngine } from "../../connection/engine-port.ts";
import { describeError, UserError } from "../../staging/errors.ts";

/** The SDK's server for inline programs, as far as it is used. The SDK does not declare the class. */
type ProgramServerModule = {
  LanguageServer: new (program: PulumiFn) => Pick<ILanguageRuntimeServer, "run">;
};

interface HostedProgram {
  /** The engine's `--client` argument. */
  readonly address: string;
  /**
   * Loads Pulumi's SDK and the program, which takes 0.2 s. The engine's call that runs the program waits for both, and for `others`. If
   * one of them fails, the call fails.
   */
  load(others: Promise<unknown>): void;
  close(): void;
}

/** The SDK declares no types for this internal module. */
const loadSdk = () =>
  import("@pulumi/pulumi/automation/server.js" as string) as Promise<{ default: ProgramServerModule }>;

/** The protocol only, without the SDK. */
const loadProtocol = () =>
  Promise.all([
    import("@pulumi/pulumi/proto/language_grpc_pb.js"),
    import("@pulumi/pulumi/proto/language_pb.js"),
    import("@pulumi/pulumi/proto/plugin_pb.js"),
  ]);

/**
 * Serves a Pulumi program that lives in this process to the engine. The engine calls this server soon after its start, and runs the program
 * only later, so this process loads the SDK and the program while the engine starts.
 * @param onError receives each UserError that the program throws, before the engine turns it into text, and each error of `load`
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
  const loadHost = async (others: Promise<unknown>) => {
    const [sdk, program] = await Promise.all([loadSdk(), loadProgram(), others]);
    return new sdk.default.LanguageServer(async () => {
      try {
        return await program();
      } catch (error) {
        report(error);
        throw error;
      }
    });
  };
  let startLoading: (others: Promise<unknown>) => void = () => undefined;
  const loaded = new Promise<Promise<unknown>>((resolve) => {
    startLoading = resolve;
  }).then(loadHost);
  loaded.catch(onError);

  const [{ default: services }, { default: proto }, { default: plugins }] = await loadProtocol();
  const server = new grpc.Server(ANY_MESSAGE_SIZE);
  const service: Pick<ILanguageRuntimeServer, "getPluginInfo" | "getRequiredPlugins" | "run"> = {
    getPluginInfo: (_call, callback) => callback(null, new plugins.PluginInfo().setVersion("1.0.0")),
    getRequiredPlugins: (_call, callback) => callback(null, new proto.GetRequiredPluginsResponse()),
    run: (call, callback) => {
      loaded.then(
        // The engine may have ended meanwhile.
        (host) => call.cancelled || host.run(call, callback),
        (error: unknown) => callback({ code: grpc.status.INTERNAL, details: describeError(error) }),
      );
    },
  };
  server.addService(services.LanguageRuntimeService, service);
  // For errors thrown inside `apply`. The SDK's own listener reports them to the engine.
  process.on("unhandledRejection", onRejection);
  const { port, close } = await serveEngine(server);
  return {
    address: `127.0.0.1:${port}`,
    load: startLoading,
    close: () => {
      process.off("unhandledRejection", onRejection);
      close();
    },
  };
}
