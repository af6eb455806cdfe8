import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../files/replace.ts";
import { spawnPaths } from "../../local/paths.ts";
import { isBelow } from "../../local/private-folders.ts";
import { projectFile } from "../../stacks/project-folder.ts";
import type { StackName } from "../../staging/stack-name.ts";

/**
 * Writes the Pulumi project for entries of the command line to the user's data folder: a `Pulumi.yaml` with the project name
 * and plugins of the repository's own. The settings file of each entry's stack is beside it. So a checkout stays clean and can
 * be read-only.
 */
export async function prepareEntryProject(folder: string, packageRoot: string): Promise<void> {
  await writeAtomically(
    join(folder, "Pulumi.yaml"),
    projectFile(packageRoot, "Staging entries made by the spawn command line"),
  );
}

export const settingsFile = (folder: string, stack: StackName): string =>
  join(folder, `Pulumi.${stack}.yaml`);

/** Replaces a file atomically, so that a crash or a power cut leaves no partial file. Does not touch a file with equal content. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => undefined)) === text) return;
  await mkdir(join(path, ".."), { recursive: true });
  await replaceFile(path, text, isBelow(path, spawnPaths().data) ? 0o600 : undefined);
}
