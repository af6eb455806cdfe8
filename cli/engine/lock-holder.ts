import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../staging/errors.ts";
import { whenUnlocked } from "./failure.ts";
import { findProcess, type RunningProcess } from "./running.ts";

/** Milliseconds that an engine whose command line was killed has to end by itself, and then after a signal. */
const PATIENCE = 10_000;
const POLL_EVERY = 100;

/** Who updates a stack, as the engine notes it. */
export interface LockHolder {
  /** Its file, or its key in a bucket. */
  readonly file: string;
  readonly pid: number;
  readonly user: string;
  readonly host: string;
  readonly since: string;
}

export interface LockOptions {
  /** Told what is waited for and what is taken over. */
  readonly onNote?: ((message: string, severity: "info" | "warning") => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for which the heartbeat of another machine is watched. @default as long as a running command can be silent */
  readonly watchMs?: number;
}

/** Returns once the holder has ended. @throws UserError where it is alive and no orphan */
export async function waitForEnd(holder: LockHolder, stack: string, options: LockOptions): Promise<void> {
  if (holder.host !== hostname()) throw locked(holder, stack);
  const found = await findEngine(holder.pid);
  if (found === undefined) return;
  if (!isOrphan(found)) throw locked(holder, stack);
  options.onNote?.(`Waiting for what a killed command has left running (process ${holder.pid})…`, "info");
  for (const signal of [undefined, "SIGINT", "SIGKILL"] as const) {
    if (signal !== undefined) process.kill(holder.pid, signal);
    if (await hasEnded(holder.pid, options.signal)) return;
  }
  throw locked(holder, stack);
}

async function hasEnded(pid: number, signal: AbortSignal | undefined): Promise<boolean> {
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(POLL_EVERY)) {
    signal?.throwIfAborted();
    if ((await findEngine(pid)) === undefined) return true;
  }
  return false;
}

/** The engine that runs under `pid`; undefined where nothing, or another program that was given the same id. */
async function findEngine(pid: number): Promise<RunningProcess | undefined> {
  const found = await findProcess(pid);
  return found !== undefined && /\bpulumi\b/.test(found.command) ? found : undefined;
}

/** Whether the command line that started the engine is gone: another process has become its parent. */
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
    why: `Another update of it is running (${where}, since ${since}).`,
    fix:
      (here && state !== "elsewhere") || state === "beating"
        ? "Wait for it to end, then run the command again."
        : whenUnlocked(stack),
  });
}
