import { constants } from "node:fs";
import { basename, dirname } from "node:path";
import { InputError } from "../../../staging/errors.ts";
import type { Exclusion } from "../../../staging/exclude.ts";
import { leaveOut, refuse, refuseFormat, systemError } from "./error.ts";
import type { FilePlace } from "./file.ts";
import type { SourceFolder } from "./folder.ts";
import type { ResolvedLink, SystemError } from "./folder-thread-program.ts";
import { foreignOwnersOf } from "./foreign-link.ts";
import { refuseOwnFolders } from "./own-folders.ts";
import { SourceChangedError, shown } from "./source.ts";

/** The options of one walk through a tree. */
export interface Walk {
  /** The real path. */
  readonly root: string;
  readonly rootFolder: SourceFolder;
  readonly exclusion: Exclusion;
  /** Whether there are no patterns, so that nothing is excluded. */
  readonly isWhole: boolean;
  readonly followLinks: boolean;
  readonly ownFolders: readonly string[];
  readonly signal: AbortSignal;
  /** Whether to open each file to check that it is readable. */
  readonly checked: boolean;
}

/** The target of a link. */
export type Followed = (
  | { readonly kind: "folder"; readonly folder: SourceFolder }
  | { readonly kind: "file"; readonly at: FilePlace }
) & {
  /** The owners, other than the user and root, of links on the way to the target: see `foreign-link.ts`. */
  readonly foreignOwners: readonly number[];
};

/**
 * The targets of links in a folder of a tree.
 * @param path of the folder, relative to the root
 * @returns the targets by name; empty if the walk does not follow links
 * @throws InputError that names a link which is dangling or cyclic, or leads to a file that cannot be staged
 */
export async function followLinks(
  tree: Walk,
  folder: SourceFolder,
  path: string,
  names: readonly string[],
): Promise<Map<string, Followed>> {
  const targets = new Map<string, Followed>();
  if (!tree.followLinks || names.length === 0) return targets;
  const { access, threads } = folder.folders;
  const folders = await folder.chain();
  const { location } = folder;
  const hold = access === "descriptors";
  const found = await folder.use((place) =>
    threads.resolveLinks({ resolve: names, place, location, folders, hold }),
  );
  for (const [index, name] of names.entries()) {
    const link = folder.pathOf(name);
    const resolved = found[index] ?? "replaced";
    if (resolved === "replaced") throw new SourceChangedError(link, "replaced");
    if ("problem" in resolved) refuseLink(link, resolved.problem);
    targets.set(name, await targetOf(tree, link, path + name, resolved));
  }
  return targets;
}

async function targetOf(tree: Walk, link: string, path: string, resolved: ResolvedLink): Promise<Followed> {
  const { folders } = tree.rootFolder;
  const format = resolved.mode & constants.S_IFMT;
  const foreignOwners = foreignOwnersOf(link, resolved);
  if (format === constants.S_IFDIR) {
    const folder = folders.folder(resolved.location);
    if ((await folder.facts()).identity !== resolved.identity) throw new SourceChangedError(link, "replaced");
    if (tree.checked) refuseOwnFolders(tree, resolved.location, `${path}/`);
    return { kind: "folder", folder, foreignOwners };
  }
  refuseFormat(() => link, format);
  const folder = folders.folder(dirname(resolved.location));
  const name = basename(resolved.location);
  return { kind: "file", at: { folder, name, location: resolved.location }, foreignOwners };
}

function refuseLink(link: string, problem: SystemError): never {
  if (problem.code === "ELOOP") throw cyclic(link);
  if (problem.code !== "ENOENT" && problem.code !== "ENOTDIR") refuse(link, systemError(problem));
  throw new InputError(`the link ${shown(link)} leads to nothing`, {
    why: (spell) => `With ${spell("followLinks")}, the target of a link is staged in its place.`,
    fix: (spell) => `Remove the link, or leave it out with ${spell("exclude")}.`,
  });
}

/** The error for a folder that contains itself through a link. */
export const loop = (root: string, path: string): InputError => cyclic(`${root}/${path.replace(/\/$/, "")}`);

function cyclic(link: string): InputError {
  return new InputError(`the link ${shown(link)} is part of a cycle`, {
    why: (spell) =>
      `It leads to itself, or to a folder that it is in: with ${spell("followLinks")} there would be no end.`,
    fix: leaveOut,
  });
}
