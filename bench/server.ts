import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { answering, ended, freePort } from "./processes.ts";

/** Three buckets represent three regions, because the server has only one. */
export const BUCKETS = ["bench-a", "bench-b", "bench-c"] as const;

export interface Server {
  readonly endpoint: string;
  /** For its clients, which use it at `endpoint`. */
  env(endpoint: string): NodeJS.ProcessEnv;
  /** Deletes all objects. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts versitygw on memory, so that the disk does not affect the results, on 127.0.0.1. */
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
    const env = (url: string) => ({ ...aws, AWS_ENDPOINT_URL: url, S3_ENDPOINT_URL: url });
    return { endpoint, env, empty, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
