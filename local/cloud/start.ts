import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, fchmodSync, openSync } from "node:fs";
import { chmod, mkdir, readFile, stat, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Keys } from "../../connection/connection.ts";
import { authenticateServer } from "../../connection/local-cloud.ts";
import { packageRoot } from "../../package-root.ts";
import { UserError } from "../../staging/errors.ts";
import { shellString } from "../../staging/shell.ts";
import { isRunning, pollUntil } from "./process.ts";
import { type CloudRecord, writeRecord } from "./record.ts";

/** The files of the local cloud in its folder. */
export function cloudFiles(folder: string) {
  return {
    record: join(folder, "cloud.json"),
    lock: join(folder, "cloud.lock"),
    log: join(folder, "cloud.log"),
    objects: join(folder, "s3"),
    services: join(folder, "services"),
    temporary: join(folder, "tmp"),
  } as const;
}

/** Maximum bytes of the log; the next start begins a new one. */
const LOG_LIMIT = 10 * 1024 * 1024;
/** Milliseconds until it responds. It takes 0.5 s if it is empty; objects are first loaded into memory. */
const START_LIMIT = 60_000;

type StartedRecord = Required<Omit<CloudRecord, "withoutKey">>;

/**
 * Starts the cloud's process in the background, so that it outlives this command and its terminal, and waits for its
 * response.
 * @param script Python's script, with the record's file and the instance as its arguments
 * @returns its record, or undefined if the port was taken in the meantime
 * @throws UserError if it exits for another reason or does not respond in time
 */
export async function startProcess(
  python: string,
  folder: string,
  port: number,
  keys: Keys,
  script = join(packageRoot(), "local", "cloud", "serve.py"),
): Promise<StartedRecord | undefined> {
  const files = cloudFiles(folder);
  for (const path of [files.objects, files.services, files.temporary]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  }
  // Older versions made them readable for all users.
  await chmod(folder, 0o700);
  await keepLogSmall(files.log);
  const logStart = await sizeOf(files.log);

  const instance = `spawn-${randomUUID()}`;
  const log = openSync(files.log, "a", 0o600);
  const child = spawn(python, ["-I", script, files.record, instance], {
    cwd: folder,
    detached: true, // a separate session (setsid)
    stdio: ["ignore", log, log],
    env: settingsOf(folder, port, keys),
  });
  fchmodSync(log, 0o600);
  closeSync(log);
  let ended: string | undefined;
  child.once("error", (error) => {
    ended = error.message;
  });
  child.once("exit", (code, signal) => {
    ended = `ended with ${signal ?? `code ${code}`}`;
  });
  child.unref();

  const record = { port, pid: child.pid ?? -1, instance, startedAt: new Date().toISOString() };
  if (child.pid !== undefined) await writeRecord(files.record, record);
  const answered = await pollUntil(
    async () => ended !== undefined || (await authenticateServer({ port, pid: record.pid, keys })) === "ours",
    START_LIMIT,
  );
  if (answered && ended === undefined) return record;

  if (ended === undefined) child.kill("SIGKILL");
  await writeRecord(files.record, { port });
  const output = (await readFile(files.log, "utf8")).slice(logStart).trim();
  if (output.includes("Address already in use") || output.includes("address already in use"))
    return undefined;
  if (output.includes("ModuleNotFoundError")) {
    throw new UserError("The local cloud does not start: its modules are missing", {
      why: "The Python that it was installed with was upgraded or removed.",
      fix: `rm -r ${shellString(dirname(dirname(python)))}, then run the command again, which reinstalls it.`,
    });
  }
  throw new UserError("The local cloud does not start", {
    why: ended ?? `It did not respond within ${START_LIMIT / 1000} s.`,
    fix: `Its log says more: ${files.log}`,
  });
}

/** Only the key and ministack's settings: AWS keys, proxies and Python settings of a shell must not change the local cloud. */
function settingsOf(folder: string, port: number, keys: Keys): NodeJS.ProcessEnv {
  const files = cloudFiles(folder);
  return {
    PATH: process.env["PATH"],
    HOME: folder,
    TMPDIR: files.temporary,
    LANG: "C.UTF-8",
    // Not in the command line, which all users can read.
    SPAWN_CLOUD_KEY: `${keys.accessKeyId}:${keys.secretAccessKey}`,
    BIND_HOST: "127.0.0.1",
    GATEWAY_PORT: String(port),
    LOG_LEVEL: "WARNING",
    // Objects with their versions, tags and metadata: written immediately.
    S3_PERSIST: "1",
    S3_DATA_DIR: files.objects,
    // Settings of buckets, access points, tables and items, IAM: see serve.py.
    PERSIST_STATE: "1",
    STATE_DIR: files.services,
    // These would open separate ports, and reach other containers. server/services.py removes them, too.
    IOT_MTLS_ENABLED: "0",
    SFTP_ENABLED: "0",
    DOCKER_HOST: `unix://${join(folder, "no-docker.sock")}`,
  };
}

async function keepLogSmall(log: string): Promise<void> {
  if ((await sizeOf(log)) > LOG_LIMIT) await truncate(log);
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return 0;
      throw error;
    },
  );
}

/** Whether the process in the record runs, as a process of the user who wrote the record. */
export async function isAlive(recordFile: string, record: CloudRecord | undefined): Promise<boolean> {
  if (record?.pid === undefined || record.instance === undefined) return false;
  const { uid } = await stat(recordFile);
  return isRunning(record.pid, record.instance, uid);
}
