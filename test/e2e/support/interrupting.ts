import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { ProxiedRequest } from "../../support/proxy.ts";
import type { Running } from "./process.ts";
import type { World } from "./world.ts";

/** IDs of the processes that run in the world's home and have `part` in their command line. */
export async function pidsOf(world: World, part: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["axeww", "-o", "pid=,command="], {
    maxBuffer: 256 * 1024 * 1024,
  });
  return stdout
    .split("\n")
    .filter((line) => line.includes(world.home) && line.includes(part))
    .map((line) => Number(line.trim().split(" ", 1)[0]));
}

/** Waits until `done` returns a value. @throws Error if `running` ends first */
export async function whileRunning<T>(running: Running, done: () => Promise<T | undefined>): Promise<T> {
  while (!running.hasEnded) {
    const found = await done();
    if (found !== undefined) return found;
    await sleep(20);
  }
  throw new Error(`it ended too early: ${JSON.stringify(await running.ended)}`);
}

/** Polls until `holds` returns true. */
export async function eventually(what: string, holds: () => Promise<boolean>, seconds = 60): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await holds()); await sleep(100)) {
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
  }
}

/** Whether the request sends a part's bytes to the primary region; copies to other regions send none. */
export const isPart = ({ method, query, region }: ProxiedRequest): boolean =>
  method === "PUT" && query.has("partNumber") && region === "us-east-1";

/** Numbers of the parts that the server received, in order. */
export const arrivedParts = (requests: readonly ProxiedRequest[]): number[] =>
  requests
    .filter((request) => isPart(request) && request.status === 200)
    .map(({ query }) => Number(query.get("partNumber")))
    .sort((a, b) => a - b);
