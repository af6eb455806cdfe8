import { join } from "node:path";
import { packageRoot } from "../../package-root.ts";
import type { SpawnPaths } from "../paths.ts";
import { digestOf, ensurePythonEnvironment, type InstallOptions } from "../python-environment.ts";

/** The Python environment of the machines: their AWS CLI and the sandbox. */
const machinesEnvironment = ({ cache }: SpawnPaths): string =>
  join(cache, `machines-${digestOf(requirements())}`);

/** Creates it if it is missing: about 10 s, once. @returns its Python @throws UserError as `ensurePythonEnvironment` does */
export async function ensureMachinesInstalled(
  paths: SpawnPaths,
  options: InstallOptions = {},
): Promise<string> {
  return ensurePythonEnvironment(
    {
      folder: machinesEnvironment(paths),
      requirements: requirements(),
      what: "the machines of the local cloud",
      packages: "bubblewrap and the AWS CLI",
    },
    options,
  );
}

const requirements = (): string => join(packageRoot(), "local", "machines", "requirements.txt");
