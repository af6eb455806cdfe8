import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../../package-root.ts";
import { asText, findViolations } from "../../../scripts/lint/imports.ts";
import { type Layer, parseLayers, readLayers } from "../../../scripts/lint/layers.ts";
import { importRules } from "../../../scripts/lint/rules.ts";
import { temporaryFolder } from "../../support/folder.ts";

/** For each rule outside the table of layers: files that violate it, and the line that reports it. */
const BROKEN: readonly { rule: string; files: Readonly<Record<string, string>>; found: string }[] = [
  {
    rule: "no-cycle",
    files: { "staging/a.ts": 'import "./b.ts";', "staging/b.ts": 'import "./a.ts";' },
    found: "no-cycle: staging/a.ts -> staging/b.ts",
  },
  {
    rule: "unresolved-import",
    files: { "cli/main.ts": 'import "./missing.ts";' },
    found: "unresolved-import: cli/main.ts -> ./missing.ts",
  },
  {
    rule: "undeclared-package",
    files: { "cli/main.ts": 'import "ajv";' },
    found: "undeclared-package: cli/main.ts -> node_modules/ajv/dist/ajv.js",
  },
  {
    rule: "dev-package-in-shipped-code",
    files: { "cli/main.ts": 'import "chai";' },
    found: "dev-package-in-shipped-code: cli/main.ts -> node_modules/chai/index.js",
  },
  {
    rule: "staging-is-pure",
    files: { "staging/a.ts": 'import type { Stats } from "node:fs";\nexport type A = Stats;' },
    found: "staging-is-pure: staging/a.ts -> fs",
  },
  {
    rule: "staging-is-pure",
    files: { "staging/a.ts": 'import "@smithy/core";' },
    found: "staging-is-pure: staging/a.ts -> node_modules/@smithy/core/dist-types/index.d.ts",
  },
  {
    rule: "components-do-no-io",
    files: { "components/a.ts": 'import "node:fs/promises";' },
    found: "components-do-no-io: components/a.ts -> fs/promises",
  },
  {
    rule: "oclif-in-commands-only",
    files: { "cli/services/a.ts": 'import "@oclif/core";' },
    found: "oclif-in-commands-only: cli/services/a.ts -> node_modules/@oclif/core/lib/index.js",
  },
  {
    rule: "pulumi-aws-in-components-only",
    files: { "provider/main.ts": 'import "@pulumi/aws";' },
    found: "pulumi-aws-in-components-only: provider/main.ts -> node_modules/@pulumi/aws/index.js",
  },
  {
    rule: "aws-sdk-in-data-plane-only",
    files: { "stacks/index.ts": 'import("@aws-sdk/client-s3");' },
    found: "aws-sdk-in-data-plane-only: stacks/index.ts -> node_modules/@aws-sdk/client-s3/dist-cjs/index.js",
  },
  {
    rule: "unused-file",
    files: { "cli/main.ts": 'import "./used.ts";', "cli/used.ts": "", "cli/unused.ts": "" },
    found: "unused-file: cli/unused.ts -> cli/unused.ts",
  },
];

describe("imports", () => {
  const root = packageRoot();
  let layers: Layer[];
  const folder = temporaryFolder("spawn-imports-");

  before(async () => {
    layers = await readLayers(root);
  });

  beforeEach(async () => {
    await symlink(join(root, "node_modules"), join(folder(), "node_modules"));
    await writeFile(
      join(folder(), "package.json"),
      JSON.stringify({
        dependencies: {
          "@aws-sdk/client-s3": "*",
          "@oclif/core": "*",
          "@pulumi/aws": "*",
          "@smithy/core": "*",
        },
        devDependencies: { chai: "*" },
      }),
    );
  });

  async function violationsOf(files: Readonly<Record<string, string>>): Promise<string[]> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder(), name)), { recursive: true });
      await writeFile(join(folder(), name), `${text}\nexport {};\n`);
    }
    const code = [...new Set(Object.keys(files).map((name) => name.split("/")[0] ?? name))];
    const found = await findViolations(folder(), importRules(layers), code);
    return found.map((violation) =>
      asText(violation).replace(relative(folder(), root), "").replace("> /", "> "),
    );
  }

  it("go only to the layers that the table names", async () => {
    const names = [...layers.map(({ folder: name }) => name), "package-root.ts"];
    const target = (name: string): string => (name.endsWith(".ts") ? name : `${name}target.ts`);
    const files = Object.fromEntries([
      ...names.map((name) => [target(name), ""]),
      ...layers.map(({ folder: from }) => [
        `${from}source.ts`,
        names
          .map((to) => `import type {} from "${relative(from, target(to)).replace(/^(?!\.)/, "./")}";`)
          .join("\n"),
      ]),
    ]);
    const expected = layers.flatMap(({ folder: from, imports }) =>
      names
        .filter((to) => to !== from && !imports.includes(to))
        .map((to) => `${from}source.ts -> ${target(to)}`),
    );
    const found = (await violationsOf(files)).filter((line) => line.startsWith("imports-of-"));
    expect(expected).to.have.length.above(500);
    expect(found.map((line) => line.replace(/^.*: /, ""))).to.have.members(expected);
  });

  it("may name a single file of a layer", async () => {
    const found = await violationsOf({
      "cli/engine/a.ts": 'import "../screen.ts";\nimport "../context.ts";',
      "cli/screen.ts": "",
      "cli/context.ts": "",
    });
    expect(found).to.include("imports-of-cli-engine: cli/engine/a.ts -> cli/context.ts");
    expect(found.join()).not.to.include("cli/screen.ts");
  });

  for (const { rule, files, found } of BROKEN)
    it(`break the rule ${rule}: ${found}`, async () => {
      expect(await violationsOf(files)).to.include(found);
    });

  it("have a test for each rule", () => {
    const rules = importRules(layers).map(({ name }) => name);
    const tested = BROKEN.map(({ rule }) => rule);
    expect(
      rules.filter((name) => !name?.startsWith("imports-of-") && !tested.includes(name ?? "")),
    ).to.deep.equal([]);
  });
});

describe("the table of layers", () => {
  const table = (rows: string): string => `## Folders, and who may import whom\n\n${rows}\n\n## Next\n`;

  it("is read from the document", () => {
    expect(parseLayers(table("| `a/` | | x |\n| `b/` | `a/` `c.ts` | y |"))).to.deep.equal([
      { folder: "a/", imports: [] },
      { folder: "b/", imports: ["a/", "c.ts"] },
    ]);
  });

  it("must exist", () => {
    expect(() => parseLayers("## Other\n")).to.throw("no table of layers");
  });

  it("has a row for each layer that it names", () => {
    expect(() => parseLayers(table("| `a/` | `b/` | x |"))).to.throw("no row for b/");
  });
});
