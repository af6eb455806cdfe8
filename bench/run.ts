import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { packageRoot } from "../package-root.ts";
import { GIB, MIB } from "../staging/units.ts";
import { type Contestant, contestants, type Dataset } from "./contestants.ts";
import { NETWORK, startNetwork } from "./network.ts";
import { cpuOf, type Measurement, type RowResult, renderTables, writeReport } from "./report.ts";
import { startServer } from "./server.ts";
import { bundle, measure, prepareTools, succeed } from "./tools.ts";

/**
 * Compares the data plane with the tools that users would use instead, on one S3 server on this machine. Usage:
 * run.ts [--rows 1g,8g,small,mixed,1g-far,small-far] [--runs 3] [--tools spawn,s5cmd]; runs with a subset of the
 * tools are not saved. Needs Go, Python 3 and memory for the server's objects: 4 GiB, or 10 with the row of 8 GiB,
 * which uses one bucket only.
 */

const root = packageRoot();

interface Row {
  readonly title: string;
  readonly buckets: number;
  /** Whether there is a network between the tools and the server. */
  readonly isFar?: boolean;
  readonly isDirectory?: boolean;
  /** The row whose files it uses. @default its own */
  readonly files?: string;
  make(path: string): Promise<void>;
}

const FAR = `${NETWORK.latencyMs} ms and ${NETWORK.bytesPerSecond / MIB} MiB/s a connection`;

const ROWS: Readonly<Record<string, Row>> = {
  "1g": { title: "one file of 1 GiB, 3 buckets", buckets: 3, make: (path) => writeFiles([[path, GIB]]) },
  "8g": { title: "one file of 8 GiB, 1 bucket", buckets: 1, make: (path) => writeFiles([[path, 8 * GIB]]) },
  small: {
    title: "20,000 files of 16 KiB, 3 buckets",
    buckets: 3,
    isDirectory: true,
    make: (path) => writeFiles(smallFiles(path, 20_000)),
  },
  mixed: {
    title: "2,000 files of 16 KiB, 50 of 4 MiB, 1 of 512 MiB, 3 buckets",
    buckets: 3,
    isDirectory: true,
    make: (path) =>
      writeFiles([
        ...smallFiles(path, 2_000),
        ...Array.from({ length: 50 }, (_, index) => [join(path, "medium", `${index}`), 4 * MIB] as const),
        [join(path, "large"), 512 * MIB],
      ]),
  },
  "1g-far": {
    title: `one file of 1 GiB, 1 bucket, over a network of ${FAR}`,
    ...{ buckets: 1, isFar: true, files: "1g" },
    make: (path) => writeFiles([[path, GIB]]),
  },
  "small-far": {
    title: `20,000 files of 16 KiB, 1 bucket, over a network of ${FAR}`,
    ...{ buckets: 1, isFar: true, isDirectory: true, files: "small" },
    make: (path) => writeFiles(smallFiles(path, 20_000)),
  },
};

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
  const all = contestants(await prepareTools(), await bundle("stage")).filter(
    ({ name }) => tools === undefined || tools.includes(name),
  );
  const results: RowResult[] = [];
  for (const name of rows) {
    const row = ROWS[name];
    if (row !== undefined) results.push(await runRow(row, name, all, Number(values.runs)));
  }
  if (tools === undefined) await writeReport(results, join(root, "docs"));
  else console.log(renderTables(results));
}

async function runRow(row: Row, name: string, all: readonly Contestant[], runs: number): Promise<RowResult> {
  const path = join(tmpdir(), "spawn-bench", row.files ?? name);
  if (!existsSync(path)) await row.make(path);
  const { isDirectory = false } = row;
  const dataset: Dataset = { name, path, isDirectory, buckets: row.buckets };
  const tools = await prepareTools();
  const server = await startServer(tools.versitygw);
  const network = row.isFar ? await startNetwork(tools.toxiproxy, server.endpoint) : undefined;
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

function smallFiles(folder: string, count: number): (readonly [string, number])[] {
  return Array.from(
    { length: count },
    (_, index) => [join(folder, `folder-${index % 20}`, `${index}`), 16 * 1024] as const,
  );
}

async function writeFiles(files: readonly (readonly [path: string, bytes: number])[]): Promise<void> {
  console.error(`Writing ${files.length} files...`);
  const made = new Set<string>();
  for (const [path, bytes] of files) {
    const folder = join(path, "..");
    if (!made.has(folder)) await mkdir(folder, { recursive: true });
    made.add(folder);
    if (bytes <= MIB) {
      await writeFile(path, randomBytes(bytes));
      continue;
    }
    const handle = await open(`${path}.new`, "w");
    for (let left = bytes; left > 0; left -= MIB) await handle.write(randomBytes(Math.min(left, MIB)));
    await handle.close();
    await rm(path, { force: true });
    await succeed("mv", [`${path}.new`, path]);
  }
}

await main();
