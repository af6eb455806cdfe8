import { constants } from "node:fs";
import { InputError } from "../../../staging/errors.ts";
import { shellPath } from "../../../staging/shell.ts";
import type { Owned, ResolvedLink } from "./folder-thread-program.ts";
import { shown } from "./source.ts";

/*
 * With --follow-links, a link decides what is staged. A link of the user or of root is followed to wherever it leads. One of another user is
 * followed only to what that user owns or everybody can read: else that user could have staged, and read from S3, what only
 * the user of this program can read.
 */

/** The user who is trusted beside root. */
const ownUid = (): number => process.geteuid?.() ?? 0;

/**
 * @param link the path of the first link
 * @param own the user of this program
 * @returns the owners of links on the way who are neither the user nor root
 * @throws InputError where one of them may be unable to read the target
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
 * Makes sure that the owners of links could read what these lead to.
 * @throws InputError
 */
export function assertReadableBy(
  owners: readonly number[],
  { uid, mode }: Owned,
  location: string,
  link?: string,
): void {
  const needed = (mode & constants.S_IFMT) === constants.S_IFDIR ? 0o005 : 0o004;
  if ((mode & needed) === needed) return;
  const owner = owners.find((one) => one !== uid);
  if (owner !== undefined) throw foreign(link, location, owner);
}

function foreign(link: string | undefined, location: string, owner: number): InputError {
  const which = link === undefined ? "a link of another user" : `the link ${shown(link)} of another user`;
  return new InputError(`${which} leads to ${shown(location)}, which that user may be unable to read`, {
    why: `With --follow-links, a link of another user (uid ${owner}) is followed only to files of that user, and to files that everybody can read.`,
    fix:
      link === undefined
        ? "Leave the link out with --exclude."
        : `Leave it out with --exclude, or, if you want what it leads to, make the link your own: sudo chown -h "$(id -u)" ${shellPath(link)}`,
  });
}
