import { spawn } from "node:child_process";
import { constants } from "node:os";
import { packageRoot } from "../local/paths.ts";
import { messageOf, UserError } from "../staging/errors.ts";

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Collects stdout here instead of showing it. */
  readonly onStdout?: (text: string) => void;
}

/**
 * Runs a command in the package's folder, without input, its output shown, and gives its exit code (128 and more for a
 * signal, as a shell does).
 */
export function run(
  command: string,
  args: readonly string[],
  { env, onStdout }: RunOptions = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const stdout = onStdout === undefined ? "inherit" : "pipe";
    const child = spawn(command, args, { cwd: packageRoot(), env, stdio: ["ignore", stdout, "inherit"] });
    child.stdout?.setEncoding("utf8").on("data", onStdout ?? (() => undefined));
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  });
}

/** Runs a script: its exit code, or what went wrong and how it is mended, for people. */
export async function main(work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    console.error(`Error: ${messageOf(error)}`);
    if (error instanceof UserError) {
      if (error.why !== undefined) console.error(`Why: ${error.why}`);
      if (error.fix !== undefined) console.error(`To mend it: ${error.fix}`);
    } else {
      console.error(error);
    }
    process.exitCode = 1;
  }
}
