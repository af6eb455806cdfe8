import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { BACKEND } from "./backend.ts";
import type { BucketObjects } from "./bucket-objects.ts";
import {
  type ActiveCommand,
  decodeActiveCommand,
  type Heartbeat,
  isOnThisMachine,
  machineName,
} from "./heartbeat.ts";
import { holderIn, type LockHolder, type LockOptions, locked, waitForEnd } from "./lock-holder.ts";

/*
 * The engine's locks in a bucket. The engine never checks whether the holder of a lock is still alive. So each command records beside
 * the state which engine it started, and a later command on the same machine checks that process. It cannot check other machines.
 */

const locksPrefix = (stack: string): string => `${BACKEND.locks}/${stack}/`;
const recordKey = (stack: string): string => `.spawn/running/${stack}.json`;

/** Whether the stack is locked, by a running engine or by a killed one. */
export const isLockedInBucket = async (objects: BucketObjects, stack: string): Promise<boolean> =>
  (await objects.list(locksPrefix(stack))).length > 0;

/**
 * Removes locks of this machine's engines that have ended.
 * @throws UserError that names the holder of a lock, if it may still be running
 */
export async function takeOverLocksInBucket(
  objects: BucketObjects,
  stack: string,
  options: LockOptions,
): Promise<void> {
  const holders = await readHolders(objects, stack);
  if (holders.length === 0) return;
  const command = await readActiveCommand(objects, stack);
  for (const holder of holders) {
    const isOurs =
      command?.enginePid === holder.pid && command.host === holder.host && isOnThisMachine(command);
    if (!isOurs) throw locked(holder, stack, "elsewhere");
    await waitForEnd(holder, stack, options);
  }
  // Only the locks checked above: `pulumi cancel` would also remove a lock that another process has acquired since.
  for (const { file } of holders) await objects.remove(file);
  options.onNote?.("Took over the lock of a command that was killed.", "info");
}

async function readHolders(objects: BucketObjects, stack: string): Promise<LockHolder[]> {
  const keys = await objects.list(locksPrefix(stack));
  const holders = await Promise.all(keys.map((key) => readHolder(objects, key)));
  return holders.filter((holder) => holder !== undefined);
}

/** Undefined if the lock was released meanwhile. */
async function readHolder(objects: BucketObjects, key: string): Promise<LockHolder | undefined> {
  const text = await objects.read(key);
  const fix = `Delete it if no update is running: aws s3 rm ${objects.url}/${key}`;
  return text === undefined ? undefined : holderIn(text, key, "an unknown time", fix);
}

async function readActiveCommand(objects: BucketObjects, stack: string): Promise<ActiveCommand | undefined> {
  const text = await objects.read(recordKey(stack));
  return text === undefined ? undefined : decodeActiveCommand(text);
}

/** Records which engine updates the stack. Without a beat, because a request each second would cost money. */
export function recordCommandInBucket(objects: BucketObjects, stack: string): Heartbeat {
  const command: ActiveCommand = {
    ...{ instance: randomUUID(), host: hostname(), machine: machineName(), pid: process.pid },
  };
  let written: Promise<void> = Promise.resolve();
  return {
    env: {},
    lost: new AbortController().signal,
    engineStarted: (enginePid) => {
      written = objects.write(recordKey(stack), JSON.stringify({ ...command, enginePid }));
      return written;
    },
    stop: async () => {
      // A missing record only prevents the automatic removal of a dead lock.
      await written.catch(() => undefined);
      const found = await readActiveCommand(objects, stack).catch(() => undefined);
      if (found?.instance === command.instance) await objects.remove(recordKey(stack)).catch(() => undefined);
    },
  };
}
