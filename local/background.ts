import { execFile, spawn } from "node:child_process";
import { closeSync, fchmodSync, openSync } from "node:fs";
import { readFile, stat, truncate } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { ifThere } from "../files/read.ts";
import { messageOf, UserError } from "../staging/errors.ts";

/** Maximum bytes of a log; the next start begins a new one. */
const LOG_LIMIT = 10 * 1024 * 1024;
/** Milliseconds for a process to end by itself before it is killed. */
export const STOP_LIMIT = 20_000;

/** A program that outlives this command and its terminal. */
interface BackgroundProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All its variables: none of this shell may change it. */
  readonly env: NodeJS.ProcessEnv;
  /** The file of its output, for its owner only. */
  readonly log: string;
  /** Milliseconds until it must be ready. */
  readonly limit: number;
  /** Called with its process ID; not called if it cannot be started. */
  onStart(pid: number): Promise<void>;
  isReady(): Promise<boolean>;
}

interface FailedStart {
  /** Why it cannot be started. */
  readonly error?: string;
  /** How it ended: `code 1`. With neither of both, it was not ready in time and was killed. */
  readonly how?: string;
  /** Its output. */
  readonly output: string;
}

/** Starts a program and waits until it is ready. @returns undefined if it is */
export async function startInBackground(program: BackgroundProgram): Promise<FailedStart | undefined> {
  const { command, args, cwd, env, log: file } = program;
  const size = (await ifThere(stat(file)))?.size ?? 0;
  if (size > LOG_LIMIT) await truncate(file);
  const log = openSync(file, "a", 0o600);
  const child = spawn(command, args, {
    ...{ cwd, env, stdio: ["ignore", log, log] },
    detached: true, // a separate session (setsid)
  });
  fchmodSync(log, 0o600);
  closeSync(log);
  let ended: { readonly error?: string; readonly how?: string } | undefined;
  child.once("error", ({ message }) => {
    ended = { error: message };
  });
  child.once("exit", (code, signal) => {
    ended = { how: signal ?? `code ${code}` };
  });
  child.unref();
  if (child.pid !== undefined) await program.onStart(child.pid);
  const isOver = await pollUntil(async () => ended !== undefined || (await program.isReady()), program.limit);
  if (isOver && ended === undefined) return undefined;
  if (ended === undefined) child.kill("SIGKILL");
  const output = (await readFile(file, "utf8")).slice(size > LOG_LIMIT ? 0 : size).trim();
  return { ...ended, output };
}

/**
 * Ends a process; kills it if it does not end by itself.
 * @param name of the process, at the beginning of an error
 * @returns whether it ended by itself
 */
export async function endProcess(
  pid: number,
  name: string,
  hasEnded: () => Promise<boolean>,
): Promise<boolean> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    signalProcess(pid, name, signal);
    if (await pollUntil(hasEnded, STOP_LIMIT)) return signal === "SIGTERM";
  }
  return false;
}

function signalProcess(pid: number, name: string, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return; // ended in the meantime
    throw new UserError(`${name} cannot be ended`, { why: messageOf(error), cause: error });
  }
}

/** Names a process, in a file of the user who started it. */
interface ProcessRecord {
  readonly pid?: number;
  /** The name of the process in its command line. */
  readonly instance?: string;
}

/** Whether the process in the record runs, as a process of the user who wrote the record. */
export async function isAlive(recordFile: string, record: ProcessRecord | undefined): Promise<boolean> {
  if (record?.pid === undefined || record.instance === undefined) return false;
  const { uid } = await stat(recordFile);
  return isRunning(record.pid, record.instance, uid);
}

/**
 * Whether `pid` is a running process of this name and of the user `uid`. Process IDs are reused, so a pid alone
 * proves nothing. All users can read the name in the command line, so it proves nothing about another user's process.
 */
export async function isRunning(pid: number, instance: string, uid: number): Promise<boolean> {
  const seen = await processOf(pid);
  return seen !== undefined && seen.uid === uid && seen.command.includes(instance);
}

interface SeenProcess {
  readonly uid: number;
  readonly command: string;
}

async function processOf(pid: number): Promise<SeenProcess | undefined> {
  if (process.platform === "linux") {
    const folder = `/proc/${pid}`;
    try {
      const [{ uid }, command] = await Promise.all([stat(folder), readFile(`${folder}/cmdline`, "utf8")]);
      // Empty for an ended process that its parent has not reaped yet.
      return { uid, command };
    } catch {
      return undefined; // no such process
    }
  }
  const { stdout } = await promisify(execFile)("ps", ["-ww", "-o", "uid=,command=", "-p", String(pid)]).catch(
    () => ({
      stdout: "", // no such process
    }),
  );
  const [, uid, command] = /^\s*(\d+)\s+(.*)$/s.exec(stdout) ?? [];
  return uid === undefined || command === undefined ? undefined : { uid: Number(uid), command };
}

/** Waits for `done` or for `timeout` milliseconds, and returns which came first. */
export async function pollUntil(done: () => Promise<boolean>, timeout: number): Promise<boolean> {
  for (const end = Date.now() + timeout; ; ) {
    if (await done()) return true;
    if (Date.now() >= end) return false;
    await sleep(20);
  }
}
