import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../files/replace.ts";
import { spawnPaths } from "../../local/paths.ts";
import { isBelow } from "../../local/private-folders.ts";
import { toYaml } from "../../stacks/yaml.ts";
import type { StackName } from "../../staging/stack-name.ts";
import { PROJECT_NAME } from "./backend.ts";

/**
 * The Pulumi project of the entries that the command line makes, in the user's data folder: a `Pulumi.yaml` with the name
 * and the plugins of the repository's own, beside the settings file of each entry's stack. So a checkout stays clean, and
 * may be read-only, however many entries there are.
 */
export async function prepareEntryProject(folder: string, packageRoot: string): Promise<void> {
  await writeAtomically(
    join(folder, "Pulumi.yaml"),
    toYaml({
      name: PROJECT_NAME,
      description: "Staging entries made by the spawn command line",
      runtime: { name: "nodejs", options: { typescript: false } },
      main: join(packageRoot, "dist/stacks/index.js"),
      plugins: { providers: [{ name: "staging", path: join(packageRoot, "provider/bin") }] },
    }),
  );
}

/** The settings file of a stack. */
export const settingsFile = (folder: string, stack: StackName): string =>
  join(folder, `Pulumi.${stack}.yaml`);

/** Writes a file so that a reader, or a crash, or a power cut, never meets half of it. Leaves an equal file alone. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => undefined)) === text) return;
  await mkdir(join(path, ".."), { recursive: true });
  await replaceFile(path, text, isBelow(path, spawnPaths().data) ? 0o600 : undefined);
}
