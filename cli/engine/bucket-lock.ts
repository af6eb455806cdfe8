import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { UserError } from "../../staging/errors.ts";
import { isRecord } from "../../staging/type-guards.ts";
import { BACKEND } from "./backend.ts";
import type { BucketObjects } from "./bucket-objects.ts";
import { type Heartbeat, isHere, machineName, type Worker, workerIn } from "./heartbeat.ts";
import { type LockHolder, type LockOptions, locked, waitForEnd } from "./lock-holder.ts";

/*
 * The engine's locks in a bucket. It never looks whether who locked a stack still lives. A command notes beside the state which engine it has
 * started, so that one on the same machine can tell whether that engine still runs. An engine on another machine cannot be looked at.
 */

const locksPrefix = (stack: string): string => `${BACKEND.locks}/${stack}/`;
const recordKey = (stack: string): string => `.spawn/running/${stack}.json`;

/** Whether an engine has locked the stack, or was killed while it had. */
export const isLockedInBucket = async (objects: BucketObjects, stack: string): Promise<boolean> =>
  (await objects.list(locksPrefix(stack))).length > 0;

/**
 * Takes over locks of engines of this machine that have ended.
 * @throws UserError that names who has locked the stack
 */
export async function takeOverLocksInBucket(
  objects: BucketObjects,
  stack: string,
  options: LockOptions,
): Promise<void> {
  const holders = await readHolders(objects, stack);
  if (holders.length === 0) return;
  const worker = await readWorker(objects, stack);
  for (const holder of holders) {
    const isOurs = worker?.enginePid === holder.pid && worker.host === holder.host && isHere(worker);
    if (!isOurs) throw locked(holder, stack, "elsewhere");
    await waitForEnd(holder, stack, options);
  }
  // These and no others: `pulumi cancel` would also take away the lock that somebody has got meanwhile.
  for (const { file } of holders) await objects.remove(file);
  options.onNote?.("Going on after a command that was killed; its lock is taken over.", "info");
}

async function readHolders(objects: BucketObjects, stack: string): Promise<LockHolder[]> {
  const keys = await objects.list(locksPrefix(stack));
  const holders = await Promise.all(keys.map((key) => readHolder(objects, key)));
  return holders.filter((holder) => holder !== undefined);
}

async function readHolder(objects: BucketObjects, key: string): Promise<LockHolder | undefined> {
  const text = await objects.read(key);
  if (text === undefined) return undefined; // it was released meanwhile
  try {
    const content: unknown = JSON.parse(text);
    const { pid, username, hostname: host, timestamp } = isRecord(content) ? content : {};
    return {
      ...{ file: key, pid: Number(pid), user: String(username), host: String(host) },
      since: String(timestamp),
    };
  } catch (error) {
    throw new UserError(`the lock ${key} of the engine cannot be read`, {
      why: error instanceof Error ? error.message : String(error),
      fix: `Delete it if no update is running: aws s3 rm ${objects.url}/${key}`,
      cause: error,
    });
  }
}

async function readWorker(objects: BucketObjects, stack: string): Promise<Worker | undefined> {
  const text = await objects.read(recordKey(stack));
  return text === undefined ? undefined : workerIn(text);
}

/** Notes which engine works on the stack, until it is stopped. It does not beat: a request each second would cost money. */
export function noteWorkerInBucket(objects: BucketObjects, stack: string): Heartbeat {
  const worker: Worker = {
    ...{ instance: randomUUID(), host: hostname(), machine: machineName(), pid: process.pid },
  };
  let written: Promise<void> = Promise.resolve();
  return {
    env: {},
    lost: new AbortController().signal,
    engineStarted: (enginePid) => {
      written = objects.write(recordKey(stack), JSON.stringify({ ...worker, enginePid }));
      return written;
    },
    stop: async () => {
      // Without the record only the take-over of a dead lock is lost.
      await written.catch(() => undefined);
      const found = await readWorker(objects, stack).catch(() => undefined);
      if (found?.instance === worker.instance) await objects.remove(recordKey(stack)).catch(() => undefined);
    },
  };
}
