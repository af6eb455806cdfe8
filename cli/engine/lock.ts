import { readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { namesIn } from "../../files/read.ts";
import { UserError } from "../../staging/errors.ts";
import { BACKEND, backendFolder } from "./backend.ts";
import { findActiveCommand, isOnThisMachine, isSilent } from "./heartbeat.ts";
import { holderIn, type LockHolder, type LockOptions, locked, waitForEnd } from "./lock-holder.ts";
import { removeLockLeftovers } from "./lock-leftovers.ts";
import type { EngineSettings } from "./process.ts";
import { hasCode } from "./state-file.ts";

/** An argument that marks an engine with the process ID of the command that started it. */
export const commandLineTag = (pid: number): string => `spawn/${pid}`;

/**
 * Removes locks of processes that were killed. The engine itself never checks whether the holder of a lock is still alive.
 * In a `file://` backend, a holder on this machine is looked up by its process ID; a holder elsewhere counts as ended if its heartbeat
 * stops (`heartbeat.ts`). In a bucket, only holders on this machine can be checked (`bucket-lock.ts`).
 * @throws UserError that names the running holder of the lock
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
  const active = await findActiveCommand(url, stack);
  for (const holder of holders) {
    const isWorkers = active?.enginePid === holder.pid && active.host === holder.host;
    if (isWorkers && !isOnThisMachine(active)) await waitForSilence(url, holder, stack, options);
    else await waitForEnd(holder, stack, options);
  }
  // Only the locks checked above: `pulumi cancel` would also remove a lock that another process has acquired since.
  for (const { file } of holders) await removeLock(file, stack);
  const [first] = holders;
  const where = first === undefined || first.host === hostname() ? "" : ` on ${first.host}`;
  options.onNote?.(`Took over the lock of a command that was killed${where}.`, "info");
}

/** Watches the heartbeat of a holder on another machine. @throws UserError if it beats */
async function waitForSilence(
  url: string | undefined,
  holder: LockHolder,
  stack: string,
  { onNote, signal, watchMs }: LockOptions,
): Promise<void> {
  onNote?.(`Checking whether process ${holder.pid} on ${holder.host} still updates ${stack}…`, "info");
  const limits = { signal, ...(watchMs === undefined ? {} : { forMs: watchMs }) };
  if (!(await isSilent(url, stack, limits))) throw locked(holder, stack, "beating");
}

/** Removes a lock file and the engine's attribute file beside it. */
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

/** The holders of a stack's locks in a `file://` backend. */
async function readLocks(settings: EngineSettings, stack: string): Promise<LockHolder[]> {
  const folder = locksFolder(settings, stack);
  if (folder === undefined) return [];
  const names = await namesIn(folder);
  const holders = await Promise.all(
    names.filter((name) => name.endsWith(".json")).map((name) => readLock(join(folder, name))),
  );
  return holders.filter((holder) => holder !== undefined);
}

/** @returns undefined if the lock was released after the listing */
async function readLock(file: string): Promise<LockHolder | undefined> {
  try {
    const [text, { mtime }] = await Promise.all([readFile(file, "utf8"), stat(file)]);
    return holderIn(text, file, mtime.toISOString(), `Delete ${file} if no update is running.`);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
