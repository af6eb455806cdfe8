import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../package-root.ts";

/** Who may import whom: the diagram of docs/architecture.md. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  staging: [],
  components: ["staging"],
  connection: ["staging"],
  provider: ["staging", "connection"],
  stacks: ["staging", "connection", "components", "package-root.ts"],
  local: ["staging", "connection", "provider", "package-root.ts"],
  cli: ["staging", "connection", "components", "provider", "stacks", "local", "package-root.ts"],
};

const IMPORT = /(?:\bfrom|\bimport|\bimport\()\s*"(\.[^"]+)"/g;

/** The imports of the files of `folder`: the folder that each leads to, and both files for an error. */
async function importsOf(folder: string): Promise<{ readonly to: string; readonly text: string }[]> {
  const root = packageRoot();
  const names = await readdir(join(root, folder), { recursive: true });
  const files = names.filter((name) => name.endsWith(".ts")).map((name) => join(root, folder, name));
  const found = await Promise.all(
    files.map(async (file) =>
      [...(await readFile(file, "utf8")).matchAll(IMPORT)].map(([, path = ""]) => {
        const target = relative(root, join(dirname(file), path));
        const [to = ""] = target.split(sep);
        return { to, text: `${relative(root, file)} → ${target}` };
      }),
    ),
  );
  return found.flat();
}

describe("imports", () => {
  for (const [folder, allowed] of Object.entries(ALLOWED)) {
    it(`of ${folder}/ go to ${allowed.join(", ") || "itself"} only`, async () => {
      const imports = await importsOf(folder);
      expect(imports).to.not.be.empty;
      const wrong = imports.filter(({ to }) => to !== folder && !allowed.includes(to));
      expect(wrong.map(({ text }) => text)).to.deep.equal([]);
    });
  }
});
