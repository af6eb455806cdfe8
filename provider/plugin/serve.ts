import { fstatSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { serveEngine } from "../../connection/engine-port.ts";
import { keepHangupIgnored } from "../../connection/hangup.ts";
import { beatAsPlugin } from "../../connection/pulse.ts";
import { RunningCalls } from "./calls.ts";
import { EngineLog } from "./engine-log.ts";
import { createService } from "./service.ts";
import type { Plugin } from "./types.ts";

/** The engine kills a plugin 5 s after it asked it to go: what runs must have ended by then. */
const SETTLE_MS = 4_500;
const FLUSH_MS = 500;
const PARENT_CHECK_MS = 1_000;
/** Holds the process id of the command line that runs the engine; not set where `pulumi` was started by hand. */
const COMMAND_LINE_VARIABLE = "SPAWN_COMMAND_LINE_PID";

/**
 * Serves `plugin` to the Pulumi engine that started this process: prints the port, then nothing else, and answers until
 * the engine ends it (SIGINT), cancels it, or goes away. The engine's address is the last argument.
 * Calls that run when it ends are aborted and waited for, so that nothing is left half done that can be helped.
 *
 * Written on gRPC and not on `@pulumi/pulumi/provider`, which has no previews, detailed differences or cancellation,
 * and which loads the whole SDK: a plugin's start is on the path of every command.
 */
export async function servePlugin(plugin: Plugin): Promise<void> {
  const calls = new RunningCalls();
  const engine = new EngineLog();
  engine.connect(process.argv.slice(2).at(-1) ?? "");

  // Messages of any size, as the engine and its SDKs have it: a stack's inputs can be large.
  const server = new grpc.Server({
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
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
    const text = error instanceof Error ? error.message : String(error);
    engine.log("debug", error instanceof Error ? (error.stack ?? text) : text);
    calls.failAll(new Error(`the plugin failed unexpectedly: ${text}`, { cause: error }));
  };
  process.on("uncaughtException", unexpected);
  process.on("unhandledRejection", unexpected);

  const { port } = await serveEngine(server);
  process.stdout.write(`${port}\n`);
}

/**
 * Calls back when the process that started this one is gone, or the command line that started that: an engine whose
 * output nobody reads notices it only when it has something to write, and a stalled transfer gives it nothing.
 * The engine holds the other end of stdin; where stdin is something else (a terminal, nothing), a new parent process tells.
 */
function onceEngineGone(gone: () => void): void {
  const parent = process.ppid;
  const commandLine = Number(process.env[COMMAND_LINE_VARIABLE] ?? 0);
  setInterval(() => {
    if (process.ppid !== parent || (commandLine > 0 && !isAlive(commandLine))) gone();
  }, PARENT_CHECK_MS).unref();
  if (!stdinIsPipe()) return;
  process.stdin.on("end", gone).on("error", gone).resume();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // there, but another user's
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
