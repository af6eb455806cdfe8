import grpc from "@grpc/grpc-js";
import type { ILanguageRuntimeServer } from "@pulumi/pulumi/proto/language_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/language_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { messageOf } from "../../staging/errors.ts";
import { installDependencies, listDependencies } from "./dependencies.ts";
import { type RunningProgram, requestedProgram, startProgram } from "./program.ts";

/** Loaded on demand, because each command waits for the start of this process. */
const loadProject = () => import("./project.ts");

type Handlers = Partial<ILanguageRuntimeServer>;

/** The version of this language host: it speaks the protocol of this engine. */
const VERSION = "3.259.0";

/**
 * The engine's calls for a program; all others (code generation, plugins in source form) get UNIMPLEMENTED.
 * https://github.com/pulumi/pulumi/blob/master/proto/pulumi/language.proto Calls that read files or run code apply
 * only to the project for which this process was started.
 * @param engineAddress for the program's log messages
 * @param started the folder in which the engine started this process: that of the program
 */
export function languageRuntime(
  engineAddress: string,
  started: string,
): {
  handlers: Handlers & grpc.UntypedServiceImplementation;
  cancel: () => void;
} {
  const running = new Set<RunningProgram>();
  const cancel = (): void => {
    for (const program of running) program.cancel();
  };

  const handlers: Handlers = {
    handshake: (_, reply) => reply(null, new messages.LanguageHandshakeResponse()),
    getPluginInfo: (_, reply) => reply(null, new pluginMessages.PluginInfo().setVersion(VERSION)),

    // The engine finds the program's plugins when it registers resources.
    getRequiredPackages: (_, reply) => reply(null, new messages.GetRequiredPackagesResponse()),
    getRequiredPlugins: (_, reply) => reply(null, new messages.GetRequiredPluginsResponse()),
    runtimeOptionsPrompts: (_, reply) => reply(null, new messages.RuntimeOptionsResponse()),

    about: (_, reply) =>
      reply(null, new messages.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),

    getProgramDependencies: unaryHandler(async (request: messages.GetProgramDependenciesRequest) => {
      const requested = request.getInfo()?.getRootDirectory() || request.getPwd();
      const folder = await (await loadProject()).requireOwnProject(requested, started);
      const dependencies = await listDependencies(folder, request.getTransitivedependencies());
      return new messages.GetProgramDependenciesResponse().setDependenciesList(
        dependencies.map(({ name, version }) =>
          new messages.DependencyInfo().setName(name).setVersion(version),
        ),
      );
    }),

    installDependencies: (call) => {
      const requested = call.request.getInfo()?.getRootDirectory() || call.request.getDirectory();
      const output = {
        stdout: (chunk: Uint8Array) =>
          void call.write(new messages.InstallDependenciesResponse().setStdout(chunk)),
        stderr: (chunk: Uint8Array) =>
          void call.write(new messages.InstallDependenciesResponse().setStderr(chunk)),
      };
      loadProject()
        .then(({ requireOwnProject }) => requireOwnProject(requested, started))
        .then((folder) => installDependencies(folder, output))
        .then(
          () => call.end(),
          (error: unknown) => call.emit("error", toServiceError(error)),
        );
    },

    run: unaryHandler(async (request: messages.RunRequest) => {
      await (await loadProject()).requireOwnProgram(requestedProgram(request), started);
      const program = startProgram(request, engineAddress);
      running.add(program);
      try {
        const { error, bail } = await program.ended;
        return new messages.RunResponse().setError(error).setBail(bail);
      } finally {
        running.delete(program);
      }
    }),

    cancel: (_, reply) => {
      cancel();
      reply(null, new empty.Empty());
    },
  };
  return { handlers: handlers as Handlers & grpc.UntypedServiceImplementation, cancel };
}

/** A unary handler from a function of the request. A thrown error becomes the call's error. */
function unaryHandler<Request, Response>(work: (request: Request) => Promise<Response>) {
  return (call: grpc.ServerUnaryCall<Request, Response>, reply: grpc.sendUnaryData<Response>): void => {
    work(call.request).then(
      (response) => reply(null, response),
      (error: unknown) => reply(toServiceError(error)),
    );
  };
}

function toServiceError(error: unknown): grpc.ServiceError {
  const details = messageOf(error);
  return Object.assign(new Error(details), {
    code: grpc.status.UNKNOWN,
    details,
    metadata: new grpc.Metadata(),
  });
}
