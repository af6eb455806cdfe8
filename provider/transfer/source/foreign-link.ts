import { constants } from "node:fs";
import { InputError } from "../../../staging/errors.ts";
import { shellPath } from "../../../staging/shell.ts";
import type { Owned, ResolvedLink } from "./folder-thread-program.ts";
import { shown } from "./source.ts";

/*
 * With --follow-links, the owner of a link selects the data. spawn follows a link of the user or of root to any target. It follows a link
 * of another user only to a target that this other user owns or that everyone can read. Otherwise the other user could obtain files
 * through S3 that only the user of this program can read.
 */

/** The user of this process, whose links are trusted like those of root. */
const ownUid = (): number => process.geteuid?.() ?? 0;

/**
 * @param link the path of the first link
 * @param own the user of this program
 * @returns the owners of links on the way, without the user and root
 * @throws InputError if one of them may be unable to read the target
 */
export function foreignOwnersOf(link: string, resolved: ResolvedLink, own = ownUid()): readonly number[] {
  const owners = [...new Set(resolved.linkOwners.filter((uid) => uid !== own && uid !== 0))];
  for (const owner of owners) {
    const isReachable = resolved.folders.every(({ uid, mode }) => uid === owner || (mode & 0o001) !== 0);
    if (resolved.uid !== owner && !isReachable) throw foreign(link, resolved.location, owner);
  }
  assertReadableBy(owners, resolved, resolved.location, link);
  return owners;
}

/**
 * Checks that the owners of links can read the target.
 * @throws InputError if one of them may be unable to read it
 */
export function assertReadableBy(
  owners: readonly number[],
  { uid, mode }: Owned,
  location: string,
  link?: string,
): void {
  const needed = (mode & constants.S_IFMT) === constants.S_IFDIR ? 0o005 : 0o004;
  if ((mode & needed) === needed) return;
  const owner = owners.find((each) => each !== uid);
  if (owner !== undefined) throw foreign(link, location, owner);
}

function foreign(link: string | undefined, location: string, owner: number): InputError {
  const which = link === undefined ? "a link of another user" : `the link ${shown(link)} of another user`;
  return new InputError(`${which} leads to ${shown(location)}, which that user may be unable to read`, {
    why: (spell) =>
      `With ${spell("followLinks")}, a link of another user (uid ${owner}) is followed only to files of that user, and to files that everybody can read.`,
    fix: (spell) =>
      link === undefined
        ? `Leave the link out with ${spell("exclude")}.`
        : `Leave it out with ${spell("exclude")}, or, if you want what it leads to, make the link your own: sudo chown -h "$(id -u)" ${shellPath(link)}`,
  });
}
