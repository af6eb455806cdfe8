import type grpc from "@grpc/grpc-js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { requireLocalCloud } from "../../connection/local-cloud.ts";
import { describeError, InputError, UserError } from "../../staging/errors.ts";
import { asFlag, asKey, type CommandText, inWords, type Spelling } from "../../staging/option.ts";
import { shellQuoted } from "../../staging/shell.ts";
import { environmentOfStack, PROJECT_NAME } from "../../staging/stack-name.ts";
import type { RunningCalls } from "./calls.ts";
import { diffResponse } from "./diff.ts";
import type { EngineLog } from "./engine-log.ts";
import { toServiceError } from "./status.ts";
import {
  type AnyResourceHandler,
  type CallContext,
  PartialFailure,
  type Plugin,
  type Properties,
} from "./types.ts";
import { decodeStruct, encodeStruct, UNKNOWN } from "./values.ts";

/** The methods of this server. gRPC responds UNIMPLEMENTED to the others, which the engine accepts. */
type Implementation = Pick<
  IResourceProviderServer,
  | "handshake"
  | "attach"
  | "getPluginInfo"
  | "getSchema"
  | "checkConfig"
  | "diffConfig"
  | "configure"
  | "cancel"
  | "check"
  | "diff"
  | "create"
  | "read"
  | "update"
  | "delete"
  | "invoke"
  | "construct"
>;

/** The methods of a resource provider, over the handlers of `plugin`. */
export function createService(plugin: Plugin, calls: RunningCalls, engine: EngineLog): Implementation {
  const handlerOf = async (type: string): Promise<AnyResourceHandler> => {
    const load = plugin.resources[type];
    if (load === undefined) throw new InputError(`this plugin has no resource type ${type}`);
    return load();
  };

  /** A method that runs under an abort signal; its errors become gRPC statuses. */
  const method =
    <Request extends object, Response>(
      name: string,
      work: (request: Request, context: CallContext) => Response | Promise<Response>,
      options: { readonly isSeparate?: boolean } = {},
    ): grpc.handleUnaryCall<Request, Response> =>
    (call, callback) => {
      const request = call.request as Getters;
      const urn = request.getUrn?.() ?? "";
      const reader = readerOf(urn);
      const log: CallContext["log"] = (severity, message, options = {}) =>
        engine.log(severity, inWords(message, reader.spell, reader.command), { urn, ...options });
      calls
        .run(
          request.getTimeout?.() ?? 0,
          async (signal) => {
            call.on("cancelled", () => calls.cancel(signal));
            return work(call.request, { urn, signal, log });
          },
          options.isSeparate,
        )
        .then(
          (response) => callback(null, response),
          (error: unknown) => {
            log("debug", `${name}: ${error instanceof Error ? error.stack : String(error)}`);
            const reason = error instanceof PartialFailure ? error.reason : error;
            if (reason instanceof UserError) reason.spelled(reader.spell).inEnvironment(reader.command);
            const respond = (): void => callback(toServiceError(error, inputsOf(call.request)), null);
            void engine.logDetails(reason, urn).then(respond);
          },
        );
    };

  return {
    handshake: method("Handshake", (request: proto.ProviderHandshakeRequest) => {
      calls.reopen();
      engine.connect(request.getEngineAddress());
      return new proto.ProviderHandshakeResponse().setAcceptSecrets(true);
    }),
    attach: method("Attach", (request: pluginProto.PluginAttach) => {
      engine.connect(request.getAddress());
      return new emptyProto.Empty();
    }),
    getPluginInfo: method("GetPluginInfo", () => new pluginProto.PluginInfo().setVersion(plugin.version)),
    getSchema: method("GetSchema", async () =>
      new proto.GetSchemaResponse().setSchema((await plugin.schema?.()) ?? "{}"),
    ),
    checkConfig: method("CheckConfig", (request: proto.CheckRequest) =>
      new proto.CheckResponse().setInputs(request.getNews()),
    ),
    diffConfig: method("DiffConfig", () =>
      new proto.DiffResponse().setChanges(proto.DiffResponse.DiffChanges.DIFF_NONE),
    ),
    configure: method("Configure", async () => {
      await requireLocalCloud();
      return new proto.ConfigureResponse().setSupportspreview(true).setAcceptsecrets(true);
    }),
    // Does not wait for the aborted calls, as the engine requires.
    cancel: (_call, callback) => {
      calls.cancelAll("interrupted");
      callback(null, new emptyProto.Empty());
    },

    check: method("Check", async (request: proto.CheckRequest, context) => {
      const handler = await handlerOf(request.getType());
      const news = decodeStruct(request.getNews());
      const olds = nonEmpty(decodeStruct(request.getOlds()));
      const result = (await handler.check?.(news, olds, context)) ?? { inputs: news };
      const { spell, command } = readerOf(context.urn);
      const failures: proto.CheckFailure[] = [];
      for (const { property, error, reason } of result.failures ?? []) {
        const shown = error?.spelled(spell).inEnvironment(command);
        const text = shown === undefined ? reason : describeError(shown);
        failures.push(new proto.CheckFailure().setProperty(property).setReason(text));
        await engine.logDetails(shown ?? new InputError(reason), context.urn);
      }
      return new proto.CheckResponse()
        .setInputs(encodeStruct(result.inputs, request.getNews()))
        .setFailuresList(failures);
    }),
    diff: method("Diff", async (request: proto.DiffRequest) => {
      const handler = await handlerOf(request.getType());
      const oldOutputs = decodeStruct(request.getOlds());
      const oldInputs = request.hasOldInputs() ? decodeStruct(request.getOldInputs()) : oldOutputs;
      const news = decodeStruct(request.getNews());
      return diffResponse(await handler.diff(request.getId(), oldInputs, oldOutputs, news), oldInputs, news);
    }),
    create: method("Create", async (request: proto.CreateRequest, context) => {
      const handler = await handlerOf(request.getType());
      const inputs = decodeStruct(request.getProperties());
      if (request.getPreview()) {
        const known = await handler.preview?.(inputs, context);
        const properties = { ...inputs, ...unknowns(handler.computed), ...known };
        return new proto.CreateResponse().setProperties(encodeStruct(properties, request.getProperties()));
      }
      const created = await handler.create(inputs, context);
      return new proto.CreateResponse()
        .setId(created.id)
        .setProperties(encodeStruct(created.outputs, request.getProperties()));
    }),
    read: method("Read", async (request: proto.ReadRequest, context) => {
      const handler = await handlerOf(request.getType());
      const inputs = nonEmpty(decodeStruct(request.getInputs()));
      const outputs = nonEmpty(decodeStruct(request.getProperties()));
      const found = await handler.read(request.getId(), inputs, outputs, context);
      // An empty ID means that the resource no longer exists.
      if (found === undefined) return new proto.ReadResponse();
      return new proto.ReadResponse()
        .setId(found.id)
        .setInputs(encodeStruct(found.inputs, request.getInputs()))
        .setProperties(encodeStruct(found.outputs, request.getProperties()));
    }),
    update: method("Update", async (request: proto.UpdateRequest, context) => {
      const handler = await handlerOf(request.getType());
      const olds = decodeStruct(request.getOlds());
      const news = decodeStruct(request.getNews());
      if (request.getPreview()) {
        // The update completes a failed creation, so its missing outputs are unknown.
        const missing = handler.computed.filter((name) => olds[name] === undefined);
        const unknown = unknowns([...missing, ...(handler.changing ?? [])]);
        const properties = { ...olds, ...news, ...unknown };
        return new proto.UpdateResponse().setProperties(encodeStruct(properties, request.getNews()));
      }
      if (handler.update === undefined) {
        throw new InputError(`${request.getType()} cannot be updated in place`);
      }
      const outputs = await handler.update(request.getId(), olds, news, context);
      return new proto.UpdateResponse().setProperties(encodeStruct(outputs, request.getNews()));
    }),
    delete: method("Delete", async (request: proto.DeleteRequest, context) => {
      const handler = await handlerOf(request.getType());
      await handler.delete(request.getId(), decodeStruct(request.getProperties()), context);
      return new emptyProto.Empty();
    }),
    invoke: method("Invoke", async (request: proto.InvokeRequest, context) => {
      const run = plugin.functions?.[request.getTok()];
      if (run === undefined) throw new InputError(`this plugin has no function ${request.getTok()}`);
      const result = await run(decodeStruct(request.getArgs()), context);
      return new proto.InvokeResponse().setReturn(encodeStruct(result));
    }),
    construct: method(
      "Construct",
      (request: proto.ConstructRequest, context) => {
        if (plugin.construct === undefined) throw new InputError("this plugin has no components");
        return plugin.construct(request, context, engine.address);
      },
      { isSeparate: true },
    ),
  };
}

