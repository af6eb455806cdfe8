import { randomUUID } from "node:crypto";
import { chmod, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Keys } from "../../connection/connection.ts";
import { authenticateServer } from "../../connection/local-cloud.ts";
import { packageRoot } from "../../package-root.ts";
import { UserError } from "../../staging/errors.ts";
import { shellString } from "../../staging/shell.ts";
import { startInBackground } from "../background.ts";
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

/** Milliseconds until it responds. It takes 0.5 s if it is empty; objects are first loaded into memory. */
const START_LIMIT = 60_000;

type StartedRecord = Required<Omit<CloudRecord, "withoutKey">>;

/**
 * Starts the cloud's process in the background, and waits for its response.
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
  const instance = `spawn-${randomUUID()}`;
  let record = { port, pid: -1, instance, startedAt: new Date().toISOString() };
  const failure = await startInBackground({
    ...{ command: python, args: ["-I", script, files.record, instance] },
    ...{ cwd: folder, env: settingsOf(folder, port, keys), log: files.log, limit: START_LIMIT },
    async onStart(pid) {
      record = { ...record, pid };
      await writeRecord(files.record, record);
    },
    isReady: async () => (await authenticateServer({ port, pid: record.pid, keys })) === "ours",
  });
  if (failure === undefined) return record;
  await writeRecord(files.record, { port });
  const { error, how, output } = failure;
  if (output.includes("Address already in use") || output.includes("address already in use"))
    return undefined;
  if (output.includes("ModuleNotFoundError")) {
    throw new UserError("The local cloud does not start: its modules are missing", {
      why: "The Python that it was installed with was upgraded or removed.",
      fix: `rm -r ${shellString(dirname(dirname(python)))}, then run the command again, which reinstalls it.`,
    });
  }
  throw new UserError("The local cloud does not start", {
    why: error ?? (how ? `ended with ${how}` : `It did not respond within ${START_LIMIT / 1000} s.`),
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
