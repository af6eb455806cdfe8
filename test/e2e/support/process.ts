import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";

export interface Ended {
  /** 128 plus the number of the signal, as in a shell. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** A process group of its own, so that a test can signal the whole group. */
  readonly ownGroup?: boolean;
}

/** A running program with its output so far. Its stdin is an open pipe without input. */
export class Running {
  readonly #child: ChildProcess;
  readonly #texts = { stdout: "", stderr: "" };
  readonly #listeners = new Set<() => void>();
  readonly ended: Promise<Ended>;

  constructor(command: string, args: readonly string[], { env, cwd, ownGroup = false }: RunOptions) {
    const child = spawn(command, args, {
      env,
      stdio: ["pipe", "pipe", "pipe"],
      detached: ownGroup,
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.#child = child;
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        this.#texts[name] += text;
        for (const listener of this.#listeners) listener();
      });
    }
    // A program may end without reading its input.
    child.stdin.on("error", () => undefined);
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        resolve({ code: code ?? 128 + constants.signals[signal ?? "SIGKILL"], ...this.#texts });
        for (const listener of this.#listeners) listener();
      });
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("the program did not start");
    return this.#child.pid;
  }

  /** Its output on stdout so far. */
  get stdout(): string {
    return this.#texts.stdout;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Has no effect on an ended program. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Waits for `text` on stdout or stderr. @throws Error if the program ends first */
  wrote(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.#texts.stdout.includes(text) || this.#texts.stderr.includes(text)) resolve();
        else if (this.hasEnded)
          reject(new Error(`it never wrote ${JSON.stringify(text)}: ${JSON.stringify(this.#texts)}`));
        else return;
        this.#listeners.delete(look);
      };
      this.#listeners.add(look);
      look();
    });
  }
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  return new Running(command, args, options).ended;
}

/** @returns a successful end. @throws Error with the output of a failed program */
export async function succeed(program: Promise<Ended>): Promise<Ended> {
  const ended = await program;
  if (ended.code !== 0) throw new Error(`exit code ${ended.code}\n${ended.stdout}\n${ended.stderr}`);
  return ended;
}
