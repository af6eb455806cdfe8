import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { Keys } from "../../connection/connection.ts";
import { authenticateServer } from "../../connection/local-cloud.ts";
import { UserError } from "../../staging/errors.ts";
import { endProcess, isAlive, pollUntil, STOP_LIMIT } from "../background.ts";
import { withLock } from "../lock.ts";
import { type SpawnPaths, spawnPaths } from "../paths.ts";
import type { OnProgress } from "../progress.ts";
import { pythonIn } from "../python-environment.ts";
import { ensureInstalled } from "./install.ts";
import { ensureLocalKeys, readLocalKeys } from "./keys.ts";
import { freePort } from "./port.ts";
import { type CloudRecord, readRecord, writeRecord } from "./record.ts";
import { cloudFiles, startProcess } from "./start.ts";

/*
 * The local cloud: ministack on 127.0.0.1, one per data folder.
 *
 * Data on disk, and when they are written:
 * - objects, their versions, delete markers, tags and metadata: immediately, so a kill -9 loses none;
 * - settings of buckets (versioning, lifecycle, replication, policy, tags, encryption), access points, DynamoDB
 *   tables and items, IAM, launch templates, groups and their instances, credentials of roles: at `down`, and half a second after
 *   a change, so a kill -9 loses about the last second;
 * - parts of open multipart uploads: never; `down` loses them.
 */

interface CloudOptions {
  readonly paths?: SpawnPaths | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Python's start script, for tests. @default `serve.py` */
  readonly script?: string | undefined;
}

export interface RunningCloud {
  /** Such as `http://127.0.0.1:14566`: the same across restarts while the port is free. */
  readonly endpoint: string;
  readonly port: number;
  readonly pid: number;
  /** Signs its requests. */
  readonly keys: Keys;
  /** Whether this call started it. */
  readonly started: boolean;
  /** Its previous endpoint, if another program took the port: shells with that endpoint must be updated. */
  readonly movedFrom?: string;
}

export type CloudStatus =
  | {
      /** `unresponsive`: the process exists but does not respond. */
      readonly state: "running" | "unresponsive";
      readonly endpoint: string;
      readonly port: number;
      readonly pid: number;
      readonly startedAt: string;
      /** The file that its process writes to. */
      readonly log: string;
      /** The folder of its data. */
      readonly data: string;
    }
  | {
      readonly state: "stopped";
      /** Whether its program is installed, so that a start takes a second. */
      readonly installed: boolean;
      readonly data: string;
    };

/** Milliseconds for a busy process to respond. */
const ANSWER_LIMIT = 15_000;

function endpointOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/**
 * Finds the running local cloud or starts it (about half a second; installs it first if it is missing). Two
 * concurrent commands start one.
 * @throws UserError if Python is missing, the installation fails, or it does not start
 */
export async function ensureCloud(options: CloudOptions = {}): Promise<RunningCloud> {
  const { paths = spawnPaths(), onProgress, signal, script } = options;
  const files = cloudFiles(paths.cloud);
  const running = await findCloud(paths);
  if (running !== undefined) return running;
  const python = await ensureInstalled(paths.venv, { onProgress, signal });
  return withLock(files.lock, { signal }, async () => {
    const startedByOther = await findCloud(paths);
    if (startedByOther !== undefined) return startedByOther;
    const before = await readRecord(files.record);
    if (await isAlive(files.record, before)) {
      onProgress?.({ text: "Restarting the local cloud, which has another access key or none" });
      await stopUnlocked(files.record);
    }
    onProgress?.({ text: "Starting the local cloud" });
    const keys = await ensureLocalKeys(paths);
    for (let attempt = 1; attempt <= 3; attempt++) {
      const record = await startProcess(python, paths.cloud, await freePort(before?.port), keys, script);
      if (record === undefined) continue; // the port was taken in between
      const { port, pid } = record;
      const moved =
        before !== undefined && before.port !== port ? { movedFrom: endpointOf(before.port) } : {};
      return { endpoint: endpointOf(port), port, pid, keys, started: true, ...moved };
    }
    throw new UserError("The local cloud found no port to listen on", {
      why: "Each port that was free was taken before it could be used.",
      fix: "Run the command again.",
    });
  });
}

/**
 * The cloud in the record, if it runs and knows the access key. Starts nothing.
 * @throws UserError if its process does not respond
 */
