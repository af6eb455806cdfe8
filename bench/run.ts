import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { packageRoot } from "../package-root.ts";
import { MIB } from "../staging/units.ts";
import { COMMAND_BUCKETS, startCommandServer } from "./command-server.ts";
import { type Contestant, contestants, type Dataset } from "./contestants.ts";
import { startNetwork } from "./network.ts";
import { cpuOf, type Measurement, type RowResult, renderTables, writeReport } from "./report.ts";
import { DATASETS, ROWS, type Row } from "./rows.ts";
import { BUCKETS, startServer } from "./server.ts";
import { bundle, measure, prepareTools, type Tools } from "./tools.ts";

/*
 * The data plane beside the tools that users would take instead, against one S3 server on this machine.
 * Usage: run.ts [--rows 1g,8g,small,mixed,1g-far,small-far,1g-command,mixed-command,small-command] [--runs 3] [--tools spawn,s5cmd]; what only some tools ran is not
 * saved. Needs Go, Python 3 and memory for the server's objects: 4 GiB, with the row of 8 GiB, which goes to one bucket only, 10.
 */

const root = packageRoot();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: "string", default: Object.keys(ROWS).join(",") },
      runs: { type: "string", default: "3" },
      tools: { type: "string" },
    },
  });
  const rows = values.rows.split(",");
  const unknown = rows.find((name) => !(name in ROWS));
  if (unknown !== undefined) throw new Error(`no row ${unknown}: ${Object.keys(ROWS).join(", ")}`);
  const tools = values.tools?.split(",");
  const programs = await prepareTools(tools === undefined || tools.includes("rclone") ? [] : ["rclone"]);
  const all = contestants(programs, await bundle("stage")).filter(
    ({ name }) => tools === undefined || tools.includes(name),
  );
  const results: RowResult[] = [];
  for (const name of rows) {
    const row = ROWS[name];
    if (row !== undefined) results.push(await runRow(row, programs, all, Number(values.runs)));
  }
  if (tools === undefined) await writeReport(results, join(root, "docs"));
  else console.log(renderTables(results));
}

async function runRow(row: Row, tools: Tools, all: readonly Contestant[], runs: number): Promise<RowResult> {
  const path = join(tmpdir(), "spawn-bench", row.files);
  const { isDirectory, make } = DATASETS[row.files];
  if (!existsSync(path)) await make(path);
  const isCommand = row.kind === "command";
  const buckets = (isCommand ? COMMAND_BUCKETS : BUCKETS).slice(0, row.buckets);
  const dataset: Dataset = { path, isDirectory, buckets, isCommand };
  const server = isCommand
    ? await startCommandServer(tools.versitygw, tools.front)
    : await startServer(tools.versitygw);
  const network = row.kind === "far" ? await startNetwork(tools.toxiproxy, server.endpoint) : undefined;
  const env = server.env(network?.endpoint ?? server.endpoint);
  const measurements: Record<string, Measurement[]> = {};
  try {
    // All tools read from the page cache; this is also the minimum for reading the files.
    const readAll = 'find "$1" -type f -exec "$0" {} + > /dev/null';
    await measure([[["sh", "-c", readAll, "cat", path]]], env);
    for (const floor of ["sha256sum", "cat"]) {
      measurements[floor] = [await measure([[["sh", "-c", readAll, floor, path]]], env)];
    }
    // Interleaved, so that other load of the machine affects all of them.
    for (let run = 0; run < runs; run += 1) {
      for (const contestant of all) {
        await server.empty();
        const measured = await measure(contestant.plan(dataset), env);
        measurements[contestant.name] = [...(measurements[contestant.name] ?? []), measured];
        console.error(
          `${row.title}, run ${run + 1}, ${contestant.name}: ${measured.wallSeconds.toFixed(2)} s, ` +
            `CPU ${cpuOf(measured).toFixed(2)} s, ` +
            `${Math.round(measured.peakBytes / MIB)} MiB`,
        );
      }
    }
  } finally {
    await network?.stop();
    await server.stop();
  }
  return { title: row.title, date: new Date().toISOString().slice(0, 10), measurements };
}

await main();
