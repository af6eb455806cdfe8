import grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/language_grpc_pb.js";
import { ANY_MESSAGE_SIZE, serveEngine } from "../../connection/engine-port.ts";
import { keepHangupIgnored } from "../../connection/hangup.ts";
import { languageRuntime } from "./service.ts";

/**
 * A Node language host, which the engine starts to run a project's program. The official one comes only with Pulumi's
 * own downloads; this one serves an engine that was built from source.
 *
 * Protocol: the engine starts it with its own address as the last argument, reads the port from the first line of
 * stdout, and calls the service LanguageRuntime there. It ends the process with SIGINT to its group. The user sees
 * later lines of stdout and stderr.
 */

const PARENT_CHECK = 1_000;

const engine = process.argv.at(-1) ?? "";
const runtime = languageRuntime(engine, process.cwd());

const server = new grpc.Server(ANY_MESSAGE_SIZE);
server.addService(services.LanguageRuntimeService, runtime.handlers);
const { port } = await serveEngine(server);
process.stdout.write(`${port}\n`);

function end(): void {
  runtime.cancel();
  process.exit(0);
}
keepHangupIgnored();
process.on("SIGINT", end);
process.on("SIGTERM", end);

// A killed engine sends no message; without the engine there is no work.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) end();
}, PARENT_CHECK).unref();
