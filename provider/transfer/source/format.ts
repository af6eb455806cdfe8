import { constants } from "node:fs";
import { InputError } from "../../../staging/errors.ts";
import { shown } from "./source.ts";

/** Names for errors, by the type bits of a mode. */
const KINDS: ReadonlyMap<number, string> = new Map([
  [constants.S_IFIFO, "a pipe"],
  [constants.S_IFSOCK, "a socket"],
  [constants.S_IFBLK, "a device"],
  [constants.S_IFCHR, "a device"],
]);
const STAGED: readonly number[] = [constants.S_IFREG, constants.S_IFDIR, constants.S_IFLNK];

/** @throws InputError unless it is a file, a folder or a link */
export function refuseFormat(location: () => string, format: number): void {
  if (STAGED.includes(format)) return;
  const kind = KINDS.get(format) ?? "neither a file nor a directory";
  throw new InputError(`${shown(location())} is ${kind}`, {
    why: "It has no content that could be staged.",
    fix: (spell) => `Remove it, or leave it out with ${spell("exclude")}.`,
  });
}
