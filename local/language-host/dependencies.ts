import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

interface Dependency {
  readonly name: string;
  /** The installed version, or the range in package.json if it is not installed. */
  readonly version: string;
}

/** The npm packages of the project in `folder`: those in its package.json, or all locked ones. */
export async function listDependencies(folder: string, transitive: boolean): Promise<Dependency[]> {
  const manifest = await readJson(join(folder, "package.json"));
  if (manifest === undefined) return [];
  if (transitive) {
    const lock = await readJson(join(folder, "package-lock.json"));
    if (lock !== undefined) return lockedPackages(lock);
  }
  const ranges = { ...stringMap(manifest["devDependencies"]), ...stringMap(manifest["dependencies"]) };
  return Promise.all(
    Object.entries(ranges).map(async ([name, range]) => {
      const installed = await readJson(join(folder, "node_modules", name, "package.json"));
      const version = installed?.["version"];
      return { name, version: typeof version === "string" ? version : range };
    }),
  );
}

/** The unique packages of a package-lock.json (version 2 or 3). */
export function lockedPackages(lock: Readonly<Record<string, unknown>>): Dependency[] {
  const found = new Map<string, Dependency>();
  for (const [path, entry] of Object.entries(
    (lock["packages"] ?? {}) as Record<string, { version?: unknown }>,
  )) {
    const name = path.split("node_modules/").at(-1) ?? "";
    if (name === "" || typeof entry.version !== "string") continue;
    found.set(`${name}@${entry.version}`, { name, version: entry.version });
  }
  return [...found.values()];
}

/** Runs npm in `folder`: installs exactly the lock file, if there is one. */
export function installDependencies(
  folder: string,
  output: { stdout: (chunk: Uint8Array) => void; stderr: (chunk: Uint8Array) => void },
): Promise<void> {
  const command = existsSync(join(folder, "package-lock.json")) ? "ci" : "install";
  return new Promise((resolve, reject) => {
    const child = spawn("npm", [command], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", output.stdout);
    child.stderr.on("data", output.stderr);
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ${command} ended with code ${code}`));
    });
  });
}

async function readJson(file: string): Promise<Record<string, unknown> | undefined> {
  if (!existsSync(file)) return undefined;
  return JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
}

function stringMap(value: unknown): Record<string, string> {
  return (value ?? {}) as Record<string, string>;
}
