import { join } from "node:path";
import { packageRoot } from "../../package-root.ts";
import type { SpawnPaths } from "../paths.ts";
import { digestOf, ensurePythonEnvironment, type InstallOptions, pythonIn } from "../python-environment.ts";

/** The Python environment of the machines: the AWS CLI that they have, and the sandbox. */
export const machinesEnvironment = ({ cache }: SpawnPaths): string =>
  join(cache, `machines-${digestOf(requirements())}`);

/** Makes it where it is missing: about 10 s, once. @returns its Python @throws UserError as `ensurePythonEnvironment` does */
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

/** The AWS CLI on this machine, where it is installed: the same as in a machine. */
export const machinesPython = (paths: SpawnPaths): string => pythonIn(machinesEnvironment(paths));

const requirements = (): string => join(packageRoot(), "local", "machines", "requirements.txt");
