import { isAbsolute, relative, sep } from "node:path";
import { InputError } from "../../../staging/errors.ts";
import type { Exclusion } from "../../../staging/exclude.ts";
import { excludePatternOf } from "../../../staging/exclude-path.ts";
import { shown } from "./source.ts";

interface Tree {
  readonly root: string;
  readonly exclusion: Exclusion;
  /** Real paths. */
  readonly ownFolders: readonly string[];
}

/**
 * Refuses a tree that contains folders to which this program writes during the upload. Such a tree changes while spawn reads it, and
 * has the state of the stacks.
 * @param location the real path of the root, or of a folder that is the target of a link
 * @param path the path of the same folder in the tree, ending in `/`; empty for the root
 * @throws InputError that names the patterns which exclude the folders
 */
export function refuseOwnFolders(
  { root, exclusion, ownFolders }: Tree,
  location: string,
  path: string,
): void {
  const inside: string[] = [];
  for (const folder of ownFolders) {
    const below = relative(location, folder);
    if (below === ".." || below.startsWith(`..${sep}`) || isAbsolute(below)) continue;
    const steps = (path + below.split(sep).join("/")).split("/").filter((step) => step !== "");
    if (steps.length === 0) {
      throw new InputError(`${shown(root)} is a folder of spawn itself`, {
        why: "spawn writes to it while it uploads.",
        fix: "Name another directory.",
      });
    }
    const isExcluded = steps.some((_, at) => exclusion.excludes(`${steps.slice(0, at + 1).join("/")}/`));
    if (!isExcluded) inside.push(`/${steps.join("/")}/`);
  }
  // The pattern of a folder also excludes the folders in it.
  const outermost = inside.filter((one) => !inside.some((other) => other !== one && one.startsWith(other)));
  if (outermost.length === 0) return;
  const patterns = [...new Set(outermost)].map((one) => excludePatternOf(one.slice(1)));
  throw new InputError(`${shown(root)} contains a folder of spawn itself: ${shown(outermost.join(", "))}`, {
    why: "spawn writes to it while it uploads, so the upload would never be of one state.",
    fix: (spell) => spell("exclude", patterns),
  });
}
