import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { startedAlike } from "../../connection/hangup.ts";
import { packageRoot } from "../../package-root.ts";
import { UserError } from "../../staging/errors.ts";
import { interruption } from "./failure.ts";
import type { EngineSettings } from "./process.ts";

/** A staging plugin that runs beside the engine. */
export interface StartedPlugin {
  /** Makes the engine attach to the plugin instead of starting one. */
  readonly env: NodeJS.ProcessEnv;
  /** Resolves when the plugin serves the port. Rejects with a UserError if it ends before, or if `signal` aborts the wait. */
  readonly ready: Promise<void>;
  /** The last output of the plugin on stderr. */
  stderr(): string;
  /** Aborts the running calls, and waits for the end of the process. */
  stop(): Promise<void>;
}

/** The engine's variable for plugins that already run: `NAME:PORT,…` */
const ATTACHED = "PULUMI_DEBUG_PROVIDERS";
/** A plugin ends within 5 s of a SIGTERM. */
const KILL_MS = 10_000;
const MAX_STDERR_CHARACTERS = 10_000;

/**
 * Starts the staging plugin together with the engine, which would start it 0.3 s later. This process opens the plugin's port, so the
 * engine knows the port at once: the system keeps the engine's connection until the plugin accepts it. The engine waits for the plugin for
 * 10 s only, so it must not need the plugin before `ready`.
 */
export async function startPlugin(
  { env, project }: EngineSettings,
  signal?: AbortSignal,
): Promise<StartedPlugin> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const plugin = startedAlike(join(packageRoot(), "provider", "bin", "pulumi-resource-staging"), []);
  const child = spawn(plugin.command, plugin.args, {
    cwd: project,
    env: { ...env, SPAWN_COMMAND_LINE_PID: String(process.pid) },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    detached: true,
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARACTERS);
  });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.on("error", (error) => {
      stderr += `${error.message}\n`;
      if (child.pid === undefined) resolve();
    });
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    void ended.then(() => reject(startFailure(child.signalCode, stderr)));
    signal?.addEventListener("abort", () => reject(interruption()), { once: true });
  });
  ready.catch(() => undefined); // also for a caller that no longer waits
  // This process must not accept the engine's connection. Without a plugin, the closed port refuses it.
  await new Promise((closed) => child.send("port", listener, () => listener.close(closed)));
  return {
    env: { [ATTACHED]: [env[ATTACHED], `staging:${port}`].filter(Boolean).join(",") },
    ready,
    stderr: () => stderr,
    stop: async () => {
      child.kill("SIGTERM");
      const kill = setTimeout(() => child.kill("SIGKILL"), KILL_MS);
      await ended;
      clearTimeout(kill);
    },
  };
}

function startFailure(signal: NodeJS.Signals | null, stderr: string): UserError {
  const reason = stderr.trim().split("\n").at(-1);
  return new UserError("the staging plugin ended at its start", {
    why: reason || (signal === null ? "It printed no message." : `It received the signal ${signal}.`),
    fix: "Run the command again. If the error remains: spawn doctor",
  });
}
