import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findPython } from "../../local/cloud/python.ts";
import { runCommand } from "../../local/command.ts";
import { withLock } from "../../local/lock.ts";
import { packageRoot, spawnPaths } from "../../local/paths.ts";

/**
 * A Python environment for tests, in the cache; it is made before its first use, and another list of requirements is another one. The
 * hook that calls this needs a time-out of two minutes.
 * @param name of the environment; `requirements-<name>.txt` beside this file has its packages
 * @returns its folder of programs
 */
export async function ensureVenv(name: string): Promise<string> {
  const requirements = join(packageRoot(), "test", "support", `requirements-${name}.txt`);
  const digest = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex")
    .slice(0, 12);
  const venv = join(spawnPaths().cache, `${name}-${digest}`);
  const bin = join(venv, "bin");
  if (existsSync(join(bin, "python"))) return bin;
  await withLock(`${venv}.lock`, {}, async () => {
    if (existsSync(join(bin, "python"))) return;
    const temporary = `${venv}.tmp`; // ours alone while the lock is held; what a killed test left is removed
    await rm(temporary, { recursive: true, force: true });
    await mkdir(dirname(venv), { recursive: true });
    const { command } = await findPython();
    await run(command, ["-m", "venv", temporary]);
    await run(join(temporary, "bin", "python"), [
      ...["-m", "pip", "install", "--no-input", "--no-deps", "--require-hashes", "--only-binary=:all:"],
      ...["--disable-pip-version-check", "--quiet", "--requirement", requirements],
    ]);
    await rename(temporary, venv);
  });
  return bin;
}

async function run(command: string, args: string[]): Promise<void> {
  const { code, stdout, stderr } = await runCommand(command, args);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${stdout}${stderr}`);
}
