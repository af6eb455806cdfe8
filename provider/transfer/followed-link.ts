import { constants } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../staging/errors.ts";
import { refuseOwnFolders } from "./own-folders.ts";
import { shown } from "./source.ts";
import type { Walk } from "./source-directory.ts";
import { refuse } from "./source-file.ts";
import { refuseFormat } from "./source-format.ts";

/** A folder and those that it is in, up to the root, each by its device and number. */
export interface FolderChain {
  readonly key: string;
  readonly above: FolderChain | undefined;
}

export interface Followed {
  readonly isFolder: boolean;
  /** Where it is in truth. */
  readonly location: string;
  /** Of a folder. */
  readonly chain?: FolderChain;
}

/**
 * The target of a link or a folder in a tree with followed links.
 * @param path relative to the root
 * @param above the folders that it is in
 * @throws InputError that names a link which leads to nothing, in a circle, or to what cannot be staged
 */
export async function followedLink(
  tree: Walk,
  path: string,
  above: FolderChain | undefined,
): Promise<Followed> {
  const link = join(tree.root, path);
  const found = await stat(link).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ELOOP") throw loop(link);
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") return refuse(link, error);
    throw new InputError(`the link ${shown(link)} leads to nothing`, {
      why: "With --follow-links, the target of a link is staged in its place.",
      fix: "Remove the link, or leave it out with --exclude.",
    });
  });
  const location = await realpath(link).catch((error: unknown) => refuse(link, error));
  if (!found.isDirectory()) {
    refuseFormat(link, found.mode & constants.S_IFMT);
    return { isFolder: false, location };
  }
  const outermost = above ?? (await chainOfRoot(tree));
  const key = keyOf(found);
  for (let folder: FolderChain | undefined = outermost; folder !== undefined; folder = folder.above) {
    if (folder.key === key) throw loop(link);
  }
  if (tree.checked) refuseOwnFolders(tree, location, `${path.replace(/\/$/, "")}/`);
  return { isFolder: true, location, chain: { key, above: outermost } };
}

async function chainOfRoot({ root }: Walk): Promise<FolderChain> {
  return { key: keyOf(await stat(root).catch((error: unknown) => refuse(root, error))), above: undefined };
}

const keyOf = ({ dev, ino }: { readonly dev: number; readonly ino: number }): string => `${dev}:${ino}`;

function loop(link: string): InputError {
  return new InputError(`the link ${shown(link)} leads in a circle`, {
    why: "It leads to itself, or to a folder that it is in: with --follow-links there would be no end.",
    fix: "Leave it out with --exclude.",
  });
}
