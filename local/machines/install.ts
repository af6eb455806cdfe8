import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../package-root.ts";
import type { SpawnPaths } from "../paths.ts";
import { ensurePythonEnvironment, type InstallOptions } from "../python-environment.ts";

/**
 * Creates the Python environment of the machines, with their AWS CLI and the sandbox, if it is missing: about 10 s,
 * once.
 * @returns its Python
 * @throws UserError as `ensurePythonEnvironment` does
 */
export function ensureMachinesInstalled({ cache }: SpawnPaths, options: InstallOptions): Promise<string> {
  const requirements = join(packageRoot(), "local", "machines", "requirements.txt");
  const version = hash("sha256", readFileSync(requirements)).slice(0, 12);
  return ensurePythonEnvironment(
    {
      ...{ folder: join(cache, `machines-${version}`), requirements },
      ...{ what: "the machines of the local cloud", packages: "bubblewrap and the AWS CLI" },
    },
    options,
  );
}
