import { join } from "node:path";
import { packageRoot } from "../../package-root.ts";
import { ensurePythonEnvironment, type InstallOptions, pythonIn } from "../python-environment.ts";
import { CLOUD_VERSION } from "../versions.ts";

/** The Python of the environment in `venv`, whether it is there or not. */
export const cloudPython = pythonIn;

/**
 * Makes the private Python environment of the local cloud where it is missing: about 10 s, once.
 * @returns its Python
 * @throws UserError where Python is missing or pip fails
 */
export const ensureInstalled = (venv: string, options: InstallOptions = {}): Promise<string> =>
  ensurePythonEnvironment(
    {
      folder: venv,
      requirements: join(packageRoot(), "local", "cloud", "requirements.txt"),
      what: "the local cloud",
      packages: `ministack ${CLOUD_VERSION}`,
    },
    options,
  );
