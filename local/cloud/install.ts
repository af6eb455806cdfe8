import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../staging/errors.ts";
import { runCommand } from "../command.ts";
import { withLock } from "../lock.ts";
import { packageRoot } from "../paths.ts";
import type { OnProgress } from "../progress.ts";
import { CLOUD_VERSION } from "../versions.ts";
import { findPython } from "./python.ts";

export interface InstallOptions {
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Variables that pip sees: a mirror, a proxy. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** The Python of the environment in `venv`, whether it is there or not. */
export function cloudPython(venv: string): string {
  return join(venv, "bin", "python");
}

/**
 * Makes the private Python environment of the local cloud where it is missing: about 10 s, once. It is made under another
 * name and then renamed, so an interruption leaves nothing half done; two at once make one.
 * @returns its Python
 * @throws UserError where Python is missing or pip fails
 */
export async function ensureInstalled(venv: string, options: InstallOptions = {}): Promise<string> {
  const { onProgress, signal } = options;
  const python = cloudPython(venv);
  if (existsSync(python)) return python;
  const onWait = () => onProgress?.({ text: "Waiting for another command that installs the local cloud" });
  await withLock(`${venv}.lock`, { onWait, signal }, async () => {
    if (existsSync(python)) return;
    await removeLeftovers(venv);
    const temporary = `${venv}.tmp-${process.pid}`;
    try {
      await install(temporary, options);
      await rm(venv, { recursive: true, force: true }); // one whose Python was uninstalled
      await rename(temporary, venv);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  });
  return python;
}

async function install(
  venv: string,
  { onProgress, signal, env = process.env }: InstallOptions,
): Promise<void> {
  const started = Date.now();
  const text = `Installing the local cloud (ministack ${CLOUD_VERSION} from PyPI, once)`;
  const report = () => onProgress?.({ text, seconds: (Date.now() - started) / 1000 });
  report();
  const timer = setInterval(report, 1_000);
  try {
    const { command, version } = await findPython(env["PATH"]);
    await mkdir(dirname(venv), { recursive: true });
    const clean = withoutPythonSettings(env);
    const made = await runCommand(command, ["-m", "venv", venv], { env: clean, signal });
    if (made.code !== 0) {
      throw new UserError("The local cloud's Python environment could not be made", {
        why: `${command} (Python ${version}) said: ${lastLines(made.stdout + made.stderr)}`,
        fix: "On Debian or Ubuntu: sudo apt install python3-venv. Then run the command again.",
      });
    }
    const requirements = join(packageRoot(), "local", "cloud", "requirements.txt");
    const installed = await runCommand(
      cloudPython(venv),
      [
        ...["-m", "pip", "install", "--no-input", "--no-deps", "--require-hashes", "--only-binary=:all:"],
        ...["--disable-pip-version-check", "--quiet", "--requirement", requirements],
      ],
      { env: clean, signal },
    );
    if (installed.code !== 0) {
      throw new UserError("The local cloud could not be installed from PyPI", {
        why: `pip said: ${lastLines(installed.stderr)}`,
        fix: "Check the network, or set a mirror with PIP_INDEX_URL, and run the command again.",
      });
    }
  } finally {
    clearInterval(timer);
  }
}

/** Of pip's settings only those count that say where packages come from and how they are reached. */
const OF_NETWORK =
  /^PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|TRUSTED_HOST|CERT|CLIENT_CERT|PROXY|CONFIG_FILE|TIMEOUT|DEFAULT_TIMEOUT|RETRIES|KEYRING_PROVIDER|CACHE_DIR|NO_CACHE_DIR)$/;

/** Settings that send pip's files elsewhere, or Python to other modules, would spoil a private environment. */
export function withoutPythonSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(PYTHON|PIP_|__PYVENV_LAUNCHER__)/.test(name) || OF_NETWORK.test(name),
    ),
  );
}

/** Of commands that were killed while they installed. The lock is held: nobody else is at it. */
async function removeLeftovers(venv: string): Promise<void> {
  const folder = dirname(venv);
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${basename(venv)}.tmp-`))
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-4).join(" / ") || "nothing";
}
