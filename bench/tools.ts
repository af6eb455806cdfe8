import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { runCommand } from "../local/command.ts";
import { packageRoot } from "../package-root.ts";
import { bundleOptions } from "../scripts/bundle-options.ts";
import { BENCH_TOOLS, benchCache, buildTool, type Tool } from "./build-tool.ts";
import type { Measurement } from "./report.ts";

/** The peer programs, the server that all tools use, and the simulated network between them. */
export interface Tools {
  readonly versitygw: string;
  readonly s5cmd: string;
  readonly rclone: string;
  readonly toxiproxy: string;
  readonly front: string;
  readonly aws: string;
}

export type Command = readonly string[];

/** Steps one after the other; the commands of a step at the same time. */
export type Plan = readonly (readonly Command[])[];

const root = packageRoot();

/**
 * Builds programs that are not in the cache: some minutes, once. `bench/tools/` pins the versions.
 * @param unused programs that are not built
 */
export async function prepareTools(unused: readonly Tool[] = []): Promise<Tools> {
  const programs: Partial<Record<Tool, string>> = {};
  for (const name of BENCH_TOOLS) if (!unused.includes(name)) programs[name] = await buildTool(name);
  const { versitygw = "", s5cmd = "", rclone = "", toxiproxy = "", front = "" } = programs;
  return { versitygw, s5cmd, rclone, toxiproxy, front, aws: await installAws() };
}

async function installAws(): Promise<string> {
  const folder = join(benchCache(), "awscli");
  const aws = join(folder, "bin", "aws");
  if (existsSync(aws)) return aws;
  console.error("Installing aws-cli...");
  await succeed("python3", ["-m", "venv", folder]);
  const requirements = join(packageRoot(), "bench", "tools", "awscli.txt");
  await succeed(join(folder, "bin", "pip"), [
    ...["install", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:"],
    ...["-r", requirements],
  ]);
  return aws;
}

/** Runs a command and returns its stdout. @throws Error if it fails */
export async function succeed(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args[0] ?? ""} failed (${code}): ${stderr.slice(-800)}`);
  return stdout;
}

/** Runs steps in sequence, the commands of a step concurrently, and measures them together. */
export async function measure(plan: Plan, env: NodeJS.ProcessEnv): Promise<Measurement> {
  const script = join(root, "bench", "measure.py");
  const stdout = await succeed("python3", [script, JSON.stringify(plan)], {
    env: { ...process.env, ...env },
  });
  return JSON.parse(stdout) as Measurement;
}

/** Builds a program of this folder like the production provider. @returns its file */
export async function bundle(name: "stage" | "fetch"): Promise<string> {
  const outdir = join(benchCache(), name);
  await build({ ...bundleOptions(root), entryPoints: [`bench/${name}.ts`], outdir });
  // Node reads the output as ESM.
  await writeFile(join(outdir, "package.json"), '{ "type": "module" }\n');
  return join(outdir, `${name}.js`);
}
