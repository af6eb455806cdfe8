import { readdir, readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { UserError } from "../../staging/errors.ts";
import { isRecord } from "../../staging/type-guards.ts";
import { BACKEND, backendFolder } from "./backend.ts";
import { isHere, isSilent, workerOf } from "./heartbeat.ts";
import { type LockHolder, type LockOptions, locked, waitForEnd } from "./lock-holder.ts";
import { removeLockLeftovers } from "./lock-leftovers.ts";
import type { EngineSettings } from "./process.ts";

/** The mark that an engine carries in its command line: by which command line it was started. */
export const startedBy = (pid: number): string => `spawn/${pid}`;

/**
 * Makes sure that no lock of a killed process is in the way of an update. The engine itself never looks whether who
 * locked a stack still lives. A holder on this machine is looked up; one elsewhere, or in another container, has to beat
 * (`heartbeat.ts`). Locks of a `file://` backend can be judged, elsewhere only those of `spawn`, and in a bucket only those of this machine.
 * @throws UserError that names who is updating the stack right now
 */
export async function takeOverDeadLocks(
  settings: EngineSettings,
  stack: string,
  options: LockOptions = {},
): Promise<void> {
  if (settings.objects !== undefined) {
    const { takeOverLocksInBucket } = await import("./bucket-lock.ts");
    await takeOverLocksInBucket(settings.objects, stack, options);
    return;
  }
  const folder = locksFolder(settings, stack);
  if (folder !== undefined) await removeLockLeftovers(folder);
  const holders = await readLocks(settings, stack);
  if (holders.length === 0) return;
  const url = settings.env["PULUMI_BACKEND_URL"];
  const worker = await workerOf(url, stack);
  for (const holder of holders) {
    const isWorkers = worker?.enginePid === holder.pid && worker.host === holder.host;
    if (isWorkers && !isHere(worker)) await waitForSilence(url, holder, stack, options);
    else await waitForEnd(holder, stack, options);
  }
  // These and no others: `pulumi cancel` would also take away the lock that somebody has got meanwhile.
  for (const { file } of holders) await removeLock(file, stack);
  const [first] = holders;
  const where = first === undefined || first.host === hostname() ? "" : ` on ${first.host}`;
  options.onNote?.(`Going on after a command that was killed${where}; its lock is taken over.`, "info");
}

/** Returns once no process elsewhere can work on the stack. @throws UserError if one does */
async function waitForSilence(
  url: string | undefined,
  holder: LockHolder,
  stack: string,
  { onNote, signal, watchMs }: LockOptions,
): Promise<void> {
  onNote?.(`Watching whether process ${holder.pid} on ${holder.host} still works on ${stack}…`, "info");
  const limits = { signal, ...(watchMs === undefined ? {} : { forMs: watchMs }) };
  if (!(await isSilent(url, stack, limits))) throw locked(holder, stack, "beating");
}

/** Removes a lock, with the attributes that the engine keeps beside it. */
async function removeLock(file: string, stack: string): Promise<void> {
  try {
    await rm(file, { force: true });
    await rm(`${file}.attrs`, { force: true });
  } catch (error) {
    throw new UserError(`the lock of ${stack} could not be removed`, {
      why: error instanceof Error ? error.message : String(error),
      fix: `Delete ${file}.`,
      cause: error,
    });
  }
}

function locksFolder(settings: EngineSettings, stack: string): string | undefined {
  const state = backendFolder(settings.env["PULUMI_BACKEND_URL"]);
  return state && join(state, BACKEND.locks, stack);
}

/** The locks of a stack in a `file://` backend, from the newest layout of its folder to the oldest. */
async function readLocks(settings: EngineSettings, stack: string): Promise<LockHolder[]> {
  const folder = locksFolder(settings, stack);
  if (folder === undefined) return [];
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const holders = await Promise.all(
    names.filter((name) => name.endsWith(".json")).map((name) => readLock(join(folder, name))),
  );
  return holders.filter((holder) => holder !== undefined);
}

/** @returns undefined where the lock was released meanwhile */
async function readLock(file: string): Promise<LockHolder | undefined> {
  try {
    const [text, { mtime }] = await Promise.all([readFile(file, "utf8"), stat(file)]);
    const content: unknown = text === "" ? {} : JSON.parse(text);
    const { pid, username, hostname: host, timestamp } = isRecord(content) ? content : {};
    return {
      file,
      pid: Number(pid),
      user: String(username),
      host: String(host),
      since: typeof timestamp === "string" ? timestamp : mtime.toISOString(),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new UserError(`the lock ${basename(file)} of the engine cannot be read`, {
      why: error instanceof Error ? error.message : String(error),
      fix: `Delete ${file} if no update is running.`,
      cause: error,
    });
  }
}
