import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../../package-root.ts";
import { asText, findViolations } from "../../../scripts/lint/imports.ts";
import { type Layer, parseLayers, readLayers } from "../../../scripts/lint/layers.ts";
import { importRules } from "../../../scripts/lint/rules.ts";
import { temporaryFolder } from "../../support/folder.ts";

/** For each rule outside the table of layers: the line that reports it, which begins with its name, and files that violate it. */
const BROKEN: readonly (readonly [found: string, files: Readonly<Record<string, string>>])[] = [
  [
    "no-cycle: staging/a.ts -> staging/b.ts",
    { "staging/a.ts": 'import "./b.ts";', "staging/b.ts": 'import "./a.ts";' },
  ],
  ["unresolved-import: cli/main.ts -> ./missing.ts", { "cli/main.ts": 'import "./missing.ts";' }],
  ["undeclared-package: cli/main.ts -> node_modules/ajv/dist/ajv.js", { "cli/main.ts": 'import "ajv";' }],
  [
    "dev-package-in-shipped-code: cli/main.ts -> node_modules/chai/index.js",
    { "cli/main.ts": 'import "chai";' },
  ],
  [
    "staging-is-pure: staging/a.ts -> fs",
    { "staging/a.ts": 'import type { Stats } from "node:fs";\nexport type A = Stats;' },
  ],
  [
    "staging-is-pure: staging/a.ts -> node_modules/@smithy/core/dist-types/index.d.ts",
    { "staging/a.ts": 'import "@smithy/core";' },
  ],
  [
    "components-do-no-io: components/a.ts -> fs/promises",
    { "components/a.ts": 'import "node:fs/promises";' },
  ],
  [
    "oclif-in-commands-only: cli/services/a.ts -> node_modules/@oclif/core/lib/index.js",
    { "cli/services/a.ts": 'import "@oclif/core";' },
  ],
  [
    "pulumi-aws-in-components-only: provider/main.ts -> node_modules/@pulumi/aws/index.js",
    { "provider/main.ts": 'import "@pulumi/aws";' },
  ],
  [
    "aws-sdk-in-data-plane-only: stacks/index.ts -> node_modules/@aws-sdk/client-s3/dist-cjs/index.js",
    { "stacks/index.ts": 'import("@aws-sdk/client-s3");' },
  ],
  [
    "unused-file: cli/unused.ts -> cli/unused.ts",
    { "cli/main.ts": 'import "./used.ts";', "cli/used.ts": "", "cli/unused.ts": "" },
  ],
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

  for (const [found, files] of BROKEN)
    it(`break the rule ${found}`, async () => {
      expect(await violationsOf(files)).to.include(found);
    });

  it("have a test for each rule", () => {
    const rules = importRules(layers).map(({ name }) => name);
    const tested = BROKEN.map(([found]) => found.split(":")[0]);
    expect(rules.filter((name) => !name?.startsWith("imports-of-") && !tested.includes(name))).to.deep.equal(
      [],
    );
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
