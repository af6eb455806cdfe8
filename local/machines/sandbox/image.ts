import { chmod, copyFile, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { packageRoot } from "../../../package-root.ts";
import { cliMounts, type Mount, type PythonFacts } from "./python.ts";

/** The read-only /usr/local of all machines. */
export interface Image {
  readonly folder: string;
  /** The mounts below it. */
  readonly mounts: readonly Mount[];
}

/** Recreates the folder: the commands that replace systemd's, and the AWS CLI. */
export async function makeImage(folder: string, python: PythonFacts): Promise<Image> {
  await rm(folder, { recursive: true, force: true });
  const guest = join(packageRoot(), "local", "machines", "guest");
  const copies = {
    systemctl: "sbin/systemctl",
    shutdown: "sbin/shutdown",
    boot: "lib/spawn/boot",
    unit: "lib/spawn/unit",
  };
  for (const [name, place] of Object.entries(copies)) {
    await mkdir(dirname(join(folder, place)), { recursive: true });
    await copyFile(join(guest, name), join(folder, place));
    await chmod(join(folder, place), 0o755);
  }
  for (const name of ["poweroff", "halt", "reboot"]) await symlink("shutdown", join(folder, "sbin", name));
  const { mounts, command } = cliMounts(python);
  for (const { place, kind } of mounts) {
    await mkdir(kind === "folder" ? join(folder, place) : dirname(join(folder, place)), { recursive: true });
    if (kind === "file") await writeFile(join(folder, place), "");
  }
  await mkdir(join(folder, "bin"), { recursive: true });
  await writeFile(join(folder, "bin", "aws"), awsProgram(command), { mode: 0o755 });
  await chmod(join(folder, "bin", "aws"), 0o755);
  // Whatever the umask: root's machines run as another user.
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755);
  }
  return { folder, mounts };
}

/** Without the packages of its Python installation (-S), and without Python's variables (-I). */
const awsProgram = (python: string): string => `#!/bin/sh
# The AWS CLI. The packages are those of the local cloud.
LD_LIBRARY_PATH=/usr/local/lib/python/lib exec ${python} -IS -c '
import sys
sys.path.insert(0, "/usr/local/lib/aws-cli")
sys.dont_write_bytecode = True
from awscli.clidriver import main
sys.exit(main())
' "$@"
`;
