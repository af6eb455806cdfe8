import { once } from "node:events";
import { fstatSync } from "node:fs";
import { Server } from "node:net";
import grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { ANY_MESSAGE_SIZE, serveEngine } from "../../connection/engine-port.ts";
import { keepHangupIgnored } from "../../connection/hangup.ts";
import { beatAsPlugin } from "../../connection/pulse.ts";
import { messageOf } from "../../staging/errors.ts";
import { RunningCalls } from "./calls.ts";
import { EngineLog } from "./engine-log.ts";
import { createService } from "./service.ts";
import type { Plugin } from "./types.ts";

/** The engine kills a plugin 5 s after SIGINT, so calls must have ended by then. */
const SETTLE_MS = 4_500;
const FLUSH_MS = 500;
const PARENT_CHECK_MS = 1_000;
/** The process ID of the command line that runs the engine; not set for plain `pulumi`. */
const COMMAND_LINE_VARIABLE = "SPAWN_COMMAND_LINE_PID";

/**
 * Serves `plugin` to the Pulumi engine that started this process. Prints only the port. Ends when the engine interrupts
 * it (SIGINT) or disappears; before that, it aborts the running calls and waits for them. The engine's address is the
 * last argument. If the command line started this process, it sends the port, and the engine attaches to it.
 *
 * `@pulumi/pulumi/provider` has no previews, detailed differences or cancellation, and loads the whole SDK, which would
 * slow every command. So this server uses gRPC directly.
 */
export async function servePlugin(plugin: Plugin): Promise<void> {
  const calls = new RunningCalls();
  const engine = new EngineLog();
  engine.connect(process.argv.slice(2).at(-1) ?? "");

  const server = new grpc.Server(ANY_MESSAGE_SIZE);
  server.addService(services.ResourceProviderService, { ...createService(plugin, calls, engine) });

  let ending: Promise<never> | undefined;
  const end = (reason: string): Promise<never> => {
    ending ??= (async () => {
      calls.cancelAll(reason);
      await calls.settled(SETTLE_MS);
      await engine.flush(FLUSH_MS);
      process.exit(0);
    })();
    return ending;
  };
  keepHangupIgnored();
  beatAsPlugin();
  process.on("SIGINT", () => void end("interrupted"));
  process.on("SIGTERM", () => void end("interrupted"));
  onceEngineGone(() => void end("the Pulumi engine is gone"));

  const unexpected = (error: unknown): void => {
    const text = messageOf(error);
    engine.log("debug", error instanceof Error ? (error.stack ?? text) : text);
    calls.fail(new Error(`the plugin failed unexpectedly: ${text}`, { cause: error }));
  };
  process.on("uncaughtException", unexpected);
  process.on("unhandledRejection", unexpected);

  const opened = await portOfCommandLine(() => void end("the command line is gone"));
  const { port } = await serveEngine(server, undefined, opened);
  if (opened === undefined) process.stdout.write(`${port}\n`);
  else {
    process.send?.("ready");
    plugin.preload?.();
  }
}

/** The open port that the command line sends; undefined if the engine started this process. */
async function portOfCommandLine(onGone: () => void): Promise<Server | undefined> {
  if (process.channel === undefined) return undefined;
  process.once("disconnect", onGone);
  const [, port]: unknown[] = await once(process, "message");
  return port instanceof Server ? port : undefined;
}

/**
 * Calls `onGone` when the engine or the command line has ended. An engine whose output is closed notices it only when
 * it writes, and a stalled transfer writes nothing. The engine holds the other end of stdin. If stdin is no pipe, a
 * changed parent process shows the end.
 */
function onceEngineGone(onGone: () => void): void {
  const parent = process.ppid;
  const commandLine = Number(process.env[COMMAND_LINE_VARIABLE] ?? 0);
  setInterval(() => {
    if (process.ppid !== parent || (commandLine > 0 && !isAlive(commandLine))) onGone();
  }, PARENT_CHECK_MS).unref();
  if (!stdinIsPipe()) return;
  process.stdin.on("end", onGone).on("error", onGone).resume();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // another user's process
  }
}

function stdinIsPipe(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false; // stdin is closed
  }
}
