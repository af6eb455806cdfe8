import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../package-root.ts";
import { UserError } from "../../staging/errors.ts";
import type { Region } from "../../staging/regions.ts";
import { endProcess, startInBackground } from "../background.ts";
import { ensureCloud } from "../cloud/cloud.ts";
import { withLock } from "../lock.ts";
import { type SpawnPaths, spawnPaths } from "../paths.ts";
import type { OnProgress } from "../progress.ts";
import { type MachinesFiles, machinesFiles } from "./files.ts";
import { addHints } from "./hints.ts";
import { ensureMachinesInstalled } from "./install.ts";
import type { ProcessSettings } from "./process.ts";
import { readRunning, writeRecord } from "./record.ts";
import { removeFolder } from "./remove-folder.ts";
import { chooseSandbox } from "./sandbox/choose.ts";
import { type MachineState, readState } from "./state.ts";

/**
 * The machines of the local cloud: one sandbox per EC2 instance of a sweep. One background process per data folder
 * holds them all. It uses only the public API of EC2.
 */

export interface MachinesOptions {
  readonly paths?: SpawnPaths | undefined;
  /** Regions of imminent launches: they are polled each second. */
  readonly regions?: readonly Region[] | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Concurrent machines. Default: one per processor. */
  readonly capacity?: number | undefined;
  /** Milliseconds without instances after which the process exits. Default: two minutes. */
  readonly idleLimit?: number | undefined;
}

export interface RunningMachines {
  readonly pid: number;
  /** Whether this call started it. */
  readonly started: boolean;
  /** The file that its process writes to. */
  readonly log: string;
}

const IDLE_LIMIT = 120_000;
/** Milliseconds until it has polled all regions once. It takes about a second. */
const START_LIMIT = 60_000;

/**
 * Finds the process that runs the local cloud's instances, or starts it and the local cloud. It exits some time after
 * the last instance. Two concurrent commands start one.
 * @throws UserError if the sandbox cannot be installed or does not start on this computer
 */
export async function ensureMachines(options: MachinesOptions = {}): Promise<RunningMachines> {
  const { paths = spawnPaths(), regions = [], onProgress, signal } = options;
  const files = machinesFiles(paths);
  await ensureCloud({ paths, onProgress, signal });
  await mkdir(files.folder, { recursive: true, mode: 0o700 });
  return withLock(files.lock, { signal }, async () => {
    await addHints(files, regions);
    const running = await readRunning(files.record);
    if (running !== undefined) return { pid: running.pid, started: false, log: files.log };
    const python = await ensureMachinesInstalled(paths, { onProgress, signal });
    onProgress?.({ text: "Starting the machines of the local cloud" });
    const { capacity = availableParallelism(), idleLimit = IDLE_LIMIT } = options;
    const sandbox = await chooseSandbox(python, files.folder);
    const pid = await start({ paths, sandbox, capacity, idleLimit }, files);
    return { pid, started: true, log: files.log };
  });
}

async function start(settings: ProcessSettings, files: MachinesFiles): Promise<number> {
  await rm(files.state, { force: true });
  const instance = `spawn-machines-${randomUUID()}`;
  const program = join(packageRoot(), "dist", "local", "machines.js");
  let started = -1;
  const failure = await startInBackground({
    ...{ command: process.execPath, args: [program, JSON.stringify(settings), instance] },
    ...{ cwd: files.folder, log: files.log, limit: START_LIMIT },
    // AWS keys, proxies and settings of Node must not change the machines.
    env: { PATH: process.env["PATH"], HOME: files.folder, LANG: "C.UTF-8" },
    async onStart(pid) {
      started = pid;
      await writeRecord(files.record, { pid, instance, startedAt: new Date().toISOString() });
    },
    isReady: async () => (await readState(files))?.instance === instance,
  });
  if (failure === undefined) return started;
  await rm(files.record, { force: true });
  const { error, how, output } = failure;
  const why =
    error ?? (how ? `It ended with ${how}.` : `They were not ready within ${START_LIMIT / 1000} s.`);
  const lastLine = output.split("\n").at(-1);
  throw new UserError("the machines of the local cloud do not start", {
    why: `${why}${lastLine ? ` The log says: ${lastLine}` : ""}`,
    fix: `Its log says more: ${files.log}`,
  });
}

/** Ends the machines with all their processes. Their instances stay, and boot again at the next start. */
export async function stopMachines({
  paths = spawnPaths(),
  signal,
}: Pick<MachinesOptions, "paths" | "signal"> = {}): Promise<{ readonly stopped: boolean }> {
  const files = machinesFiles(paths);
  if ((await readRunning(files.record)) === undefined) return { stopped: false };
  return withLock(files.lock, { signal }, async () => {
    const running = await readRunning(files.record);
    if (running === undefined) return { stopped: false };
    const hasEnded = async () => (await readRunning(files.record)) === undefined;
    // If it is killed, the kernel ends the machines with it.
    await endProcess(running.pid, `the process ${running.pid} of the machines`, hasEnded);
    await rm(files.record, { force: true });
    return { stopped: true };
  });
}

/** Ends the machines and deletes all their files. */
export async function removeMachines(options: Pick<MachinesOptions, "paths" | "signal"> = {}): Promise<void> {
  const { paths = spawnPaths() } = options;
  await stopMachines(options);
  await removeFolder(machinesFiles(paths).folder);
}

export type MachinesStatus =
  | { readonly state: "stopped" }
  | {
      readonly state: "running";
      readonly pid: number;
      readonly startedAt: string;
      readonly log: string;
      /** Maximum concurrent machines. */
      readonly capacity: number;
      readonly machines: readonly MachineState[];
      /** The last error. */
      readonly problem?: string;
    };

/** The status of the machines. Starts and changes nothing. */
export async function machinesStatus({
  paths = spawnPaths(),
}: Pick<MachinesOptions, "paths"> = {}): Promise<MachinesStatus> {
  const files = machinesFiles(paths);
  const running = await readRunning(files.record);
  if (running === undefined) return { state: "stopped" };
  const state = await readState(files);
  const { capacity = 0, machines = [], problem } = state ?? {};
  const { pid, startedAt } = running;
  return {
    state: "running",
    pid,
    startedAt,
    log: files.log,
    capacity,
    machines,
    ...(problem === undefined ? {} : { problem }),
  };
}
