import { chmodSync, lstatSync, mkdirSync, type Stats, statSync } from "node:fs";
import { sep } from "node:path";
import { InputError } from "../staging/errors.ts";
import { shellPath } from "../staging/shell.ts";
import { type SpawnPaths, spawnPaths } from "./paths.ts";

/**
 * The folders of this program contain trusted state and executed programs, so they must belong to the user. Other
 * users get no access to the data folder, whatever the umask.
 */

/** Mode bits: group write, world write, any access of others than the owner. */
const GROUP_WRITES = 0o020;
const ALL_WRITE = 0o002;
const OTHERS = 0o077;

/**
 * Refuses folders that another user controls, and restricts the data folder to its owner. Creates nothing.
 * @param user the numeric ID of this process's user; undefined on systems without users
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
  // A group that may write to the folder may also write below it.
  if (cacheMode !== undefined && (cacheMode & GROUP_WRITES) !== 0) close(cache, cacheMode);
}

/** Creates the data folder, for its owner only. */
export function makeDataFolder(paths: SpawnPaths = spawnPaths()): void {
  mkdirSync(paths.data, { recursive: true, mode: 0o700 });
  securePrivateFolders();
}

/** The mode of a new file: private in the data folder; elsewhere the umask decides. */
export const modeFor = (path: string, { data }: SpawnPaths = spawnPaths()): number =>
  isBelow(path, data) ? 0o600 : 0o666;

/** Starts a program that creates private files. */
export function startPrivately<T>(start: () => T): T {
  const before = process.umask(OTHERS);
  try {
    return start();
  } finally {
    process.umask(before);
  }
}

export const isBelow = (path: string, folder: string): boolean => path.startsWith(folder + sep);

/** @returns the folder's mode if it is this user's; undefined if it is the system's, or does not exist */
function refuseForeign(path: string, user: number, variable: string): number | undefined {
  const found = statusesOf(path);
  const folder = found.at(-1);
  if (folder === undefined) return undefined;
  const place = shellPath(path);
  // Root can change its own folders anyway.
  const foreign = found.find(({ uid }) => uid !== user && uid !== 0);
  if (foreign !== undefined) {
    const chown = `${user === 0 ? "" : "sudo "}chown -R ${user} ${place}`;
    throw new InputError(`the folder ${path} belongs to another user`, {
      why: `User ${foreign.uid} could change the state and the programs in it. This is user ${user}.`,
      fix: `Name your own folder in ${variable}, or, if you trust its content: ${chown}`,
    });
  }
  if ((folder.mode & ALL_WRITE) !== 0) {
    throw new InputError(`every user may write to the folder ${path}`, {
      why: "Others could change the state and the programs in it.",
      fix: `Name your own folder in ${variable}, or, if you trust its content: chmod go-w ${place}`,
    });
  }
  return folder.uid === user ? folder.mode & 0o7777 : undefined;
}

function close(folder: string, mode: number): void {
  try {
    chmodSync(folder, mode & ~OTHERS);
  } catch (error) {
    // No user writes there, and new files are created elsewhere.
    if ((error as NodeJS.ErrnoException).code !== "EROFS") throw error;
  }
}

/** For the path itself, and for a link's target. Empty if nothing exists. */
function statusesOf(path: string): Stats[] {
  const own = lstatSync(path, { throwIfNoEntry: false });
  if (own === undefined) return [];
  if (!own.isSymbolicLink()) return [own];
  const target = statSync(path, { throwIfNoEntry: false });
  return target === undefined ? [own] : [own, target];
}
