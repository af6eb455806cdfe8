import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/**
 * Whether `pid` is a running local cloud of this name and of the user `uid`. Process IDs are reused, so a pid alone
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
export async function pollUntil(done: () => Promise<boolean>, timeout: number, every = 20): Promise<boolean> {
  for (const end = Date.now() + timeout; ; ) {
    if (await done()) return true;
    if (Date.now() >= end) return false;
    await sleep(every);
  }
}
