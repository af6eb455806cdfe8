import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { spawnPaths } from "../local/paths.ts";
import { packageRoot } from "../package-root.ts";
import type { Measurement } from "./report.ts";
import { measure, succeed } from "./tools.ts";

/**
 * The time of `spawn launch` and plain `pulumi preview` for a sweep of many workers in three regions, compared with a
 * sweep of three workers. The local cloud records each instance, and runs as many concurrently as there are cores.
 * Usage: launch.ts [--workers 3,1000]
 */

const { values } = parseArgs({ options: { workers: { type: "string", default: "3,1000" } } });
const root = packageRoot();
const home = await mkdtemp(join(tmpdir(), "spawn bench "));
const env = { ...process.env, SPAWN_HOME: home, SPAWN_CACHE: spawnPaths().cache };
const program = join(root, "bin", "spawn");
const spawn = (...args: string[]) => succeed(program, args, { env, cwd: home });

try {
  await writeFile(join(home, "data.bin"), randomBytes(1024));
  await spawn("environment", "up");
  const regions = ["us-east-1", "us-west-2", "eu-west-1"];
  const entry = (await spawn("stage", "upload", "./data.bin", "--regions", regions.join(","))).trim();
  for (const workers of values.workers.split(",").map(Number)) {
    const params = join(home, `${workers}.yaml`);
    await writeFile(params, `count: ${workers}\nbase_command: echo $SWEEP_INDEX\n`);
    const launch = [program, "launch", "--params", params, "--stage-id", entry, "--yes", "--detach"];
    report(`${workers} workers, spawn launch until started`, await measure([[launch]], env));
    const [{ sweep_id: sweep }] = JSON.parse(await spawn("sweep", "list", "--json")).result as [
      { sweep_id: string },
    ];
    const preview = `cd '${root}' && eval "$('${program}' env)" && pulumi preview -s dev.${sweep}`;
    report(
      `${workers} workers, pulumi preview`,
      await measure([[["bash", "-c", `${preview} --expect-no-changes`]]], env),
    );
    await spawn("sweep", "delete", sweep, "--yes");
  }
} finally {
  await spawn("local", "down");
  await rm(home, { recursive: true, force: true });
}

function report(title: string, { wallSeconds, userSeconds, systemSeconds, peakBytes }: Measurement): void {
  const cpu = (userSeconds + systemSeconds).toFixed(1);
  const memory = Math.round(peakBytes / 2 ** 20);
  process.stdout.write(
    `${title}: ${wallSeconds.toFixed(1)} s, ${cpu} s of CPU, ${memory} MiB in the largest process\n`,
  );
}
