import { constants, type Dirent } from "node:fs";
import { InputError } from "../../staging/errors.ts";
import { shown } from "./source.ts";

/** The kinds of what is in folders, as a mode has them. */
const KINDS: ReadonlyMap<number, string> = new Map([
  [constants.S_IFIFO, "a pipe"],
  [constants.S_IFSOCK, "a socket"],
  [constants.S_IFBLK, "a device"],
  [constants.S_IFCHR, "a device"],
]);
const STAGED: readonly number[] = [constants.S_IFREG, constants.S_IFDIR, constants.S_IFLNK];

/** The kind of a folder's item, as a mode has it. */
export function formatOf(item: Dirent<Buffer>): number {
  if (item.isFile()) return constants.S_IFREG;
  if (item.isDirectory()) return constants.S_IFDIR;
  if (item.isSymbolicLink()) return constants.S_IFLNK;
  if (item.isFIFO()) return constants.S_IFIFO;
  if (item.isSocket()) return constants.S_IFSOCK;
  if (item.isBlockDevice()) return constants.S_IFBLK;
  return item.isCharacterDevice() ? constants.S_IFCHR : 0;
}

/** @throws InputError for what is neither a file, a folder nor a link */
export function refuseFormat(location: string, format: number): void {
  if (STAGED.includes(format)) return;
  const kind = KINDS.get(format) ?? "neither a file nor a directory";
  throw new InputError(`${shown(location)} is ${kind}`, {
    why: "It has no content that could be staged.",
    fix: "Remove it, or leave it out with --exclude.",
  });
}