export async function findCloud(paths: SpawnPaths): Promise<RunningCloud | undefined> {
  const { record: file } = cloudFiles(paths.cloud);
  const [record, keys] = await Promise.all([readRecord(file), readLocalKeys(paths)]);
  if (record?.pid === undefined || record.withoutKey || keys === undefined) return undefined;
  const { port, pid } = record;
  let proof = await authenticateServer({ port, pid, keys });
  if (proof === "none" && (await isAlive(file, record))) {
    await pollUntil(async () => {
      proof = await authenticateServer({ port, pid, keys });
      return proof !== "none";
    }, ANSWER_LIMIT);
    if (proof === "none") throw unresponsive(pid);
  }
  if (proof !== "ours") return undefined;
  // It proved that it knows the secret; it must also be this user's process, in case the key was copied. On other
  // systems this would cost a process per command.
  if (process.platform === "linux" && !(await isAlive(file, record))) return undefined;
  return { endpoint: endpointOf(port), port, pid, keys, started: false };
}

/** A starting or busy process gets time; a hanging one is an error, because its data must not be shared. */
function unresponsive(pid: number): UserError {
  return new UserError("The local cloud runs but does not respond", {
    why: `Its process ${pid} did not respond within ${ANSWER_LIMIT / 1000} s.`,
    fix: "spawn local down, then run the command again.",
  });
}

/** The status of the local cloud. Starts and changes nothing. */
export async function cloudStatus({ paths = spawnPaths() }: CloudOptions = {}): Promise<CloudStatus> {
  const files = cloudFiles(paths.cloud);
  const record = await readRecord(files.record);
  if (record?.pid === undefined || !(await isAlive(files.record, record))) {
    return { state: "stopped", installed: existsSync(pythonIn(paths.venv)), data: paths.cloud };
  }
  const { port, pid, startedAt = "" } = record;
  const state = (await isResponsive(paths, record)) ? "running" : "unresponsive";
  return { state, endpoint: endpointOf(port), port, pid, startedAt, log: files.log, data: paths.cloud };
}

/** A local cloud of an older version counts as responsive: the next command that needs it restarts it. */
async function isResponsive(paths: SpawnPaths, { port, pid, withoutKey }: CloudRecord): Promise<boolean> {
  if (withoutKey) return true;
  const keys = await readLocalKeys(paths);
  return (
    pid !== undefined && keys !== undefined && (await authenticateServer({ port, pid, keys })) !== "none"
  );
}

export interface StopResult {
  /** Whether one was running. */
  readonly stopped: boolean;
  /** A note for the user: it had to be killed. */
  readonly warning?: string;
}

/** Stops the local cloud after it has written its data. */
export async function stopCloud({ paths = spawnPaths(), signal }: CloudOptions = {}): Promise<StopResult> {
  const files = cloudFiles(paths.cloud);
  return withLock(files.lock, { signal }, () => stopUnlocked(files.record));
}

async function stopUnlocked(recordFile: string): Promise<StopResult> {
  const record = await readRecord(recordFile);
  if (record?.pid === undefined || !(await isAlive(recordFile, record))) return { stopped: false };
  const { pid } = record;
  const hasEnded = async () => !(await isAlive(recordFile, record));
  const ended = await endProcess(pid, `The local cloud's process ${pid}`, hasEnded);
  await writeRecord(recordFile, { port: record.port });
  if (ended) return { stopped: true };
  return {
    stopped: true,
    warning: `The local cloud did not end within ${STOP_LIMIT / 1000} s and was killed: its last changes may be lost.`,
  };
}

/**
 * Empties the local cloud: deletes every bucket, table and role. A running one restarts on the same port. Pulumi's
 * state stays unchanged, so stacks still contain the deleted resources.
 */
export async function resetCloud(
  options: CloudOptions = {},
): Promise<{ restarted: RunningCloud | undefined }> {
  const { paths = spawnPaths(), signal } = options;
  const files = cloudFiles(paths.cloud);
  const { stopped } = await withLock(files.lock, { signal }, async () => {
    const result = await stopUnlocked(files.record);
    for (const path of [files.objects, files.services, files.temporary, files.log]) {
      await rm(path, { recursive: true, force: true });
    }
    return result;
  });
  return { restarted: stopped ? await ensureCloud(options) : undefined };
}
