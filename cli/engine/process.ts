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
  /** All environment variables: backend, passphrase, PATH with the plugins, credentials, endpoint. */
  readonly env: NodeJS.ProcessEnv;
  /** The folder with the `Pulumi.yaml` and the stack's settings file. */
  readonly project: string;
  /** The objects of the backend, if it is a bucket that this program can read. */
  readonly objects?: BucketObjects | undefined;
}

export interface EngineRun {
  readonly exitCode: number;
  /** The signal that ended the engine, if any. */
  readonly killedBy: NodeJS.Signals | undefined;
  /** The output on stdout; "" if `onEvent` received it. */
  readonly stdout: string;
  /** The output on stderr: errors outside the update itself. */
  readonly stderr: string;
}

interface RunOptions {
  /** Each event of an update (`--json`), in order. */
  readonly onEvent?: (event: EngineEvent) => void;
  /** An abort sends SIGINT: the engine stops and writes its state. */
  readonly signal?: AbortSignal;
  /** Receives the engine's process ID. */
  readonly onStart?: (pid: number) => void;
}

/**
 * Runs one engine command and waits for its end. A failed command does not reject: see `exitCode`.
 *
 * The engine has its own process group, so Ctrl-C in the terminal reaches only this process. This process sends SIGINT once: at a
 * second SIGINT the engine stops without saving its state.
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
      // The provider watches this process. The engine would notice a kill only at its next output.
      env: { ...settings.env, SPAWN_COMMAND_LINE_PID: String(process.pid) },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
  // A backend that the user chose may be shared by a group, so its permissions stay as they are.
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

/** The engine's own message for a failed command. */
export const reasonOf = ({ stderr }: Pick<EngineRun, "stderr">): string =>
  stderr.trim().replace(/^error:\s*/, "");

/** Parses one line of the engine's `--json` output; undefined for other output. */
function parseEvent(line: string): EngineEvent | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as EngineEvent;
  } catch {
    return undefined; // a plain message that begins with a brace
  }
}
