import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { packageRoot } from "../package-root.ts";
import { InputError } from "../staging/errors.ts";
import { shellQuoted } from "../staging/shell.ts";
import { PROJECT_NAME } from "../staging/stack-name.ts";
import { configFolder, dataFolder } from "./data-folder.ts";
import { toYaml } from "./yaml.ts";

const FILE = "Pulumi.yaml";

interface Machine {
  /** Undefined if the working folder was deleted. */
  readonly start: string | undefined;
  /** The folder of this package. */
  readonly root: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The user's ID; undefined on systems without one. */
  readonly user: number | undefined;
}

/**
 * The folder with `Pulumi.yaml` and the environments' settings files. In this order: the nearest folder, from the working folder
 * upwards, with a `Pulumi.yaml` of the project `spawn`; the checkout, if this package is one; the user's configuration folder, which gets a project
 * with the environment `dev` at first use.
 * @throws InputError if the nearest project belongs to another user
 */
export function findProjectFolder(machine: Partial<Machine> = {}): string {
  const { root, variables, ...nearest } = { ...thisMachine(), ...machine };
  // The data folder has the project of the entries, which has no environments.
  const found = nearestProject(nearest, join(dataFolder(variables), "stacks"));
  return found ?? (isInstalled(root) ? prepareUsersProject(configFolder(variables), root) : root);
}

/** The text of a `Pulumi.yaml` whose program and plugin are those of the package in `root`. */
export const projectFile = (root: string, description: string): string =>
  toYaml({
    name: PROJECT_NAME,
    description,
    runtime: { name: "nodejs", options: { typescript: false } },
    main: join(root, "dist/stacks/index.js"),
    plugins: { providers: [{ name: "staging", path: join(root, "provider/bin") }] },
  });

function nearestProject(
  { start, user }: Pick<Machine, "start" | "user">,
  except: string,
): string | undefined {
  if (start === undefined) return undefined;
  for (let folder = start; ; folder = dirname(folder)) {
    const file = join(folder, FILE);
    if (folder !== except && isProject(file)) {
      refuseStranger(file, user);
      return folder;
    }
    if (dirname(folder) === folder) return undefined;
  }
}

function isProject(file: string): boolean {
  if (!isReadable(file) || !statSync(file).isFile()) return false;
  return new RegExp(`^name:\\s*(["']?)${PROJECT_NAME}\\1\\s*(#.*)?$`, "m").test(readFileSync(file, "utf8"));
}

/** False also below a folder that this user may not search: no project of this user is there. */
function isReadable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Another user's settings could lead this user's data and credentials elsewhere. */
function refuseStranger(file: string, user: number | undefined): void {
  // Also of a link: in a folder like /tmp, another user can link to a file of this user.
  const owners = [statSync(file).uid, lstatSync(file).uid];
  if (user === undefined || user === 0 || owners.every((owner) => owner === user || owner === 0)) return;
  throw new InputError(`${file} belongs to another user`, {
    why: "Its settings decide where spawn stores your data.",
    fix: `Run spawn in another folder, or make the file yours: chown "$USER" ${shellQuoted(file)}`,
  });
}

/** Installed by npm, and not a checkout. */
const isInstalled = (root: string): boolean => basename(dirname(root)) === "node_modules";

function prepareUsersProject(folder: string, root: string): string {
  const file = join(folder, FILE);
  const text = projectFile(root, "The environments of this user");
  const found = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  if (found === text) return folder;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const dev = join(folder, "Pulumi.dev.yaml");
  if (found === undefined && !existsSync(dev)) copyFileSync(join(root, "Pulumi.dev.yaml"), dev);
  // The package may have moved, for example to another version.
  const temporary = join(folder, `.spawn-${process.pid}.tmp`);
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, file);
  return folder;
}

const thisMachine = (): Machine => ({
  start: workingFolder(),
  root: packageRoot(),
  variables: process.env,
  user: process.getuid?.(),
});

/** Undefined if it was deleted. */
export function workingFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}
