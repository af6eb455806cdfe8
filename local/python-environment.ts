import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../staging/errors.ts";
import { findPython } from "./cloud/python.ts";
import { lastLines, runCommand } from "./command.ts";
import { installInto } from "./install-into.ts";
import { withLock } from "./lock.ts";
import type { OnProgress } from "./progress.ts";

/** A private Python environment with packages from PyPI, each pinned by its hash. */
interface PythonEnvironment {
  /** Its folder. */
  readonly folder: string;
  /** The file with its packages. */
  readonly requirements: string;
  /** Its name in progress and errors: `the local cloud`. */
  readonly what: string;
  /** `ministack 1.5.33` */
  readonly packages: string;
}

export interface InstallOptions {
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
  /** pip's variables: a mirror, a proxy. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** The Python of an environment in `folder`, whether or not it exists. */
export const pythonIn = (folder: string): string => join(folder, "bin", "python");

/**
 * Creates the environment if it is missing. Two concurrent calls create one.
 * @returns its Python
 * @throws UserError if Python is missing or pip fails
 */
export async function ensurePythonEnvironment(
  environment: PythonEnvironment,
  options: InstallOptions = {},
): Promise<string> {
  const { folder, what } = environment;
  const { onProgress, signal } = options;
  const python = pythonIn(folder);
  if (existsSync(python)) return python;
  const onWait = () => onProgress?.({ text: `Waiting for another command that installs ${what}` });
  await withLock(`${folder}.lock`, { onWait, signal }, async () => {
    if (existsSync(python)) return;
    await installInto(folder, (temporary) => install({ ...environment, folder: temporary }, options));
  });
  return python;
}

async function install(
  { folder, requirements, what, packages }: PythonEnvironment,
  { onProgress, signal, env = process.env }: InstallOptions,
): Promise<void> {
  const started = Date.now();
  const text = `Installing ${what} (${packages} from PyPI, once)`;
  const report = () => onProgress?.({ text, seconds: (Date.now() - started) / 1000 });
  report();
  const timer = setInterval(report, 1_000);
  const subject = what.charAt(0).toUpperCase() + what.slice(1);
  try {
    const { command, version } = await findPython(env["PATH"]);
    const clean = withoutPythonSettings(env);
    const created = await runCommand(command, ["-m", "venv", folder], { env: clean, signal });
    if (created.code !== 0) {
      throw new UserError(`The Python environment of ${what} could not be created`, {
        why: `${command} (Python ${version}) said: ${lastLines(created.stdout + created.stderr)}`,
        fix: "On Debian or Ubuntu: sudo apt install python3-venv. Then run the command again.",
      });
    }
    const installed = await runCommand(
      pythonIn(folder),
      [
        ...["-m", "pip", "install", "--no-input", "--no-deps", "--require-hashes", "--only-binary=:all:"],
        ...["--disable-pip-version-check", "--quiet", "--requirement", requirements],
      ],
      { env: clean, signal },
    );
    if (installed.code !== 0) {
      throw new UserError(`${subject} could not be installed from PyPI`, {
        why: `pip said: ${lastLines(installed.stderr)}`,
        fix: "Check the network, or set a mirror with PIP_INDEX_URL, and run the command again.",
      });
    }
  } finally {
    clearInterval(timer);
  }
}

/** Only pip's settings for the package index and the network apply. */
const OF_NETWORK =
  /^PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|TRUSTED_HOST|CERT|CLIENT_CERT|PROXY|CONFIG_FILE|TIMEOUT|DEFAULT_TIMEOUT|RETRIES|KEYRING_PROVIDER|CACHE_DIR|NO_CACHE_DIR)$/;

/** Settings that redirect pip's files, or add modules to Python, would damage a private environment. */
export function withoutPythonSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(PYTHON|PIP_|__PYVENV_LAUNCHER__)/.test(name) || OF_NETWORK.test(name),
    ),
  );
}
