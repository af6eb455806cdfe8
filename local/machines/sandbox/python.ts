import { basename, sep } from "node:path";
import { runCommand } from "../../command.ts";

/** The locations of a Python environment on this machine. */
export interface PythonFacts {
  /** The program itself, not a link. */
  readonly program: string;
  /** The folder of its library, `…/lib/python3.11`. */
  readonly library: string;
  /** A shared library that the system does not provide, if any. */
  readonly shared: string | undefined;
  /** The folder of the environment's packages. */
  readonly packages: string;
}

const PROBE = `
import json, os, sys, sysconfig
shared = None
if sysconfig.get_config_var("Py_ENABLE_SHARED"):
    shared = os.path.join(sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("INSTSONAME") or "")
print(json.dumps({
    "program": os.path.realpath(sys.executable),
    "library": os.path.realpath(sysconfig.get_path("stdlib")),
    "shared": shared if shared and os.path.isfile(shared) else None,
    "packages": sysconfig.get_path("purelib"),
}))
`;

/** @throws Error if it does not run */
export async function pythonFacts(python: string): Promise<PythonFacts> {
  const { code, stdout, stderr } = await runCommand(python, ["-I", "-c", PROBE], { timeout: 20_000 });
  if (code !== 0) throw new Error(`${python} does not run: ${stderr.trim()}`);
  const facts = JSON.parse(stdout) as Omit<PythonFacts, "shared"> & { shared: string | null };
  return { ...facts, shared: facts.shared ?? undefined };
}

/** Whether a sandbox, which has the system's /usr but not its /usr/local, still has the file. */
const isOfSystem = (path: string): boolean =>
  path.startsWith(`${sep}usr${sep}`) && !path.startsWith(`${sep}usr${sep}local${sep}`);

/** A file or folder of this machine, and its path below /usr/local of the sandbox. */
export interface Mount {
  readonly source: string;
  readonly place: string;
  readonly kind: "file" | "folder";
}

/** The files of the AWS CLI in a sandbox, and the beginning of every call of it. */
export function cliMounts(python: PythonFacts): { readonly mounts: Mount[]; readonly command: string } {
  const mounts: Mount[] = [{ source: python.packages, place: "lib/aws-cli", kind: "folder" }];
  if (isOfSystem(python.program) && isOfSystem(python.library)) return { mounts, command: python.program };
  // Python finds its library by its own path: bin/python3 beside lib/python3.11.
  const program = "lib/python/bin/python3";
  mounts.push({ source: python.program, place: program, kind: "file" });
  mounts.push({
    source: python.library,
    place: `lib/python/lib/${basename(python.library)}`,
    kind: "folder",
  });
  if (python.shared !== undefined && !isOfSystem(python.shared)) {
    mounts.push({ source: python.shared, place: `lib/python/lib/${basename(python.shared)}`, kind: "file" });
  }
  return { mounts, command: `/usr/local/${program}` };
}
