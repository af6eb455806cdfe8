import { existsSync } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";

/** The program in a request. */
export interface RequestedProgram {
  /** The folder of Pulumi.yaml. */
  readonly root: string;
  /** The folder of the program, where it runs. */
  readonly folder: string;
  /** A file in it, or `.`. */
  readonly entryPoint: string;
  /** `runtime.options`: `nodeargs` are arguments of Node, and can load any file as code. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The names that the engine looks for, in order. */
const PROJECT_FILES = ["Pulumi.json", "Pulumi.yaml", "Pulumi.yml"];

/**
 * Checks that a request names the project for which this process was started, so that only its Pulumi.yaml decides
 * what code runs. The engine starts a language host in the folder of the program: below its project, or elsewhere, as
 * for the project of the entries in the data folder. Elsewhere, only this user's Pulumi.yaml may name the program.
 * @param started the folder in which this process was started
 * @returns the project's folder
 * @throws Error that names the difference
 */
export async function requireOwnProject(root: string, started: string): Promise<string> {
  const folder = await realpath(started);
  const own = projectFolder(folder);
  const requested = await realpath(root).catch(() => root);
  if (requested === own || (await isOfThisUser(requested, folder))) return requested;
  if (own === undefined) throw new Error(`There is no Pulumi.yaml in ${started} or above it`);
  throw new Error(`This language host serves the project in ${own} only, and was asked for ${root}`);
}

/** Whether a project that only this user can have written names a program in the folder in which this process was started. */
async function isOfThisUser(root: string, started: string): Promise<boolean> {
  const name = PROJECT_FILES.find((name) => existsSync(join(root, name)));
  if (name === undefined || !isAbsolute(root)) return false;
  for (const path of [root, join(root, name)]) {
    const { uid, mode } = await stat(path);
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return false;
  }
  const { main } = await readProject(root);
  return isAbsolute(main) && (await folderOf(await realpath(main))) === started;
}

/**
 * Like {@link requireOwnProject}; the program with all its options must also match Pulumi.yaml.
 * @throws Error that names the difference
 */
export async function requireOwnProgram(asked: RequestedProgram, started: string): Promise<void> {
  const root = await requireOwnProject(asked.root, started);
  const { main, options } = await readProject(root);
  const program = await programOf(root, main, await realpath(started));
  const folder = await realpath(asked.folder).catch(() => asked.folder);
  if (folder !== program.folder || asked.entryPoint !== program.entryPoint) {
    const names = `${join(asked.folder, asked.entryPoint)}, and not ${join(program.folder, program.entryPoint)}`;
    throw new Error(`Pulumi.yaml in ${root} names another program: the request is for ${names}`);
  }
  for (const name of new Set([...Object.keys(asked.options), ...Object.keys(options)])) {
    if (isDeepStrictEqual(asked.options[name], options[name])) continue;
    throw new Error(
      `Pulumi.yaml in ${root} has another value of the runtime option ${JSON.stringify(name)} than the request. ` +
        "If the file was edited meanwhile, run the command again",
    );
  }
}

function projectFolder(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (PROJECT_FILES.some((name) => existsSync(join(folder, name)))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

interface Project {
  readonly main: string;
  readonly options: Readonly<Record<string, unknown>>;
}

async function readProject(root: string): Promise<Project> {
  const file = join(root, PROJECT_FILES.find((name) => existsSync(join(root, name))) ?? "Pulumi.yaml");
  const project = record(parse(await readFile(file, "utf8"))); // JSON is valid YAML
  const { main, runtime } = project;
  return { main: typeof main === "string" ? main : "", options: record(record(runtime)["options"]) };
}

/** The location of the program for the engine: `main` is a file or a folder; the default is the project's folder. */
async function programOf(
  root: string,
  main: string,
  started: string,
): Promise<{ folder: string; entryPoint: string }> {
  const path = await realpath(resolve(root, main));
  const folder = await folderOf(path);
  const fromRoot = relative(root, path);
  if ((fromRoot.split("/")[0] === ".." || isAbsolute(fromRoot)) && folder !== started) {
    throw new Error(`The program ${path} is outside of its project's folder ${root}`);
  }
  return { folder, entryPoint: folder === path ? "." : basename(path) };
}

/** The folder of a program, given as that folder or a file in it. */
async function folderOf(path: string): Promise<string> {
  return (await stat(path)).isDirectory() ? path : dirname(path);
}

/** The value as JSON, as the engine sends it: {} for anything that is not an object. */
function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
}
