import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../package-root.ts";

/** Folders and files whose prose follows docs/glossary.md. */
const CLEAN = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "Pulumi.yaml",
  "Pulumi.dev.yaml",
  "Pulumi.prod.example.yaml",
  "package.json",
  "package",
  "package-root.ts",
  "bin",
  "dashboard",
  "docs",
  "examples",
  "local",
  "components",
  "connection",
  "stacks",
  "cli",
  "files",
  "bench",
  "scripts",
  "staging",
  "worker",
  "provider",
  "test",
];

const TEXT = /\.(tsx?|css|mjs|js|py|sh|md|ya?ml)$|(^|\/)bin\/[\w-]+$/;

/** The glossary lists the replaced wordings, so it is exempt. */
const EXEMPT = new Set(["docs/glossary.md"]);

interface Replaced {
  readonly pattern: string;
  readonly use: string;
}

async function filesOf(path: string): Promise<readonly string[]> {
  const root = packageRoot();
  if ((await stat(join(root, path))).isFile()) {
    return [path];
  }
  const names = await readdir(join(root, path), { recursive: true });
  return names
    .map((name) => join(path, name))
    .filter((name) => TEXT.test(name) && !name.includes("node_modules"));
}

async function wordingsOf(
  file: string,
  replaced: readonly (readonly [RegExp, string])[],
): Promise<readonly string[]> {
  const text = await readFile(join(packageRoot(), file), "utf8");
  return text.split("\n").flatMap((line, index) =>
    replaced.flatMap(([pattern, use]) => {
      const found = pattern.exec(line);
      return found === null ? [] : [`${file}:${index + 1}: "${found[0]}" → ${use}`];
    }),
  );
}

describe("glossary", () => {
  let replaced: readonly (readonly [RegExp, string])[];

  before(async () => {
    const list: readonly Replaced[] = JSON.parse(
      await readFile(join(packageRoot(), "docs/glossary-replaced.json"), "utf8"),
    );
    replaced = list.map(({ pattern, use }) => [new RegExp(pattern), use] as const);
  });

  for (const path of CLEAN) {
    it(`${path} uses the preferred terms`, async () => {
      const files = (await filesOf(path)).filter((file) => !EXEMPT.has(file));
      const found = await Promise.all(files.map((file) => wordingsOf(file, replaced)));
      expect(found.flat()).to.deep.equal([]);
    });
  }

  it("finds a replaced wording", async () => {
    expect(await wordingsOf("docs/glossary.md", replaced)).to.not.be.empty;
  });
});
