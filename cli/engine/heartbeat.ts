import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { BEAT_EVERY_MS, HEARTBEAT_VARIABLE, pulseOf, recordOf, startPulse } from "../../connection/pulse.ts";
import { readTextIfThere } from "../../files/read.ts";
import { decodeJson } from "../../staging/decode.ts";
import { once } from "../../staging/once.ts";
import { backendFolder } from "./backend.ts";
import { writeAtomically } from "./entry-project.ts";
import { hasCode } from "./state-file.ts";

/*
 * While a command updates a stack, it beats in the backend's folder, where every machine that shares the state sees it. A command that wants the
 * stack watches whether something changes there: no clock of two machines is compared. Only a `file://` backend can hold it.
 */

/** Milliseconds in which a running command beats, however slow its disk or its network is. */
const SILENT_MS = 15 * BEAT_EVERY_MS;
const POLL_EVERY_MS = 200;

/** Who works on a stack. */
const WORKER = v.object({
  /** Another one for each command. */
  instance: v.string(),
  host: v.optional(v.string(), ""),
  /** The machine, or the container, of these process ids. */
  machine: v.optional(v.string(), ""),
  pid: v.optional(v.number(), 0),
  /** The engine that it has started last: the lock's holder. */
  enginePid: v.optional(v.number()),
});
export type Worker = Readonly<v.InferOutput<typeof WORKER>>;

/** A heartbeat of this process. */
export interface Heartbeat {
  /** For the engine and its plugins. */
  readonly env: Readonly<Record<string, string>>;
  /** Aborted when another command has taken the stack over: this one must not write its state any more. */
  readonly lost: AbortSignal;
  /** Notes the engine that takes the lock. */
  engineStarted(pid: number): Promise<void>;
  stop(): Promise<void>;
}

const NONE: Heartbeat = {
  env: {},
  lost: new AbortController().signal,
  engineStarted: async () => undefined,
  stop: async () => undefined,
};

/** Beats for the stack until it is stopped. Nothing where the backend is no folder. */
export async function startHeartbeat(url: string | undefined, stack: string): Promise<Heartbeat> {
  const file = fileOf(url, stack);
  if (file === undefined) return NONE;
  const worker: Worker = {
    ...{ instance: randomUUID(), host: hostname(), machine: machineName(), pid: process.pid },
  };
  const lost = new AbortController();
  let stopPulse: () => void;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeAtomically(recordOf(file), JSON.stringify(worker));
    stopPulse = startPulse(file, worker.instance, () => lost.abort());
  } catch {
    return NONE; // the folder cannot be written, or the disk is full: the engine tells that best
  }
  return {
    env: { [HEARTBEAT_VARIABLE]: `${file}\n${worker.instance}` },
    lost: lost.signal,
    engineStarted: async (enginePid) => {
      if (!lost.signal.aborted)
        await writeAtomically(recordOf(file), JSON.stringify({ ...worker, enginePid }));
    },
    stop: async () => {
      stopPulse();
      const found = await readWorker(file);
      if (found !== undefined && found.instance !== worker.instance) return;
      for (const path of [recordOf(file), pulseOf(file)]) await rm(path, { force: true });
    },
  };
}

/** The process that works on the stack, or was killed while it did; undefined if there is none. */
export async function workerOf(url: string | undefined, stack: string): Promise<Worker | undefined> {
  const file = fileOf(url, stack);
  return file === undefined ? undefined : await readWorker(file);
}

/**
 * Whether somebody on another machine, or in another container, works on the stack right now. It takes no time: the ages of two files
 * of one file system are compared. For lists; {@link isSilent} decides.
 */
export async function isBeating(url: string | undefined, stack: string): Promise<boolean> {
  const file = fileOf(url, stack);
  if (file === undefined) return false;
  const probe = join(dirname(file), `.${randomUUID()}.tmp`);
  try {
    const { mtimeMs } = await stat(pulseOf(file));
    await writeFile(probe, "");
    return (await stat(probe)).mtimeMs - mtimeMs < SILENT_MS;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  } finally {
    await rm(probe, { force: true });
  }
}

/**
 * Watches the heartbeat of a stack for as long as a running command could be silent.
 * @returns false as soon as it beats
 * @throws the signal's reason when it is aborted
 */
export async function isSilent(
  url: string | undefined,
  stack: string,
  { signal, forMs = SILENT_MS }: { readonly signal?: AbortSignal | undefined; readonly forMs?: number } = {},
): Promise<boolean> {
  const file = fileOf(url, stack);
  if (file === undefined) return true;
  const look = async () =>
    [await readTextIfThere(recordOf(file)), await readTextIfThere(pulseOf(file))].join("\n");
  const first = await look();
  for (const end = performance.now() + forMs; performance.now() < end; await sleep(POLL_EVERY_MS)) {
    signal?.throwIfAborted();
    if ((await look()) !== first) return false;
  }
  return true;
}

/** Removes the record of a command that was killed. */
export async function removeHeartbeat(url: string | undefined, stack: string): Promise<void> {
  const file = fileOf(url, stack);
  if (file === undefined) return;
  for (const path of [recordOf(file), pulseOf(file)]) await rm(path, { force: true });
}

/** Whether the worker's process ids are those of this machine, and of this container. */
export const isHere = ({ machine }: Pick<Worker, "machine">): boolean => machine === machineName();

/** Containers may share a host name, and machines may share a name: on Linux the boot and the namespace tell them apart. */
export const machineName = once((): string => [hostname(), ...linuxNames()].join(" "));

function linuxNames(): string[] {
  try {
    return [
      readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
      readlinkSync("/proc/self/ns/pid"),
    ];
  } catch {
    return []; // not Linux
  }
}

function fileOf(url: string | undefined, stack: string): string | undefined {
  const folder = backendFolder(url);
  return folder === undefined ? undefined : join(folder, ".spawn", "running", stack);
}

async function readWorker(file: string): Promise<Worker | undefined> {
  const text = await readTextIfThere(recordOf(file));
  return text === undefined ? undefined : workerIn(text);
}

/** @returns undefined where the record is damaged */
export const workerIn = (text: string): Worker | undefined => decodeJson(WORKER, text);
