import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { packageRoot } from "../package-root.ts";
import { parseDestination } from "../staging/destination.ts";
import { parseStagingId } from "../staging/ids.ts";
import { parseRegionList } from "../staging/regions.ts";
import type { StagedDataOutputs } from "../staging/resources/staged-data.ts";
import { renderStageScript } from "../staging/stage-script.ts";
import { GIB } from "../staging/units.ts";
import { cpuOf, type Measurement, spread } from "./report.ts";
import { writeFiles } from "./rows.ts";
import { BUCKETS, startServer } from "./server.ts";
import { bundle, measure, prepareTools, succeed } from "./tools.ts";

/**
 * Downloads of an entry: the script of `spawn stage script` and the data plane of `spawn stage download`, which
 * verify every file, compared with tools that do not. One S3 server on this machine. Prints a Markdown table and
 * saves it in docs/benchmarks-downloads.md. Usage: node bench/downloads.ts [rounds]
 */

const ROUNDS = Number(process.argv[2] ?? 5);
const PLAIN = "aws s3 cp";

const root = packageRoot();

interface Row {
  readonly title: string;
  readonly files: readonly (readonly [path: string, bytes: number])[];
}

const ROWS: readonly Row[] = [
  { title: "one file of 1 GiB", files: [["data", GIB]] },
  {
    title: "2,000 files of 16 KiB",
    files: Array.from({ length: 2_000 }, (_, at) => [`data/folder-${at % 20}/${at}`, 16 * 1024] as const),
  },
];

async function main(): Promise<void> {
  const tools = await prepareTools(["rclone", "toxiproxy", "front"]);
  const folder = await mkdtemp(join(tmpdir(), "spawn-bench-"));
  const server = await startServer(tools.versitygw);
  const sections: string[] = [];
  try {
    const env = server.env(server.endpoint);
    const [stage, fetch] = [await bundle("stage"), await bundle("fetch")];
    for (const row of ROWS) {
      const source = join(folder, "source");
      await writeFiles(row.files.map(([path, bytes]) => [join(source, path), bytes]));
      const { stagingId, staged } = JSON.parse(
        await succeed(process.execPath, [stage, join(source, "data"), BUCKETS[0]], {
          env: { ...process.env, ...env },
        }),
      ) as { stagingId: string; staged: StagedDataOutputs };
      await rm(source, { recursive: true });
      const script = join(folder, "stage.sh");
      const target = join(folder, "target");
      await writeFile(script, await scriptOf(stagingId, staged));
      const isFile = staged.kind === "file";
      const url = `s3://${BUCKETS[0]}/${staged.key}`;
      const only = "--only-show-errors";
      const contestants: Record<string, readonly string[]> = {
        "spawn stage script": ["sh", script, target],
        "spawn stage download": [
          process.execPath,
          fetch,
          JSON.stringify({ ...staged, stagingId }),
          BUCKETS[0],
          target,
        ],
        [PLAIN]: [tools.aws, "s3", "cp", only, ...(isFile ? [] : ["--recursive"]), url, target],
        s5cmd: [tools.s5cmd, "cp", isFile ? url : `${url}*`, isFile ? target : `${target}/`],
      };
      const results = new Map<string, Measurement[]>();
      for (let round = 0; round <= ROUNDS; round += 1) {
        for (const [name, command] of Object.entries(contestants)) {
          await rm(target, { recursive: true, force: true });
          const PATH = [dirname(tools.aws), process.env["PATH"]].join(delimiter);
          const one = await measure([[command]], { ...env, PATH });
          // The first round warms up.
          if (round > 0) results.set(name, [...(results.get(name) ?? []), one]);
          console.error(`${row.title}, round ${round}, ${name}: ${one.wallSeconds.toFixed(2)} s`);
        }
      }
      await rm(target, { recursive: true, force: true });
      await server.empty();
      sections.push(table(row.title, results));
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const text = [
    "# Benchmarks of downloads",
    "",
    `\`node bench/downloads.ts\`: ${cpus().length} CPUs (${cpus()[0]?.model ?? "unknown"}), against versitygw on memory on the same machine;`,
    `${ROUNDS} interleaved rounds after one to warm up, min / median / max. Ratios compare runs of the same round. The tools of spawn read the`,
    "manifest and verify the SHA-256 of every file; aws-cli and s5cmd verify none. CPU is the tool's, without the server's.",
    "",
    ...sections,
  ].join("\n");
  console.log(text);
  await writeFile(join(root, "docs", "benchmarks-downloads.md"), text);
}

async function scriptOf(stagingId: string, staged: StagedDataOutputs): Promise<string> {
  return renderStageScript(await readFile(join(root, "worker", "stage.sh"), "utf8"), {
    stagingId: parseStagingId(stagingId),
    filename: "data",
    kind: staged.kind,
    manifestSha256: staged.manifestSha256,
    regions: parseRegionList("us-east-1"),
    buckets: [BUCKETS[0]],
    destination: parseDestination("/nowhere"),
  });
}

function table(title: string, results: ReadonlyMap<string, readonly Measurement[]>): string {
  const plain = results.get(PLAIN) ?? [];
  const lines = [...results].map(([name, runs]) => {
    const ratio = (value: (one: Measurement) => number) =>
      name === PLAIN ? "" : spread(runs.map((run, at) => value(run) / value(plain[at] ?? run)));
    const wall = (one: Measurement) => one.wallSeconds;
    return `| ${[name, spread(runs.map(wall)), spread(runs.map(cpuOf)), ratio(wall), ratio(cpuOf)].join(" | ")} |`;
  });
  return [
    `## ${title}`,
    "",
    `| tool | wall s | CPU s | wall / ${PLAIN} | CPU / ${PLAIN} |`,
    "|---|---|---|---|---|",
    ...lines,
    "",
  ].join("\n");
}

await main();
