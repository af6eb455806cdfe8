import { spawn } from "node:child_process";
import { constants } from "node:os";
import { packageRoot } from "../package-root.ts";
import { messageOf, UserError } from "../staging/errors.ts";

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Collects stdout here instead of showing it. */
  readonly onStdout?: (text: string) => unknown;
  /** Collects stderr here instead of showing it. */
  readonly onStderr?: (text: string) => unknown;
}

/**
 * Runs a command in the package's folder without input, shows its output, and returns its exit code (128 and more for
 * a signal, as in a shell).
 */
export function run(
  command: string,
  args: readonly string[],
  { env, onStdout, onStderr }: RunOptions = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const shown = (collect: unknown) => (collect === undefined ? "inherit" : "pipe");
    const stdio = ["ignore", shown(onStdout), shown(onStderr)] as const;
    const child = spawn(command, args, { cwd: packageRoot(), env, stdio: [...stdio] });
    child.stdout?.setEncoding("utf8").on("data", onStdout ?? (() => undefined));
    child.stderr?.setEncoding("utf8").on("data", onStderr ?? (() => undefined));
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  });
}

/** The same, with `prefix` before each line of output, to distinguish concurrent commands. */
export async function runPrefixed(
  prefix: string,
  command: string,
  args: readonly string[],
  options: Pick<RunOptions, "env"> = {},
): Promise<number> {
  const rest = { stdout: "", stderr: "" };
  const show = (stream: "stdout" | "stderr") => (text: string) => {
    const lines = (rest[stream] + text).split("\n");
    rest[stream] = lines.pop() ?? "";
    for (const line of lines) process[stream].write(`${prefix}${line}\n`);
  };
  const code = await run(command, args, { ...options, onStdout: show("stdout"), onStderr: show("stderr") });
  for (const stream of ["stdout", "stderr"] as const)
    if (rest[stream] !== "") process[stream].write(`${prefix}${rest[stream]}\n`);
  return code;
}

/** Runs a script: returns its exit code, or prints the error with its cause and fix. */
export async function main(work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    console.error(`Error: ${messageOf(error)}`);
    if (error instanceof UserError) {
      if (error.why !== undefined) console.error(`Why: ${error.why}`);
      if (error.fix !== undefined) console.error(`To fix it: ${error.fix}`);
    } else {
      console.error(error);
    }
    process.exitCode = 1;
  }
}
