import { existsSync } from "node:fs";
import { appendFile, chmod, cp, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

/**
 * The engine uses two editions of a library that rates passwords, only in `pulumi config set` and `pulumi esc`. Each reads its word lists when
 * the program starts, which is 0.24 of the 0.3 s that every start of the engine takes. With these changes it reads them at its first use.
 */
const MODULES = ["github.com/nbutton23/zxcvbn-go", "github.com/ccojocar/zxcvbn-go"];

/** By source file: each text, and its replacement. */
const CHANGES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "frequency/frequency.go": [["func init() {", "func Load() {"]],
  "matching/matching.go": [
    ["func init() {\n\tloadFrequencyList()\n}\n", ""],
    ["func loadFrequencyList() {\n", "func loadFrequencyList() {\n\tfrequency.Load()\n"],
  ],
};

/**
 * Replaces the modules in the go.mod of `folder` by changed copies in that folder. Go has compared their sources with go.sum.
 * @param directoryOf the folder of a Go module's sources
 */
export async function useLazyLists(
  folder: string,
  directoryOf: (module: string) => Promise<string>,
): Promise<void> {
  for (const [number, module] of MODULES.entries()) {
    const copy = join(folder, `${number}-${basename(module)}`);
    await cp(await directoryOf(module), copy, { recursive: true });
    // Go's own copies are read-only.
    for (const entry of await readdir(copy, { recursive: true, withFileTypes: true }))
      await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
    await chmod(copy, 0o755);
    for (const [path, changes] of Object.entries(CHANGES)) await change(join(copy, path), changes);
    // A replacement needs a go.mod, and one of the modules is older than that file.
    if (!existsSync(join(copy, "go.mod"))) await writeFile(join(copy, "go.mod"), `module ${module}\n`);
    await appendFile(join(folder, "go.mod"), `\nreplace ${module} => ./${basename(copy)}\n`);
  }
}

async function change(path: string, changes: readonly (readonly [string, string])[]): Promise<void> {
  let text = await readFile(path, "utf8");
  for (const [from, to] of changes) {
    // go.mod pins the sources, so only a new version of the engine can lack the text.
    if (!text.includes(from)) throw new Error(`${path} has no ${JSON.stringify(from)}`);
    text = text.replace(from, to);
  }
  await writeFile(path, text);
}
