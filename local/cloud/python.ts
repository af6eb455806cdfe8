import { UserError } from "../../staging/errors.ts";
import { findOnPath, runCommand } from "../command.ts";
import { isAtLeast, OLDEST_PYTHON } from "../versions.ts";

/** Prints the version, and whether the modules for virtual environments exist. */
const PROBE = `
import sys, importlib.util
has = lambda name: importlib.util.find_spec(name) is not None
print("%d.%d.%d" % sys.version_info[:3], has("venv") and has("ensurepip"))
`;

interface Python {
  readonly command: string;
  readonly version: string;
}

interface Candidate extends Python {
  readonly recentEnough: boolean;
  readonly makesEnvironments: boolean;
}

/**
 * The Python for the local cloud's environment: the first on PATH that is recent enough and has venv.
 * @throws UserError that names the missing program and its installation
 */
export async function findPython(path = process.env["PATH"] ?? ""): Promise<Python> {
  const oldest = OLDEST_PYTHON.join(".");
  const seen: Candidate[] = [];
  for (const command of candidates(path)) {
    const candidate = await probe(command);
    if (candidate === undefined) continue;
    if (candidate.recentEnough && candidate.makesEnvironments) return candidate;
    seen.push(candidate);
  }
  const withoutVenv = seen.find(({ recentEnough }) => recentEnough);
  if (withoutVenv !== undefined) {
    throw new UserError("The local cloud cannot be installed: Python's module venv is missing", {
      why: `${withoutVenv.command} is Python ${withoutVenv.version}, without the module for virtual environments.`,
      fix: "On Debian or Ubuntu: sudo apt install python3-venv. Then run the command again.",
    });
  }
  throw new UserError(`The local cloud needs Python ${oldest} or newer, and there is none on PATH`, {
    why:
      seen.length === 0
        ? "No python3 was found."
        : `Found only ${seen.map(({ command, version }) => `${command} (${version})`).join(", ")}.`,
    fix:
      "On Debian or Ubuntu: sudo apt install python3 python3-venv. On macOS: brew install python. " +
      "Or set AWS_ENDPOINT_URL to a running emulator.",
  });
}

function candidates(path: string): string[] {
  const names = ["python3"];
  for (let minor = 20; minor >= OLDEST_PYTHON[1]; minor--) names.push(`python3.${minor}`);
  return names.flatMap((name) => findOnPath(name, path));
}

async function probe(command: string): Promise<Candidate | undefined> {
  // A command that does not run (a version manager's shim without a version) is not a candidate.
  const result = await runCommand(command, ["-I", "-c", PROBE], { timeout: 10_000 }).catch(() => undefined);
  const [version, makesEnvironments] = result?.code === 0 ? result.stdout.trim().split(" ") : [];
  if (version === undefined) return undefined;
  return {
    command,
    version,
    recentEnough: isRecentEnough(version),
    makesEnvironments: makesEnvironments === "True",
  };
}

/** Whether the local cloud supports this version of Python, such as `3.11.2`. */
export const isRecentEnough = (version: string): boolean =>
  version.startsWith(`${OLDEST_PYTHON[0]}.`) && isAtLeast(version, OLDEST_PYTHON.join("."));
