import { isAbsolute, relative, sep } from "node:path";
import { InputError } from "../../../staging/errors.ts";
import type { Exclusion } from "../../../staging/exclude.ts";
import { excludePatternOf } from "../../../staging/exclude-path.ts";
import { shellString } from "../../../staging/shell.ts";
import { shown } from "./source.ts";

interface Tree {
  readonly root: string;
  readonly exclusion: Exclusion;
  /** Real paths. */
  readonly ownFolders: readonly string[];
}

/**
 * Makes sure that a tree does not hold what this program writes while it uploads: such a tree changes as long as it is
 * read, and would hold the state of the stacks.
 * @param location the real path of the root, or of a folder that a link leads to
 * @param path the same as a path of the tree, ending in `/`; empty for the root
 * @throws InputError that names the patterns which leave the folders out
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
    const isOut = steps.some((_, at) => exclusion.excludes(`${steps.slice(0, at + 1).join("/")}/`));
    if (!isOut) inside.push(`/${steps.join("/")}/`);
  }
  // What is below a folder that is left out needs no pattern of its own.
  const outermost = inside.filter((one) => !inside.some((other) => other !== one && one.startsWith(other)));
  if (outermost.length === 0) return;
  const patterns = [...new Set(outermost)].map(
    (one) => `--exclude ${shellString(excludePatternOf(one.slice(1)))}`,
  );
  throw new InputError(`${shown(root)} contains a folder of spawn itself: ${shown(outermost.join(", "))}`, {
    why: "spawn writes to it while it uploads, so the upload would never be of one state.",
    fix: patterns.join(" "),
  });
}
