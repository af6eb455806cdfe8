import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

interface CommandResult {
  /** The exit code; -1 after a signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
  /** Milliseconds after which the command is killed. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Runs it in a separate process group, which is killed as a whole after the time limit or an abort. The command
   * must exit when its stdin closes, because a terminal's Ctrl-C does not reach it.
   */
  readonly ownGroup?: boolean | undefined;
  readonly onStderrLine?: ((line: string) => void) | undefined;
  readonly onStdoutLine?: ((line: string) => void) | undefined;
}

/** Milliseconds for an interrupted command to clean up. */
const GRACE = 5_000;

/**
 * Runs a command without a shell and without input, and collects its output.
 * @throws Error if it cannot be started, the signal's reason if it was aborted, or a timeout error
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { env, cwd, timeout, signal, ownGroup = false } = options;
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stdin = ownGroup ? "pipe" : "ignore";
    const child = spawn(command, args, { env, cwd, stdio: [stdin, "pipe", "pipe"], detached: ownGroup });
    const timers: NodeJS.Timeout[] = [];
    let failure: unknown;
    const stop = (reason: unknown): void => {
      if (failure !== undefined || child.pid === undefined) return;
      failure = reason;
      if (ownGroup) killGroup(child.pid);
      else {
        child.kill("SIGINT");
        timers.push(setTimeout(() => child.kill("SIGKILL"), GRACE));
      }
    };
    const onAbort = (): void => stop(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (timeout !== undefined) {
      timers.push(
        setTimeout(() => stop(new Error(`${command} did not end within ${timeout / 1000} s`)), timeout),
      );
    }
    const cleanUp = (): void => {
      for (const timer of timers) clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
    const stdout = collectLines(options.onStdoutLine);
    const stderr = collectLines(options.onStderrLine);
    child.stdout?.setEncoding("utf8").on("data", stdout.add);
    child.stderr?.setEncoding("utf8").on("data", stderr.add);
    child.once("error", (error) => {
      cleanUp();
      reject(error);
    });
    child.once("close", (code) => {
      cleanUp();
      if (failure !== undefined) reject(failure);
      else resolve({ code: code ?? -1, stdout: stdout.text(), stderr: stderr.text() });
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // already exited
  }
}

function collectLines(onLine: ((line: string) => void) | undefined): {
  add: (chunk: string) => void;
  text: () => string;
} {
  let all = "";
  let rest = "";
  return {
    add: (chunk) => {
      all += chunk;
      if (onLine === undefined) return;
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    },
    text: () => all,
  };
}

/** The end of an output, for an error. */
export const lastLines = (text: string): string => text.trim().split("\n").slice(-4).join(" / ") || "nothing";

/** Every executable file called `name` in the folders of PATH, in order. */
export function findOnPath(name: string, path = process.env["PATH"] ?? ""): string[] {
  return path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .filter(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false; // missing, or not executable for this user
  }
}
