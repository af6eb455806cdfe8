import { randomInt } from "node:crypto";
import { join } from "node:path";
import { freePort } from "../../local/cloud/port.ts";
import { writeRecord } from "../../local/cloud/record.ts";
import type { SpawnPaths } from "../../local/paths.ts";

/**
 * Gives the local cloud of a test's folder a port that no other test tries, above the range of the program's own search and below the
 * ephemeral ports: test files run concurrently, and a search of that range holds each port for a moment.
 */
export async function reservePort(paths: SpawnPaths): Promise<void> {
  await writeRecord(join(paths.cloud, "cloud.json"), { port: await freePort(randomInt(16_000, 32_000)) });
}
