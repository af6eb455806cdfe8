import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Keys } from "../../connection/connection.ts";
import { ensureCloud, stopCloud } from "../../local/cloud/cloud.ts";
import { spawnPaths } from "../../local/paths.ts";
import { reservePort } from "./own-port.ts";
import { recordingScript } from "./recorded-cloud.ts";

export interface TestCloud {
  readonly endpoint: string;
  /** The keys that sign its requests. */
  readonly keys: Keys;
  /** The throw-away SPAWN_HOME. */
  readonly home: string;
  /** This process's environment, plus the variables that make `spawn` and AWS clients use this cloud and these folders. */
  readonly env: NodeJS.ProcessEnv;
  /** Stops the cloud and removes its data. */
  stop(): Promise<void>;
}

/** A throw-away SPAWN_HOME that shares the cache (engine, local cloud's program) with the user's own. */
export async function makeTestHome(): Promise<{
  home: string;
  env: NodeJS.ProcessEnv;
  remove: () => Promise<void>;
}> {
  const home = await mkdtemp(join(tmpdir(), "spawn test "));
  const env = { ...process.env, SPAWN_HOME: home, SPAWN_CACHE: spawnPaths().cache };
  await reservePort(spawnPaths(env));
  return { home, env, remove: () => rm(home, { recursive: true, force: true }) };
}

/**
 * A separate local cloud for one test file, on a free port, with its data in a temporary folder whose name has a space. Call it in
 * `before` and `stop` in `after`.
 */
export async function startTestCloud(): Promise<TestCloud> {
  const { home, env, remove } = await makeTestHome();
  const paths = spawnPaths(env);
  try {
    const { endpoint, keys } = await ensureCloud({ paths, script: await recordingScript(home) });
    return {
      endpoint,
      keys,
      home,
      env: {
        ...env,
        AWS_ENDPOINT_URL: endpoint,
        AWS_ACCESS_KEY_ID: keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        AWS_REGION: "us-east-1",
      },
      stop: async () => {
        await stopCloud({ paths });
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
