import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Stand for three regions: the server knows one region, and what tells them apart is the bucket. */
export const BUCKETS = ["bench-a", "bench-b", "bench-c"] as const;

export interface Server {
  readonly env: NodeJS.ProcessEnv;
  /** Deletes all objects. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts versitygw on memory, so that the disk is not what is measured, on 127.0.0.1. */
export async function startServer(program: string): Promise<Server> {
  const folder = await mkdtemp("/dev/shm/spawn-bench-");
  const port = await freePort();
  const keys = { id: "bench", secret: "bench-secret" };
  const server = spawn(
    program,
    ["--port", `127.0.0.1:${port}`, "--region", "us-east-1", "--keep-alive", "--quiet", "posix", folder],
    { env: { ROOT_ACCESS_KEY_ID: keys.id, ROOT_SECRET_ACCESS_KEY: keys.secret }, stdio: "ignore" },
  );
  const empty = async (): Promise<void> => {
    for (const bucket of BUCKETS) {
      await rm(join(folder, bucket), { recursive: true, force: true });
      await mkdir(join(folder, bucket));
    }
  };
  const stop = async (): Promise<void> => {
    await ended(server);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await empty();
    const endpoint = `http://127.0.0.1:${port}`;
    await answering(endpoint);
    const aws = { AWS_ACCESS_KEY_ID: keys.id, AWS_SECRET_ACCESS_KEY: keys.secret, AWS_REGION: "us-east-1" };
    return { env: { ...aws, AWS_ENDPOINT_URL: endpoint, S3_ENDPOINT_URL: endpoint }, empty, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answering(endpoint: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answered = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await sleep(100);
  }
  throw new Error(`no server answers at ${endpoint}`);
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exit = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGKILL");
  await exit;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
