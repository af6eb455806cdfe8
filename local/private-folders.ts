import { chmodSync, lstatSync, mkdirSync, type Stats, statSync } from "node:fs";
import { sep } from "node:path";
import { InputError } from "../staging/errors.ts";
import { shellPath } from "../staging/shell.ts";
import { type SpawnPaths, spawnPaths } from "./paths.ts";

/*
 * The folders of this program hold state that it trusts and programs that it runs, so they belong to the user alone. What is below the data
 * folder is for no other user at all, whatever the umask.
 */

/** Bits of a mode: what the group may write, what everybody may write, what others than the owner may do. */
const GROUP_WRITES = 0o020;
const ALL_WRITE = 0o002;
const OTHERS = 0o077;

/**
 * Refuses folders that another user controls, and closes the data folder for other users. Creates nothing.
 * @param user the numeric ID of this process's user; undefined where the system has none
 * @throws InputError that names the folder and the command that fixes it
 */
export function securePrivateFolders(
  env: NodeJS.ProcessEnv = process.env,
  user: number | undefined = process.getuid?.(),
): void {
  if (user === undefined) return;
  const { data, cache } = spawnPaths(env);
  const home = env["SPAWN_HOME"];
  if (home) refuseForeign(home, user, "SPAWN_HOME");
  const dataMode = refuseForeign(data, user, home ? "SPAWN_HOME" : "XDG_DATA_HOME");
  if (dataMode !== undefined && (dataMode & OTHERS) !== 0) close(data, dataMode);
  const cacheMode = refuseForeign(cache, user, env["SPAWN_CACHE"] || !home ? "SPAWN_CACHE" : "SPAWN_HOME");
  // Where the group may write, it may write below, too.
  if (cacheMode !== undefined && (cacheMode & GROUP_WRITES) !== 0) close(cache, cacheMode);
}

/** Makes the data folder, for its owner alone. */
export function makeDataFolder(paths: SpawnPaths = spawnPaths()): void {
  mkdirSync(paths.data, { recursive: true, mode: 0o700 });
  securePrivateFolders();
}

/** The mode for a new file: only the owner reads what is below the data folder; elsewhere the umask decides. */
export const modeFor = (path: string, { data }: SpawnPaths = spawnPaths()): number =>
  isBelow(path, data) ? 0o600 : 0o666;

/** Starts a program that makes files for this user alone. */
export function startPrivately<T>(start: () => T): T {
  const before = process.umask(OTHERS);
  try {
    return start();
  } finally {
    process.umask(before);
  }
}

export const isBelow = (path: string, folder: string): boolean => path.startsWith(folder + sep);

/** @returns the folder's mode where it is this user's; undefined where it is the system's, or is not there */
function refuseForeign(path: string, user: number, variable: string): number | undefined {
  const found = statusesOf(path);
  const folder = found.at(-1);
  if (folder === undefined) return undefined;
  const place = shellPath(path);
  // What root owns, root could change anyway.
  const foreign = found.find(({ uid }) => uid !== user && uid !== 0);
  if (foreign !== undefined) {
    const chown = `${user === 0 ? "" : "sudo "}chown -R ${user} ${place}`;
    throw new InputError(`the folder ${path} belongs to another user`, {
      why: `User ${foreign.uid} could change the state and the programs in it. This is user ${user}.`,
      fix: `Name a folder of your own in ${variable}, or, if you trust what is in it: ${chown}`,
    });
  }
  if ((folder.mode & ALL_WRITE) !== 0) {
    throw new InputError(`every user may write to the folder ${path}`, {
      why: "Others could change the state and the programs in it.",
      fix: `Name a folder of your own in ${variable}, or, if you trust what is in it: chmod go-w ${place}`,
    });
  }
  return folder.uid === user ? folder.mode & 0o7777 : undefined;
}

function close(folder: string, mode: number): void {
  try {
    chmodSync(folder, mode & ~OTHERS);
  } catch (error) {
    // Nobody writes there, and new files are made elsewhere.
    if ((error as NodeJS.ErrnoException).code !== "EROFS") throw error;
  }
}

/** Of the path itself, and of what it leads to where it is a link. Empty where there is nothing. */
function statusesOf(path: string): Stats[] {
  const own = lstatSync(path, { throwIfNoEntry: false });
  if (own === undefined) return [];
  if (!own.isSymbolicLink()) return [own];
  const target = statSync(path, { throwIfNoEntry: false });
  return target === undefined ? [own] : [own, target];
}
