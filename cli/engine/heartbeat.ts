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
 * A command that updates a stack in a `file://` backend writes a heartbeat to the backend's folder, which every machine with access to
 * the state can read. Another command that needs the stack watches the heartbeat for changes, so no two clocks are compared.
 */

/** Milliseconds within which a running command writes a beat, even on a slow disk or network. */
const SILENT_MS = 15 * BEAT_EVERY_MS;
const POLL_INTERVAL_MS = 200;

/** The command that updates a stack. */
const ACTIVE_COMMAND = v.object({
  /** Unique for each command. */
  instance: v.string(),
  host: v.optional(v.string(), ""),
  /** The machine, or the container, to which the process IDs belong. */
  machine: v.optional(v.string(), ""),
  pid: v.optional(v.number(), 0),
  /** The engine that the command started last. It holds the lock. */
  enginePid: v.optional(v.number()),
});
export type ActiveCommand = Readonly<v.InferOutput<typeof ACTIVE_COMMAND>>;

/** A heartbeat of this process. */
export interface Heartbeat {
  /** For the engine and its plugins. */
  readonly env: Readonly<Record<string, string>>;
  /** Aborts when another command has taken over the stack. This command must then stop writing its state. */
  readonly lost: AbortSignal;
  /** Records the engine that acquires the lock. */
  engineStarted(pid: number): Promise<void>;
  stop(): Promise<void>;
}

const NONE: Heartbeat = {
  env: {},
  lost: new AbortController().signal,
  engineStarted: async () => undefined,
  stop: async () => undefined,
};

/** Writes a heartbeat for the stack until `stop`. Does nothing if the backend is not a folder. */
export async function startHeartbeat(url: string | undefined, stack: string): Promise<Heartbeat> {
  const file = heartbeatFile(url, stack);
  if (file === undefined) return NONE;
  const command: ActiveCommand = {
    ...{ instance: randomUUID(), host: hostname(), machine: machineName(), pid: process.pid },
  };
  const lost = new AbortController();
  let stopPulse: () => void;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeAtomically(recordOf(file), JSON.stringify(command));
    stopPulse = startPulse(file, command.instance, () => lost.abort());
  } catch {
    return NONE; // the engine reports an unwritable folder or a full disk better
  }
  return {
    env: { [HEARTBEAT_VARIABLE]: `${file}\n${command.instance}` },
    lost: lost.signal,
    engineStarted: async (enginePid) => {
      if (!lost.signal.aborted)
        await writeAtomically(recordOf(file), JSON.stringify({ ...command, enginePid }));
    },
    stop: async () => {
      stopPulse();
      const found = await readActiveCommand(file);
      if (found !== undefined && found.instance !== command.instance) return;
      for (const path of [recordOf(file), pulseOf(file)]) await rm(path, { force: true });
    },
  };
}

/** The command that updates the stack or was killed during an update; undefined if there is none. */
export async function findActiveCommand(
  url: string | undefined,
  stack: string,
): Promise<ActiveCommand | undefined> {
  const file = heartbeatFile(url, stack);
  return file === undefined ? undefined : await readActiveCommand(file);
}

/**
 * Whether a command on another machine or in another container seems to update the stack. Fast, for listings: it compares the times of
 * two files in one file system. Before a lock is taken over, use {@link isSilent}.
 */
export async function isBeating(url: string | undefined, stack: string): Promise<boolean> {
  const file = heartbeatFile(url, stack);
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
 * Watches the heartbeat of a stack for `forMs`, by default the longest pause between two beats.
 * @returns false at the first beat
 * @throws the signal's reason if it aborts
 */
export async function isSilent(
  url: string | undefined,
  stack: string,
  { signal, forMs = SILENT_MS }: { readonly signal?: AbortSignal | undefined; readonly forMs?: number } = {},
): Promise<boolean> {
  const file = heartbeatFile(url, stack);
  if (file === undefined) return true;
  const look = async () =>
    [await readTextIfThere(recordOf(file)), await readTextIfThere(pulseOf(file))].join("\n");
  const first = await look();
  for (const end = performance.now() + forMs; performance.now() < end; await sleep(POLL_INTERVAL_MS)) {
    signal?.throwIfAborted();
    if ((await look()) !== first) return false;
  }
  return true;
}

/** Removes the heartbeat of a command that was killed. */
export async function removeHeartbeat(url: string | undefined, stack: string): Promise<void> {
  const file = heartbeatFile(url, stack);
  if (file === undefined) return;
  for (const path of [recordOf(file), pulseOf(file)]) await rm(path, { force: true });
}

/** Whether the command's process IDs belong to this machine and this container. */
export const isOnThisMachine = ({ machine }: Pick<ActiveCommand, "machine">): boolean =>
  machine === machineName();

/** Machines and containers can share a host name. On Linux the boot ID and the PID namespace distinguish them. */
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

function heartbeatFile(url: string | undefined, stack: string): string | undefined {
  const folder = backendFolder(url);
  return folder === undefined ? undefined : join(folder, ".spawn", "running", stack);
}

async function readActiveCommand(file: string): Promise<ActiveCommand | undefined> {
  const text = await readTextIfThere(recordOf(file));
  return text === undefined ? undefined : decodeActiveCommand(text);
}

/** @returns undefined if the record is damaged */
export const decodeActiveCommand = (text: string): ActiveCommand | undefined =>
  decodeJson(ACTIVE_COMMAND, text);
