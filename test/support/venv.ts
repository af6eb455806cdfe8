import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { spawnPaths } from "../../local/paths.ts";
import { ensurePythonEnvironment } from "../../local/python-environment.ts";
import { packageRoot } from "../../package-root.ts";

/**
 * A Python environment for tests, in the cache, created before its first use (about a minute). Each list of requirements has its own.
 * @param name of the environment; `requirements-<name>.txt` beside this file has its packages
 * @returns its folder of programs
 */
export async function ensureVenv(name: string): Promise<string> {
  const requirements = join(packageRoot(), "test", "support", `requirements-${name}.txt`);
  const hash = createHash("sha256");
  for (const text of textsOf(requirements)) hash.update(text);
  const folder = join(spawnPaths().cache, `${name}-${hash.digest("hex").slice(0, 12)}`);
  await ensurePythonEnvironment({ folder, requirements, what: "what tests need", packages: name });
  return join(folder, "bin");
}

/** The text of a list of requirements, and of those that it names. */
function textsOf(requirements: string): string[] {
  const text = readFileSync(requirements, "utf8");
  const named = [...text.matchAll(/^-r (.+)$/gm)].map(([, path = ""]) => join(dirname(requirements), path));
  return [text, ...named.flatMap(textsOf)];
}
