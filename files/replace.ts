import { randomUUID } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { lstat, open, readlink, rename, rm, stat } from "node:fs/promises";
import { dirname, join, parse, resolve, sep } from "node:path";
import { UserError } from "../staging/errors.ts";
import { ifThere } from "./read.ts";

/**
 * Writes a file whole or not at all: a new file in the same folder takes its place. A link to it stays, and so does the mode of an existing
 * file.
 * @param mode of a new file; by default the umask decides
 * @throws UserError where another user has put a link on the way
 * @throws the system's error when it cannot be written
 */
export async function replaceFile(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const target = await trustedPath(path);
  const there = await ifThere(lstat(target));
  const temporary = join(dirname(target), `.spawn-${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, "wx", mode ?? 0o666);
    try {
      await file.writeFile(content);
      const kept = mode ?? (there?.isFile() === true ? there.mode & 0o777 : undefined);
      if (kept !== undefined) await file.chmod(kept);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Writes into what is no regular file, such as a pipe, a terminal or `/dev/full`.
 * @returns false where the path is none of these, and nothing was written
 * @throws UserError where another user has put it, or a link on the way, there
 */
export async function writeIntoSpecial(path: string, text: string): Promise<boolean> {
  const there = await ifThere(stat(path));
  if (there === undefined || (there.isFile() && !isDescriptor(path))) return false;
  const target = await trustedPath(path);
  if (await isPlanted(target)) throw planted(target);
  // Unlike "w", it makes no file where there is none any more, and keeps what `>> file` had before.
  const file = await open(path, constants.O_WRONLY | constants.O_APPEND);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
  return true;
}

/** Files of the system that stand for what a process has opened. What they lead to has no path that a link could be put on. */
const isDescriptor = (path: string): boolean =>
  /^\/(dev\/(stdin|stdout|stderr|fd\/|tty)|proc\/)/.test(resolve(path));

const MAX_LINKS = 40;

/**
 * The path without links. Linux follows no link in a sticky folder, such as `/tmp`, unless it is the user's own or the folder's owner's
 * (`fs.protected_symlinks`); neither does this, on any system, also for what is made by a renaming.
 */
async function trustedPath(path: string): Promise<string> {
  let left = resolve(path).slice(1).split(sep);
  let at = parse(resolve(path)).root;
  for (let links = 0; left.length > 0; ) {
    const [step = "", ...rest] = left;
    left = rest;
    const next = join(at, step);
    if (isDescriptor(next)) return join(next, ...rest);
    const status = await ifThere(lstat(next));
    if (status === undefined) return join(next, ...rest);
    if (!status.isSymbolicLink()) {
      at = next;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw new UserError(`${path} is part of a cycle of links`);
    if (await isPlanted(next)) throw planted(next);
    const target = resolve(at, await readlink(next));
    left = [...target.slice(1).split(sep), ...rest].filter((part) => part !== "");
    at = parse(target).root;
  }
  return at;
}

async function isPlanted(path: string): Promise<boolean> {
  const user = process.getuid?.();
  const [own, folder] = await Promise.all([ifThere(lstat(path)), stat(dirname(path))]);
  return user !== undefined && own !== undefined && mayBePlanted(own, folder, user);
}

/** Whether a link or pipe may have been put there for this user to write into: it is another user's, where every user may put files. */
export const mayBePlanted = (
  own: Pick<Stats, "uid">,
  folder: Pick<Stats, "uid" | "mode">,
  user: number,
): boolean => (folder.mode & 0o002) !== 0 && own.uid !== user && own.uid !== folder.uid;

const planted = (path: string): UserError =>
  new UserError(`${path} belongs to another user, in a folder where every user may put files`, {
    why: "It may lead to a file that its owner wants this user to overwrite.",
    fix: "Name a file in a folder of your own.",
  });
