import { constants } from "node:fs";
import { basename, dirname } from "node:path";
import { InputError } from "../../../staging/errors.ts";
import type { Exclusion } from "../../../staging/exclude.ts";
import { refuse, systemError } from "./error.ts";
import type { FilePlace } from "./file.ts";
import { resolveLinks } from "./file-threads.ts";
import type { SourceFolder } from "./folder.ts";
import type { ResolvedLink, SystemError } from "./folder-thread-program.ts";
import { foreignOwnersOf } from "./foreign-link.ts";
import { refuseFormat } from "./format.ts";
import { refuseOwnFolders } from "./own-folders.ts";
import { SourceChangedError, shown } from "./source.ts";

/** One way through a tree. */
export interface Walk {
  /** The real path. */
  readonly root: string;
  readonly rootFolder: SourceFolder;
  readonly exclusion: Exclusion;
  /** Whether no pattern leaves anything out. */
  readonly isWhole: boolean;
  readonly followLinks: boolean;
  readonly ownFolders: readonly string[];
  readonly signal: AbortSignal;
  /** Whether each file is opened to see that it can be read. */
  readonly checked: boolean;
}

/** What a link leads to. */
export type Followed = (
  | { readonly kind: "folder"; readonly folder: SourceFolder }
  | { readonly kind: "file"; readonly at: FilePlace }
) & {
  /** The owners of links on the way who are not the user, see `foreign-link.ts`. */
  readonly foreignOwners: readonly number[];
};

/**
 * The targets of links in a folder of a tree, where links are followed.
 * @param path of the folder, relative to the root
 * @returns nothing where links are not followed
 * @throws InputError that names a link which leads to nothing, in a circle, or to what cannot be staged
 */
export async function followLinks(
  tree: Walk,
  folder: SourceFolder,
  path: string,
  names: readonly string[],
): Promise<Map<string, Followed>> {
  const targets = new Map<string, Followed>();
  if (!tree.followLinks || names.length === 0) return targets;
  const { access } = folder.folders;
  const folders = await folder.chain();
  const { location } = folder;
  const hold = access === "descriptors";
  const found = await folder.use((place) => resolveLinks({ resolve: names, place, location, folders, hold }));
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
  if (problem.code === "ELOOP") throw circle(link);
  if (problem.code !== "ENOENT" && problem.code !== "ENOTDIR") refuse(link, systemError(problem));
  throw new InputError(`the link ${shown(link)} leads to nothing`, {
    why: "With --follow-links, the target of a link is staged in its place.",
    fix: "Remove the link, or leave it out with --exclude.",
  });
}

/** The error for a folder that is in itself, by a link. */
export const loop = (root: string, path: string): InputError => circle(`${root}/${path.replace(/\/$/, "")}`);

function circle(link: string): InputError {
  return new InputError(`the link ${shown(link)} leads in a circle`, {
    why: "It leads to itself, or to a folder that it is in: with --follow-links there would be no end.",
    fix: "Leave it out with --exclude.",
  });
}
