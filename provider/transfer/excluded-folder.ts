import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Exclusion } from "../../staging/exclude.ts";

interface Tree {
  readonly root: string;
  readonly exclusion: Exclusion;
  readonly signal: AbortSignal;
}

/**
 * Looks for what a pattern is to keep in a folder that another one leaves out.
 * @param folder relative to the root, ending in `/`
 * @throws InputError that names the first, and the patterns that do keep it
 */
export async function assertNoneKept(tree: Tree, folder: string): Promise<void> {
  if (!tree.exclusion.mayKeepBelow(folder)) return;
  await look(tree, folder);
}

async function look(tree: Tree, folder: string): Promise<void> {
  tree.signal.throwIfAborted();
  // What cannot be read is left out in any case.
  const found = await readdir(join(tree.root, folder), { withFileTypes: true }).catch(() => []);
  for (const item of found) {
    const path = folder + item.name + (item.isDirectory() ? "/" : "");
    tree.exclusion.assertNotKept(path);
    if (item.isDirectory()) await look(tree, path);
  }
}