/** The URN of a resource in a stack of spawn's own project. */
const OWN_STACK = new RegExp(`^urn:pulumi:([^:]+)::${PROJECT_NAME}::`);

/**
 * How the texts of a resource name options and commands, by its stack. Only an entry of the command line has flags; it has its own
 * stack. Stacks of other projects do not have the name of an environment.
 */
function readerOf(urn: string): { readonly spell: Spelling; readonly command: CommandText } {
  const [, stack] = OWN_STACK.exec(urn) ?? [];
  if (stack === undefined) return { spell: asKey, command: (text) => text };
  const environment = environmentOfStack(stack);
  return {
    spell: environment === stack ? asKey : asFlag,
    command: (text) => `${text} --environment ${shellQuoted(environment)}`,
  };
}

const unknowns = (names: readonly string[]): Properties =>
  Object.fromEntries(names.map((name) => [name, UNKNOWN]));

const nonEmpty = (properties: Properties): Properties | undefined =>
  Object.keys(properties).length > 0 ? properties : undefined;

/** The inputs that belong to the outputs of a partial failure. */
function inputsOf(request: object): Struct | undefined {
  if (request instanceof proto.UpdateRequest) return request.getNews();
  return request instanceof proto.CreateRequest || request instanceof proto.ReadRequest
    ? request.getProperties()
    : undefined;
}

/** Getters that not every request has. */
interface Getters {
  getUrn?(): string;
  getTimeout?(): number;
}
