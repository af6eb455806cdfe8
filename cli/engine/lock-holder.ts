import { hostname } from "node:os";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { decode } from "../../staging/decode.ts";
import { messageOf, UserError } from "../../staging/errors.ts";
import { unlockFix } from "./failure.ts";
import { findProcess, type RunningProcess } from "./running.ts";

/** Milliseconds to wait for the end of an orphaned engine: first without a signal, then after each signal. */
const END_TIMEOUT_MS = 10_000;
const POLL_INTERVAL_MS = 100;

/** The content of a lock of the engine. A lock that a killed engine left empty names no holder. */
const LOCK = v.object({
  pid: v.optional(v.number(), 0),
  username: v.optional(v.string(), "an unknown user"),
  hostname: v.optional(v.string(), "an unknown machine"),
  timestamp: v.optional(v.string()),
});

/** The engine that holds a stack's lock, as its lock file describes it. */
export interface LockHolder {
  /** Path of the lock file, or its key in a bucket. */
  readonly file: string;
  readonly pid: number;
  readonly user: string;
  readonly host: string;
  readonly since: string;
}

/**
 * The holder of a lock.
 * @param file the lock's file, or its key in a bucket
 * @param changed the time of its last change, for a lock without a time
 * @param fix for a lock that cannot be read
 * @throws UserError if it cannot be read
 */
export function holderIn(text: string, file: string, changed: string, fix: string): LockHolder {
  try {
    const { pid, username, hostname, timestamp } = decode(
      LOCK,
      text === "" ? {} : JSON.parse(text),
      ({ path, message }) => new Error(`${path} ${message}`),
    );
    return { file, pid, user: username, host: hostname, since: timestamp ?? changed };
  } catch (error) {
    throw new UserError(`the lock ${basename(file)} of the engine cannot be read`, {
      why: messageOf(error),
      fix,
      cause: error,
    });
  }
}

export interface LockOptions {
  /** Receives a message for each wait and each lock that was taken over. */
  readonly onNote?: ((message: string, severity: "info" | "warning") => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to watch the heartbeat of another machine. @default the longest pause between two beats */
  readonly watchMs?: number;
}

/** Waits for the end of an orphaned holder. @throws UserError if the holder is alive and not an orphan */
export async function waitForEnd(holder: LockHolder, stack: string, options: LockOptions): Promise<void> {
  if (holder.host !== hostname()) throw locked(holder, stack);
  const found = await findEngine(holder.pid);
  if (found === undefined) return;
  if (!isOrphan(found)) throw locked(holder, stack);
  options.onNote?.(`Waiting for the engine of a killed command (process ${holder.pid})…`, "info");
  for (const signal of [undefined, "SIGINT", "SIGKILL"] as const) {
    if (signal !== undefined) process.kill(holder.pid, signal);
    if (await hasEnded(holder.pid, options.signal)) return;
  }
  throw locked(holder, stack);
}

async function hasEnded(pid: number, signal: AbortSignal | undefined): Promise<boolean> {
  for (const end = Date.now() + END_TIMEOUT_MS; Date.now() < end; await sleep(POLL_INTERVAL_MS)) {
    signal?.throwIfAborted();
    if ((await findEngine(pid)) === undefined) return true;
  }
  return false;
}

/** The engine with this process ID; undefined if it has ended, even if another program reuses its ID. */
async function findEngine(pid: number): Promise<RunningProcess | undefined> {
  const found = await findProcess(pid);
  return found !== undefined && /\bpulumi\b/.test(found.command) ? found : undefined;
}

/** Whether the command that started the engine has ended: the system has then assigned another parent. */
function isOrphan({ parent, command }: RunningProcess): boolean {
  const starter = /\bspawn\/(\d+)\b/.exec(command)?.[1];
  return starter !== undefined && Number(starter) !== parent;
}

export function locked(
  { pid, user, host, since }: LockHolder,
  stack: string,
  state: "alive" | "beating" | "elsewhere" = "alive",
): UserError {
  const here = host === hostname();
  const where = here ? `process ${pid} of ${user}` : `process ${pid} of ${user} on ${host}`;
  return new UserError(`the stack ${stack} is locked`, {
    why: `Another update of the stack is running (${where}, since ${since}).`,
    fix:
      (here && state !== "elsewhere") || state === "beating"
        ? "Wait for it to end, then run the command again."
        : unlockFix(stack),
  });
}
