/*
 * A program of another user that calls a gRPC port of this machine. Started as root: it loads its modules, which the other user may not
 * be able to read, and becomes the other user before it connects. Usage: stranger.ts UID PORT FOLDER
 */
import grpc from "@grpc/grpc-js";
import languageServices from "@pulumi/pulumi/proto/language_grpc_pb.js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { STAGED_DATA } from "../../staging/resources/tokens.ts";
import { call, createRequest } from "../provider/plugin/client.ts";
import { runRequest } from "./run-request.ts";

const [uid = "", port = "", folder = ""] = process.argv.slice(2);
if (Number(uid) > 0) {
  process.setgroups?.([]);
  process.setgid?.(Number(uid));
  process.setuid?.(Number(uid));
}

const credentials = grpc.credentials.createInsecure();
const provider = new providerServices.ResourceProviderClient(`127.0.0.1:${port}`, credentials);
const host = new languageServices.LanguageRuntimeClient(`127.0.0.1:${port}`, credentials);
const options = { nodeargs: `--require ${folder}/attack.cjs` };
const inputs = { source: `${folder}/secret`, bucket: "b", region: "us-east-1", replicateTo: [], ttlDays: 7 };

const answers = await Promise.all([
  attempt("GetPluginInfo", call(provider, "getPluginInfo", new empty.Empty())),
  attempt("Configure", call(provider, "configure", new proto.ConfigureRequest())),
  attempt("Create", call(provider, "create", createRequest(STAGED_DATA, inputs))),
  attempt(
    "Run",
    new Promise((resolve, reject) =>
      host.run(runRequest({ folder, options }), (error, response) =>
        error ? reject(error) : resolve(response),
      ),
    ),
  ),
]);
process.stdout.write(JSON.stringify(Object.fromEntries(answers)));
process.exit();

/** The call's gRPC code. */
async function attempt(name: string, answer: Promise<unknown>): Promise<[string, number]> {
  return [
    name,
    await answer.then(
      () => grpc.status.OK,
      (error: grpc.ServiceError) => error.code,
    ),
  ];
}
