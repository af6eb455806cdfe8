import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCloud, stopCloud } from "../local/cloud/cloud.ts";
import { spawnPaths } from "../local/paths.ts";
import { packageRoot } from "../package-root.ts";
import { answering, ended, freePort } from "./processes.ts";
import type { Server } from "./server.ts";
import { succeed } from "./tools.ts";

const REGIONS = ["us-east-1", "us-west-2", "eu-west-1"] as const;

/** The environment's buckets, the primary region's first. */
export const COMMAND_BUCKETS = REGIONS.map((region) => `spawn-staging-${region}`);

/**
 * Starts versitygw on memory, one process a region with one endpoint before them, and the local cloud for all other services, and
 * creates the environment `dev` with the command line.
 */
export async function startCommandServer(versitygw: string, front: string): Promise<Server> {
  const folder = await mkdtemp("/dev/shm/spawn-bench-");
  const home = await mkdtemp(join(tmpdir(), "spawn bench "));
  const own = { SPAWN_HOME: home, SPAWN_CACHE: spawnPaths().cache };
  const paths = spawnPaths({ ...process.env, ...own });
  const processes: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map(ended));
    await stopCloud({ paths });
    await Promise.all([folder, home].map((path) => rm(path, { recursive: true, force: true })));
  };
  try {
    const { endpoint: cloud, keys } = await ensureCloud({ paths });
    const root = { ROOT_ACCESS_KEY_ID: keys.accessKeyId, ROOT_SECRET_ACCESS_KEY: keys.secretAccessKey };
    const [data, versions] = [join(folder, "data"), join(folder, "versions")];
    await Promise.all([data, versions].map((path) => mkdir(path)));
    const places: string[] = [];
    for (const region of REGIONS) {
      const place = `127.0.0.1:${await freePort()}`;
      places.push(`${region}=${place}`);
      const args = ["--port", place, "--region", region, "--keep-alive", "--quiet"];
      const backend = ["posix", "--versioning-dir", versions, data];
      processes.push(spawn(versitygw, [...args, ...backend], { env: root, stdio: "ignore" }));
      await answering(`http://${place}`);
    }
    const listen = `127.0.0.1:${await freePort()}`;
    processes.push(spawn(front, [listen, ...places], { stdio: "ignore" }));
    const endpoint = `http://${listen}`;
    await answering(endpoint);
    const env = (url: string) => ({
      ...own,
      AWS_ENDPOINT_URL: cloud,
      AWS_ENDPOINT_URL_S3: url,
      S3_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_REGION: "us-east-1",
    });
    await succeed(join(packageRoot(), "bin", "spawn"), ["environment", "up"], {
      env: { ...process.env, ...env(endpoint) },
    });
    const empty = async (): Promise<void> => {
      for (const bucket of COMMAND_BUCKETS) {
        for (const place of [join(data, bucket), join(versions, bucket)]) {
          const names = await readdir(place).catch(() => []);
          await Promise.all(names.map((name) => rm(join(place, name), { recursive: true, force: true })));
        }
      }
    };
    return { endpoint, env, empty, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
