import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../package-root.ts";

export interface SpawnResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The tests' environment `dev`, independent of the checkout's own. */
const DEV_SETTINGS = "config:\n  spawn:cloud: local\n  spawn:regions: [us-east-1, us-west-2, eu-west-1]\n";

export interface TestProject {
  readonly folder: string;
  /** Its `bin/spawn`. */
  readonly spawn: string;
  /** Runs it like a user. */
  run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<SpawnResult>;
  remove(): Promise<void>;
}

/** An installed copy of the built command line, in a folder with a space in its name, with settings of its own. */
export async function makeTestProject(): Promise<TestProject> {
  await ensureBuilt();
  const root = packageRoot();
  const folder = await mkdtemp(join(tmpdir(), "spawn project "));
  for (const name of ["bin", "dist", "package.json", "oclif.manifest.json", "Pulumi.yaml"]) {
    await cp(join(root, name), join(folder, name), { recursive: true });
  }
  // Files outside the bundles: the local cloud's, and the wrappers of the plugins.
  await mkdir(join(folder, "local"));
  for (const name of ["aws-plugin", "cloud", "engine", "language-host"]) {
    await symlink(join(root, "local", name), join(folder, "local", name));
  }
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "Pulumi.dev.yaml"), DEV_SETTINGS);
  const spawn = join(folder, "bin/spawn");
  return {
    folder,
    spawn,
    run: (args, env) => runProgram(process.execPath, [spawn, ...args], { env }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Runs a program to its end, its stdin closed. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<SpawnResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        texts[name] += text;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, ...texts }));
  });
}

/** The processes run `dist/`: builds it if a source is newer. */
async function ensureBuilt(): Promise<void> {
  const root = packageRoot();
  const built = join(root, "oclif.manifest.json");
  const sources = [
    "bin",
    "cli",
    "components",
    "dashboard",
    "local",
    "provider",
    "scripts",
    "stacks",
    "staging",
  ];
  const newest = Math.max(...sources.map((folder) => newestChange(join(root, folder))));
  const manifest = join(root, "package.json");
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(newest, statSync(manifest).mtimeMs)) return;
  const { code, stderr } = await runProgram(process.execPath, [join(root, "scripts/build.ts")]);
  if (code !== 0) throw new Error(`The build failed: ${stderr}`);
}

function newestChange(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Math.max(0, ...files.map((file) => statSync(join(file.parentPath, file.name)).mtimeMs));
}
