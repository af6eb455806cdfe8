import { existsSync, globSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { buildTool } from "../bench/build-tool.ts";
import { stopCloud } from "../local/cloud/cloud.ts";
import { spawnPaths } from "../local/paths.ts";
import { packageRoot } from "../package-root.ts";
import { REQUESTS_VARIABLE } from "../test/support/recorded-cloud.ts";
import { lanesOf } from "./lanes.ts";
import { checkRequests, UPDATE_OPERATIONS } from "./model-gate.ts";
import { prepare } from "./prepare.ts";
import { COUNTS_VARIABLE, type Counts } from "./reporter.ts";
import { main, run, runPrefixed } from "./run.ts";

/**
 * All checks and tests, the fastest first; the first failure ends the run. Test files run in two concurrent lanes if
 * the machine has enough cores: each file has its own local cloud and folders, or shares its lane's. Usage: test.ts
 * [test files] [options of mocha]; with files only those run, without checks. --update-operations adds new AWS
 * operations to test/gates/operations.txt.
 */

interface Tier {
  readonly suffix: string;
  readonly title: string;
  /** Default time limit of a test in milliseconds. */
  readonly timeout: number;
}

const TIERS: readonly Tier[] = [
  { suffix: ".test.ts", title: "Tests", timeout: 30_000 },
  { suffix: ".integration.ts", title: "Tests against the local cloud", timeout: 60_000 },
  { suffix: ".e2e.ts", title: "Tests from end to end", timeout: 300_000 },
];

/** More lanes would compete for the memory and disk of a small machine. */
const LANES = 2;

/** Tests that need versitygw. */
const OTHER_SERVERS = "servers.e2e.ts";

const root = packageRoot();
const bin = (name: string): string => join(root, "node_modules", ".bin", name);

async function test(args: readonly string[]): Promise<number> {
  await prepare();
  // Here and not in a test hook: a missing program is reported before any test runs, with its fix.
  const named = args.filter(isTestFile);
  if (named.length === 0 || named.some((file) => file.endsWith(OTHER_SERVERS))) await buildTool("versitygw");
  const home = await mkdtemp(join(tmpdir(), "spawn tests "));
  const counts = join(home, "counts");
  try {
    const env = testEnvironment(home, counts);
    const update = args.includes(UPDATE_OPERATIONS);
    const failed =
      (await runAll(
        args.filter((argument) => argument !== UPDATE_OPERATIONS),
        env,
      )) || (await checkRequests(env[REQUESTS_VARIABLE] ?? "", { update, whole: !args.some(isTestFile) }));
    const total = await sum(counts);
    // A failure without a count (a check, a file that cannot be loaded) counts as one.
    const failures = Math.max(total.failures, failed ? 1 : 0);
    console.log(`\n${total.passes} passed, ${failures} failed`);
    return failed ? 1 : 0;
  } finally {
    await stopCloud({ paths: spawnPaths({ ...process.env, SPAWN_HOME: home }) });
    await rm(home, { recursive: true, force: true });
  }
}

/** @returns whether a test failed */
async function runAll(args: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  const named = args.filter(isTestFile).map((file) => relative(root, resolve(file)));
  const options = args.filter((argument) => !isTestFile(argument));
  if (named.length === 0) {
    console.log("\nTypes");
    if ((await run(bin("tsc"), ["-p", "."], { env })) !== 0) return true;
    console.log("\nLint and format");
    if ((await run(bin("biome"), ["check", "."], { env })) !== 0) return true;
    if ((await run(process.execPath, [join(root, "scripts", "lint.ts")], { env })) !== 0) return true;
  }
  for (const { suffix, title, timeout } of TIERS) {
    const files = (named.length > 0 ? named : globSync(`test/**/*${suffix}`, { cwd: root }).sort()).filter(
      (file) => file.endsWith(suffix),
    );
    if (files.length === 0) continue;
    console.log(`\n${title}`);
    const settings = ["--forbid-only", "--forbid-pending", "--timeout", String(timeout)];
    const reporter = ["--reporter", join(root, "scripts", "reporter.ts")];
    const lanes = lanesOf(
      files.map((path) => ({ path, bytes: statSync(join(root, path)).size })),
      Math.min(LANES, availableParallelism()),
    );
    const codes = await Promise.all(
      lanes.map((lane, index) => {
        const all = [...settings, ...reporter, ...options, ...lane];
        if (lanes.length === 1) return run(bin("mocha"), all, { env });
        return runPrefixed(`${index + 1}│ `, bin("mocha"), all, { env });
      }),
    );
    if (codes.some((code) => code !== 0)) return true;
  }
  return false;
}

function isTestFile(argument: string): boolean {
  return TIERS.some(({ suffix }) => argument.endsWith(suffix)) && existsSync(argument);
}

/** Tests share only the user's cache: no data, AWS keys or endpoint, or Pulumi settings. */
function testEnvironment(home: string, counts: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS|PULUMI|SPAWN)_/.test(name));
  return {
    ...Object.fromEntries(kept),
    SPAWN_HOME: home,
    SPAWN_CACHE: spawnPaths().cache,
    // If it is already set, the requests are kept there.
    [REQUESTS_VARIABLE]: process.env[REQUESTS_VARIABLE] ?? join(home, "requests"),
    [COUNTS_VARIABLE]: counts,
  };
}

async function sum(file: string): Promise<Counts> {
  if (!existsSync(file)) return { passes: 0, failures: 0 };
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  const all = lines.map((line) => JSON.parse(line) as Counts);
  return {
    passes: all.reduce((total, { passes }) => total + passes, 0),
    failures: all.reduce((total, { failures }) => total + failures, 0),
  };
}

await main(() => test(process.argv.slice(2)));
