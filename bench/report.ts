import { readFile, writeFile } from "node:fs/promises";
import { arch, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { GIB, MIB } from "../staging/units.ts";

export interface Measurement {
  readonly wallSeconds: number;
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** Of the largest process. */
  readonly peakBytes: number;
}

export interface RowResult {
  readonly title: string;
  /** Day of the measurement, UTC. */
  readonly date: string;
  /** By contestant, one per run. */
  readonly measurements: Readonly<Record<string, readonly Measurement[]>>;
}

const OURS = "spawn";
const FLOORS = new Set(["sha256sum", "cat"]);

/** Seconds. */
export const cpuOf = (one: Measurement): number => one.userSeconds + one.systemSeconds;

/**
 * Writes the table to `benchmarks.md` and the figures to `benchmarks.json` beside it, and prints the table. It keeps
 * earlier rows of the same kind of machine that were not measured now.
 */
export async function writeReport(measured: readonly RowResult[], folder: string): Promise<void> {
  console.log(renderTables(measured));
  const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? arch(), memoryGib: totalmem() / GIB };
  const file = join(folder, "benchmarks.json");
  const rows = [
    ...(await earlier(file, machine)).filter(({ title }) => !isAmong(measured, title)),
    ...measured,
  ];
  const text = renderTables(rows);
  await writeFile(file, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
  const intro = [
    "# Benchmarks of the data plane",
    "",
    `Measured by \`node bench/run.ts\`: ${machine.cpus} CPUs (${machine.model}), ${Math.round(machine.memoryGib)} GiB,`,
    "against versitygw on memory on the same machine. Every tool uploads to one bucket and then copies server-side to",
    "the others. CPU is the tool's, without the server's. Times are min / median / max of interleaved runs; ratios",
    "compare runs of the same round. spawn also computes SHA-256 and verifies each replica.",
    "",
  ].join("\n");
  await writeFile(join(folder, "benchmarks.md"), `${intro}\n${text}\n${chart(rows)}`);
}

export const renderTables = (rows: readonly RowResult[]): string => rows.map(table).join("\n");

interface Machine {
  readonly cpus: number;
  readonly model: string;
}

async function earlier(file: string, { cpus, model }: Machine): Promise<readonly RowResult[]> {
  const { machine, rows } = JSON.parse(await readFile(file, "utf8")) as {
    machine: Machine;
    rows: RowResult[];
  };
  return machine.cpus === cpus && machine.model === model ? rows : [];
}

const isAmong = (rows: readonly RowResult[], title: string): boolean =>
  rows.some((row) => row.title === title);

function table({ title, date, measurements }: RowResult): string {
  const ours = measurements[OURS] ?? [];
  const lines = Object.entries(measurements).map(([name, runs]) => {
    const isPeer = name !== OURS && !FLOORS.has(name);
    const ratio = (value: (one: Measurement) => number): string =>
      isPeer ? spread(runs.map((run, index) => value(ours[index] ?? run) / value(run))) : "";
    return `| ${[
      name,
      spread(runs.map((run) => run.wallSeconds)),
      spread(runs.map(cpuOf)),
      String(Math.round(Math.max(...runs.map(({ peakBytes }) => peakBytes)) / MIB)),
      ratio((run) => run.wallSeconds),
      ratio(cpuOf),
    ].join(" | ")} |`;
  });
  return [
    `## ${title}`,
    "",
    `Measured on ${date}.`,
    "",
    "| tool | wall s | CPU s | peak MiB | spawn's wall / this | spawn's CPU / this |",
    "|---|---|---|---|---|---|",
    ...lines,
    "",
  ].join("\n");
}

/** Min / median / max. */
export function spread(values: readonly number[], decimals = 2): string {
  const all = [Math.min(...values), median(values), Math.max(...values)];
  return (values.length === 1 ? values : all).map((value) => value.toFixed(decimals)).join(" / ");
}

export const median = (values: readonly number[]): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;

/** CPU seconds of each tool, one chart per row. */
function chart(rows: readonly RowResult[]): string {
  return rows
    .map(({ title, measurements }) => {
      const peers = Object.entries(measurements).filter(([name]) => !FLOORS.has(name));
      const values = peers.map(([, runs]) => median(runs.map(cpuOf)).toFixed(2));
      return [
        "```mermaid",
        "xychart-beta",
        `  title "CPU seconds: ${title}"`,
        `  x-axis [${peers.map(([name]) => `"${name}"`).join(", ")}]`,
        '  y-axis "seconds"',
        `  bar [${values.join(", ")}]`,
        "```",
        "",
      ].join("\n");
    })
    .join("\n");
}
