import { join } from "node:path";
import { packageRoot } from "../../package-root.ts";
import { ensurePythonEnvironment, type InstallOptions } from "../python-environment.ts";
import { CLOUD_VERSION } from "../versions.ts";

/**
 * Creates the private Python environment of the local cloud if it is missing: about 10 s, once.
 * @returns its Python
 * @throws UserError if Python is missing or pip fails
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
