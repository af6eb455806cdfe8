import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

let root: string | undefined;

/**
 * The folder of this package, found by its package.json: the same from the sources and from the bundles in `dist/`.
 * Files that are not code (Python, shell wrappers, go.mod) are found from here.
 */
export function packageRoot(): string {
  root ??= findPackageRoot(dirname(fileURLToPath(import.meta.url)));
  return root;
}

/** @throws Error when no folder from `start` upwards holds this package's package.json */
export function findPackageRoot(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest)) {
      const { name } = JSON.parse(readFileSync(manifest, "utf8")) as { name?: unknown };
      if (name === "spawn-staging") return folder;
    }
    if (dirname(folder) === folder) throw new Error(`no package.json of spawn-staging above ${start}`);
  }
}
