import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { buildTool } from "../bench/build-tool.ts";
import { stopCloud } from "../local/cloud/cloud.ts";
import { spawnPaths } from "../local/paths.ts";
import { packageRoot } from "../package-root.ts";
import { REQUESTS_VARIABLE } from "../test/support/recorded-cloud.ts";
import { CLAIMS_VARIABLE } from "./lanes.ts";
import { checkRequests, UPDATE_OPERATIONS } from "./model-gate.ts";
import { prepare } from "./prepare.ts";
import { COUNTS_VARIABLE, type Counts, TIMES_VARIABLE } from "./reporter.ts";
import { main, run, runPrefixed } from "./run.ts";

/**
 * All checks and tests, the fastest first; the first failure ends the run. Test files run in concurrent lanes, which
 * share them (lanes.ts): each file has its own local cloud and folders, or shares its lane's. Usage: test.ts
 * [test files] [options of mocha]; with files only those run, without checks. --update-operations adds new AWS
 * operations to test/gates/operations.txt.
 */

interface Tier {
  readonly suffix: string;
  readonly title: string;
  /** Time limit of a test and of a hook in milliseconds. It only ends hangs: a slow or busy machine stays far below it. */
  readonly timeout: number;
}

const TIERS: readonly Tier[] = [
  { suffix: ".test.ts", title: "Tests", timeout: 180_000 },
  { suffix: ".integration.ts", title: "Tests against the local cloud", timeout: 300_000 },
  { suffix: ".e2e.ts", title: "Tests from end to end", timeout: 600_000 },
];

/** One more than small machines have cores, because tests also wait. Each lane takes about 1 GB of memory. */
const LANES = 3;

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
    console.log("\nTypes, lint and format");
    const codes = await Promise.all([
      run(bin("tsc"), ["-p", "."], { env }),
      run(bin("tsc"), ["-p", "dashboard"], { env }),
      run(bin("biome"), ["check", "."], { env }),
      run(process.execPath, [join(root, "scripts", "lint.ts")], { env }),
    ]);
    if (codes.some((code) => code !== 0)) return true;
  }
  for (const { suffix, title, timeout } of TIERS) {
    const files = (named.length > 0 ? named : globSync(`test/**/*${suffix}`, { cwd: root }).sort()).filter(
      (file) => file.endsWith(suffix),
    );
    if (files.length === 0) continue;
    console.log(`\n${title}`);
    const settings = ["--forbid-only", "--forbid-pending", "--timeout", String(timeout)];
    const reporter = ["--reporter", join(root, "scripts", "reporter.ts")];
    const all = [...settings, ...reporter, ...options, ...inOrder(files)];
    const count = Math.min(LANES, availableParallelism() + 1, files.length);
    const codes = count === 1 ? [await run(bin("mocha"), all, { env })] : await runLanes(count, all, env);
    if (codes.some((code) => code !== 0)) return true;
  }
  return false;
}

/**
 * Files with a world or a cloud of their own, the largest first: begun last, they would run alone at the end. Then files that share
 * their lane's world, in the order of their paths.
 */
function inOrder(files: readonly string[]): string[] {
  const texts = files.map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
  const shares = ({ text }: { text: string }): boolean => text.includes("sharedWorld");
  const own = texts.filter((file) => !shares(file)).sort((a, b) => b.text.length - a.text.length);
  return [...own, ...texts.filter(shares)].map(({ path }) => path);
}

/** @returns the exit code of each lane */
async function runLanes(count: number, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number[]> {
  const claims = await mkdtemp(join(env["SPAWN_HOME"] ?? tmpdir(), "claims-"));
  const lanes = Array.from({ length: count }, (_, index) =>
    runPrefixed(`${index + 1}│ `, bin("mocha"), args, { env: { ...env, [CLAIMS_VARIABLE]: claims } }),
  );
  return await Promise.all(lanes);
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
    ...(process.env[TIMES_VARIABLE] === undefined ? {} : { [TIMES_VARIABLE]: process.env[TIMES_VARIABLE] }),
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
