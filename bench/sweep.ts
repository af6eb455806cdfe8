import { hash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createBulkDynamoClients } from "../provider/dynamo-clients.ts";
import { autoScalingGroups, createAutoScalingClients } from "../provider/sweep/auto-scaling.ts";
import { sweepRun } from "../provider/sweep-run.ts";
import { newStagingId } from "../staging/ids.ts";
import type { SweepRunInputs } from "../staging/resources/sweep-run.ts";
import { newSweepId } from "../staging/sweep/id.ts";
import { SweepCloud as LocalGroups } from "../test/local/sweep-cloud.ts";
import { startTestCloud } from "../test/support/cloud.ts";
import { createSweepsTable } from "../test/support/tables.ts";

/**
 * The time of a sweep's run from its first request to `started_at`, and from its deletion to the last cancelled
 * index, on the local cloud, whose groups record each instance. Usage: sweep.ts [--counts 1000,10000,100000]
 * [--workers 1000]; one region, a row of three columns per index.
 */

const TABLE = "spawn-sweeps-bench";
const REGION = "us-east-1";

const { values } = parseArgs({
  options: {
    counts: { type: "string", default: "1000,10000,100000" },
    workers: { type: "string", default: "1000" },
  },
});
const cloud = await startTestCloud();
const folder = await mkdtemp(join(tmpdir(), "spawn-bench-"));
const local = new LocalGroups(cloud, REGION);
try {
  Object.assign(process.env, cloud.env);
  const dynamo = createBulkDynamoClients();
  await createSweepsTable(dynamo(REGION), TABLE);
  for (const count of values.counts.split(",").map(Number)) {
    const inputs = await inputsOf(count, Math.min(count, Number(values.workers)));
    await local.group(inputs.sweepId, { MaxSize: count });
    const deps = { now: () => new Date(), settling: { attempts: 2, firstDelayMs: 100 } };
    const handler = sweepRun(deps, dynamo, autoScalingGroups(createAutoScalingClients()));
    const context = { urn: "", signal: new AbortController().signal, log: () => undefined };
    const cpu = process.cpuUsage();
    const { result, seconds } = await timed(() => handler.create(inputs, context));
    const { user } = process.cpuUsage(cpu);
    process.stdout.write(
      `${count} indices: started after ${seconds.toFixed(1)} s (${(user / 1e6).toFixed(1)} s of CPU here), `,
    );
    const ended = await timed(() => handler.delete(result.id, result.outputs, context));
    const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
    process.stdout.write(`cancelled after ${ended.seconds.toFixed(1)} s, ${memory} MiB\n`);
  }
} finally {
  local.destroy();
  await cloud.stop();
  await rm(folder, { recursive: true });
}

async function inputsOf(count: number, workers: number): Promise<SweepRunInputs> {
  const sweepId = newSweepId();
  const row = (index: number) => ({ alpha: `${index}`, label: "plain text", path: `/data/${index}.csv` });
  const rows = Array.from({ length: count }, (_, index) => `${JSON.stringify(row(index))}\n`).join("");
  const rowsFile = join(folder, `${sweepId}.rows.jsonl`);
  await writeFile(rowsFile, rows);
  return {
    sweepId,
    table: TABLE,
    tableRegion: REGION,
    name: "bench",
    stack: `dev.${sweepId}`,
    count,
    regions: [{ region: REGION, start: 0, end: count, workers, group: sweepId }],
    entries: [newStagingId()],
    command: "true",
    retriesInterrupted: 3,
    retriesError: 0,
    deadlineSeconds: 86_400,
    rowsFile,
    rowsSha256: hash("sha256", rows),
    generation: 0,
  };
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const start = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - start) / 1000 };
}
