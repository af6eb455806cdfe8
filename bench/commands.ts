import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BatchWriteItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ensureCloud, type RunningCloud, stopCloud } from "../local/cloud/cloud.ts";
import { ensureEngine } from "../local/engine/engine.ts";
import { spawnPaths } from "../local/paths.ts";
import { toolEnvironment } from "../local/tool-environment.ts";
import { packageRoot } from "../package-root.ts";
import { parseDestination } from "../staging/destination.ts";
import { entryStackName } from "../staging/entry.ts";
import { newStagingId } from "../staging/ids.ts";
import { recordItem } from "../staging/record.ts";
import { parseRegionList } from "../staging/regions.ts";
import { DEFAULT_TTL_DAYS } from "../staging/ttl.ts";
import { median, spread } from "./report.ts";
import { succeed } from "./tools.ts";

/**
 * Measures commands against an empty `pulumi up` on the same machine, for several numbers of entries. Prints a
 * Markdown table and saves it in docs/benchmarks-commands.md. Usage: node bench/commands.ts [rounds]
 */

const ROUNDS = Number(process.argv[2] ?? 7);
const ENTRY_COUNTS = [10, 1_000, 10_000];
/** DynamoDB's limit for one BatchWriteItem. */
const BATCH = 25;

const root = packageRoot();

interface Row {
  readonly name: string;
  readonly run: () => Promise<unknown>;
}

async function main(): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "spawn bench "));
  const own = { ...process.env, SPAWN_HOME: home, SPAWN_CACHE: spawnPaths().cache };
  const paths = spawnPaths(own);
  try {
    const cloud = await ensureCloud({ paths });
    const file = join(home, "small.bin");
    await writeFile(file, randomBytes(1024));
    const command = (...args: string[]) => succeed(join(root, "bin/spawn"), args, { env: own, cwd: root });
    await command("environment", "up");
    await command("stage", "upload", file);
    const empty = await emptyProgram(home, own, cloud);
    const results = new Map<string, number[]>();
    await measure(
      [
        { name: "empty `pulumi up --skip-preview`", run: empty },
        { name: "`spawn --version`", run: () => command("--version") },
        { name: "`spawn --help`", run: () => command("--help") },
      ],
      results,
    );
    const records = new RecordWriter(cloud);
    for (const count of ENTRY_COUNTS) {
      await records.fill(count);
      const among = (name: string) => `\`${name}\`, ${count.toLocaleString("en-US")} entries`;
      await measure(
        [
          { name: among("spawn stage upload (1 KiB)"), run: () => command("stage", "upload", file) },
          { name: among("spawn stage info"), run: () => command("stage", "info", records.lastId) },
          { name: among("spawn stage list"), run: () => command("stage", "list") },
        ],
        results,
      );
    }
    const table = render(results);
    console.log(table);
    await writeFile(join(root, "docs", "benchmarks-commands.md"), table);
  } finally {
    await stopCloud({ paths });
    await rm(home, { recursive: true, force: true });
  }
}

/** Rows are interleaved, so that a slow moment of the machine affects all of them. The first round warms up. */
async function measure(rows: readonly Row[], results: Map<string, number[]>): Promise<void> {
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { name, run } of rows) {
      const started = performance.now();
      await run();
      if (round > 0) results.set(name, [...(results.get(name) ?? []), performance.now() - started]);
    }
  }
}

/** The minimum of an update: the engine's language host runs a program without resources. */
async function emptyProgram(
  home: string,
  env: NodeJS.ProcessEnv,
  { endpoint, keys }: RunningCloud,
): Promise<() => Promise<unknown>> {
  const engine = await ensureEngine();
  const folder = join(home, "empty");
  await mkdir(join(home, "empty-state"), { recursive: true });
  await mkdir(folder);
  await writeFile(
    join(folder, "Pulumi.yaml"),
    "name: empty\nruntime:\n  name: nodejs\n  options:\n    typescript: false\nmain: index.js\n",
  );
  await writeFile(join(folder, "package.json"), '{"name":"empty","main":"index.js"}\n');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "index.js"), 'require("@pulumi/pulumi");\n');
  const stateUrl = new URL(`file://${join(home, "empty-state")}`).href;
  const variables = {
    ...env,
    ...toolEnvironment({
      engine,
      target: { cloud: "local", endpoint, keys, region: undefined },
      stateUrl,
      env,
    }),
  };
  const pulumi = (...args: string[]) =>
    succeed(engine.command, [...args, "--non-interactive"], { env: variables, cwd: folder });
  await pulumi("stack", "init", "empty");
  return () => pulumi("up", "--yes", "--skip-preview", "--stack", "empty");
}

/** Writes records directly into the table, like those of complete entries. */
class RecordWriter {
  readonly #client: DynamoDBClient;
  #written = 0;
  lastId: string = "";

  constructor({ endpoint, keys }: RunningCloud) {
    this.#client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials: keys });
  }

  /** Until there are `count` of them. */
  async fill(count: number): Promise<void> {
    while (this.#written < count) {
      const size = Math.min(BATCH, count - this.#written);
      const items = Array.from({ length: size }, () => this.#item());
      await this.#client.send(
        new BatchWriteItemCommand({
          RequestItems: { "spawn-staging-dev": items.map((Item) => ({ PutRequest: { Item } })) },
        }),
      );
      this.#written += size;
    }
  }

  #item() {
    const stagingId = newStagingId();
    this.lastId = stagingId;
    return recordItem({
      stagingId,
      filename: "reference.fasta",
      kind: "file",
      key: `${stagingId}/reference.fasta`,
      sizeBytes: 107_374_182_400,
      fileCount: 1,
      sha256: "0".repeat(64),
      manifestKey: `${stagingId}/.spawn-manifest.jsonl`,
      manifestSha256: "0".repeat(64),
      regions: parseRegionList("us-east-1,us-west-2"),
      buckets: ["spawn-staging-us-east-1", "spawn-staging-us-west-2"],
      destination: parseDestination("/mnt/data/reference.fasta"),
      uploadedAt: new Date(Date.now() - this.#written * 1000),
      ttl: DEFAULT_TTL_DAYS,
      sweepId: undefined,
      stack: entryStackName("dev", stagingId),
      declaredAs: undefined,
      allowAccounts: [],
      bucketReaders: [],
      accessPoints: new Map(),
      cost: { replication: 2, storagePerDay: 0.153 },
    });
  }
}

function render(results: ReadonlyMap<string, readonly number[]>): string {
  const [first = []] = results.values();
  const lines = [...results].map(
    ([name, times]) => `| ${name} | ${spread(times, 0)} | ${(median(times) / median(first)).toFixed(2)} |`,
  );
  return [
    "# Run time per command",
    "",
    `\`node bench/commands.ts\`: ${ROUNDS} rounds on one machine, the rows of a block interleaved, after one to warm up. The ratio`,
    "compares medians with an empty `pulumi up --skip-preview` of the same run.",
    "",
    "| command | min / median / max, ms | ratio |",
    "|---|---|---|",
    ...lines,
    "",
  ].join("\n");
}

await main();
