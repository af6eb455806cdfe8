import { existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../../package-root.ts";
import type { Image } from "./image.ts";
import type { PythonFacts } from "./python.ts";

/** How to start machines on this computer. */
export interface Sandbox {
  /** The program bwrap. */
  readonly bwrap: string;
  /** The Python that starts it. */
  readonly python: string;
  readonly facts: PythonFacts;
  /** The user of a machine's processes; undefined for this user. */
  readonly user: number | undefined;
}

interface MachineFiles {
  /** The root folder, which is the machine's own. */
  readonly root: string;
  /** The variables of its programs. */
  readonly environment: string;
}

interface SandboxSettings {
  readonly hostName: string;
  /** Bytes of /mnt as a separate file system. */
  readonly mntBytes?: number | undefined;
}

/** A folder that every system has and that a mount namespace may cover. */
const STAGE = "/tmp";

/**
 * The command line that starts a machine. All users can read it, so it contains no secret. It must be started with an
 * empty environment.
 * - User data expect root, so the machine's only user is 0 inside, and an ordinary user on this computer.
 * - No capabilities, no further user namespaces, separate processes and IPC. The network is shared.
 * - Only its root folder, /tmp and /run are writable.
 */
export function machineCommand(
  sandbox: Sandbox,
  image: Image,
  files: MachineFiles,
  settings: SandboxSettings,
): string[] {
  const paths: string[] = [];
  /** The path by which the machine's user reaches a path of this computer. */
  const reach = (path: string): string => {
    if (sandbox.user === undefined) return path;
    const at = paths.indexOf(path);
    return `${STAGE}/${at >= 0 ? at : paths.push(path) - 1}`;
  };
  const { packages } = sandbox.facts;
  const bwrap = sandbox.bwrap.startsWith(`${packages}/`)
    ? `${reach(packages)}${sandbox.bwrap.slice(packages.length)}`
    : sandbox.bwrap;
  const command = [
    bwrap,
    ...["--bind", reach(files.root), "/"],
    ...["--ro-bind", "/usr", "/usr"],
    ...unmergedFolders().flatMap((folder) => ["--ro-bind", folder, folder]),
    ...["--ro-bind", reach(image.folder), "/usr/local"],
    ...image.mounts.flatMap(({ source, place }) => ["--ro-bind", reach(source), `/usr/local/${place}`]),
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run", "--tmpfs", "/tmp"],
    ...["--ro-bind", reach(files.environment), "/run/spawn/environment"],
    ...(settings.mntBytes === undefined ? [] : ["--size", String(settings.mntBytes), "--tmpfs", "/mnt"]),
    ...["--unshare-user", "--uid", "0", "--gid", "0", "--disable-userns", "--cap-drop", "ALL"],
    ...["--unshare-pid", "--unshare-uts", "--unshare-ipc", "--unshare-cgroup-try"],
    ...["--hostname", settings.hostName, "--new-session", "--die-with-parent", "--chdir", "/"],
    ...["--setenv", "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"],
    "/usr/local/lib/spawn/boot",
  ];
  const launch = join(packageRoot(), "local", "machines", "sandbox", "launch.py");
  const user = String(sandbox.user ?? 0);
  return [sandbox.python, "-IS", launch, user, STAGE, ...paths, "--", ...command];
}

/** For systems where /bin and /lib are folders and not links into /usr. */
const unmergedFolders = (): string[] =>
  ["/bin", "/lib", "/lib32", "/lib64", "/sbin"].filter(
    (folder) => existsSync(folder) && !lstatSync(folder).isSymbolicLink(),
  );
