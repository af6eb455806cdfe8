import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import { startedAlike } from "../../connection/hangup.ts";
import { spawnPaths, stateUrlOf } from "../../local/paths.ts";
import { startPrivately } from "../../local/private-folders.ts";
import type { BucketObjects } from "./bucket-objects.ts";

/** How and where the engine runs. */
export interface EngineSettings {
  /** The `pulumi` executable. */
  readonly command: string;
  /** Its whole environment: backend, passphrase, PATH with the plugins, credentials, endpoint. */
  readonly env: NodeJS.ProcessEnv;
  /** The folder that holds the `Pulumi.yaml` and the stack's settings file. */
  readonly project: string;
  /** The objects of the backend, where it is a bucket that this program can read. */
  readonly objects?: BucketObjects | undefined;
}

export interface EngineRun {
  readonly exitCode: number;
  /** The signal that ended it, if one did. */
  readonly killedBy: NodeJS.Signals | undefined;
  /** What it wrote on stdout; "" when that went to `onEvent`. */
  readonly stdout: string;
  /** What the engine wrote on stderr: only read when something went wrong outside the update itself. */
  readonly stderr: string;
}

export interface RunOptions {
  /** Each event of an update (`--json`), in order. */
  readonly onEvent?: (event: EngineEvent) => void;
  /** Aborting asks the engine to stop cleanly (SIGINT); it still writes its state. */
  readonly signal?: AbortSignal;
  /** The engine's process, as soon as it runs. */
  readonly onStart?: (pid: number) => void;
}

/**
 * Runs one engine command and waits for its end. Never rejects because of the command's own failure.
 *
 * The engine gets a process group of its own: a Ctrl-C at the terminal reaches only this process, which passes it
 * on once, since the engine takes a second SIGINT as an order to stop without saving.
 */
export async function runEngine(
  settings: EngineSettings,
  args: readonly string[],
  options: RunOptions = {},
): Promise<EngineRun> {
  const engine = startedAlike(settings.command, [...args, "--non-interactive"]);
  const start = () =>
    spawn(engine.command, engine.args, {
      cwd: settings.project,
      // By it the provider knows when this process is killed, which the engine does not notice while nothing happens.
      env: { ...settings.env, SPAWN_COMMAND_LINE_PID: String(process.pid) },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
  // A backend of the user's choice may be for a group.
  const isOwnState = settings.env["PULUMI_BACKEND_URL"] === stateUrlOf(spawnPaths());
  const child = isOwnState ? startPrivately(start) : start();
  if (child.pid !== undefined) options.onStart?.(child.pid);
  const interrupt = () => child.kill("SIGINT");
  options.signal?.addEventListener("abort", interrupt, { once: true });
  if (options.signal?.aborted) interrupt();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  let stdout = "";
  const { onEvent } = options;
  const lines = createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on("line", (line) => {
    if (!onEvent) {
      stdout += `${line}\n`;
      return;
    }
    const event = parseEvent(line);
    if (event) onEvent(event);
  });
  try {
    const [end] = await Promise.all([
      new Promise<Pick<EngineRun, "exitCode" | "killedBy">>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (code, signal) =>
          resolve({ exitCode: code ?? 1, killedBy: signal ?? undefined }),
        );
      }),
      new Promise((resolve) => lines.once("close", resolve)),
    ]);
    return { ...end, stdout, stderr };
  } finally {
    options.signal?.removeEventListener("abort", interrupt);
  }
}

/** Why an engine command failed, in its own words. */
export const reasonOf = ({ stderr }: Pick<EngineRun, "stderr">): string =>
  stderr.trim().replace(/^error:\s*/, "");

/** One line of the engine's `--json` output; undefined for anything else that it prints. */
function parseEvent(line: string): EngineEvent | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as EngineEvent;
  } catch {
    return undefined; // a message of the engine that only looks like an event
  }
}
