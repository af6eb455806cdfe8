import { undefinedIf } from "../../../connection/errors/failure.ts";
import { UserError } from "../../../staging/errors.ts";
import type { Exclusion } from "../../../staging/exclude.ts";
import type { SourceFolder } from "./folder.ts";
import { FolderNames } from "./folder-names.ts";

interface Tree {
  readonly exclusion: Exclusion;
  readonly signal: AbortSignal;
}

/**
 * Checks that no pattern keeps an entry of a folder that another pattern excludes: git would silently ignore such a pattern.
 * @param path of the folder relative to the root, ending in `/`
 * @throws InputError that names the first such entry, and the patterns that keep it
 */
export async function assertNoneKept(tree: Tree, folder: SourceFolder, path: string): Promise<void> {
  if (!tree.exclusion.mayKeepBelow(path)) return;
  await checkFolder(tree, folder, path);
}

async function checkFolder(tree: Tree, folder: SourceFolder, path: string): Promise<void> {
  tree.signal.throwIfAborted();
  // The upload excludes the folder, so it is no error if it is unreadable or replaced.
  const names = await undefinedIf(
    (error) => error instanceof UserError,
    FolderNames.read(folder, { followLinks: false }),
  );
  for (let position = 0; position < (names?.length ?? 0); position += 1) {
    const found = names?.at(position);
    if (found === undefined) return;
    const below = path + found.name + (found.isFolder ? "/" : "");
    tree.exclusion.assertNotKept(below);
    if (found.isFolder) await checkFolder(tree, folder.child(found.name), below);
  }
}
