import { UserError } from "../../../staging/errors.ts";
import type { Exclusion } from "../../../staging/exclude.ts";
import type { SourceFolder } from "./folder.ts";
import { FolderNames } from "./folder-names.ts";

interface Tree {
  readonly exclusion: Exclusion;
  readonly signal: AbortSignal;
}

/**
 * Looks for what a pattern is to keep in a folder that another one leaves out.
 * @param path of the folder relative to the root, ending in `/`
 * @throws InputError that names the first, and the patterns that do keep it
 */
export async function assertNoneKept(tree: Tree, folder: SourceFolder, path: string): Promise<void> {
  if (!tree.exclusion.mayKeepBelow(path)) return;
  await look(tree, folder, path);
}

async function look(tree: Tree, folder: SourceFolder, path: string): Promise<void> {
  tree.signal.throwIfAborted();
  const names = await readableNames(folder);
  for (let position = 0; position < (names?.length ?? 0); position += 1) {
    const found = names?.at(position);
    if (found === undefined) return;
    const below = path + found.name + (found.isFolder ? "/" : "");
    tree.exclusion.assertNotKept(below);
    if (found.isFolder) await look(tree, folder.child(found.name), below);
  }
}

/** What cannot be read, or is no folder any more, is left out in any case. */
async function readableNames(folder: SourceFolder): Promise<FolderNames | undefined> {
  try {
    return await FolderNames.read(folder, { followLinks: false });
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
