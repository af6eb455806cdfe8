import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import {
  COMPONENTS as COMPONENT_DECLARATIONS,
  packageSchema,
  packageSchemaText,
} from "../../package/schema.ts";
import { librarySource } from "../../package/typescript.ts";
import { packageRoot } from "../../package-root.ts";
import { stagingPlugin, VERSION } from "../../provider/staging-plugin.ts";

const COMPONENTS = ["staging:index:StagingEntry", "staging:index:StagingEnvironment", "staging:index:Sweep"];

/** Every object in `value`, with its path. */
function* objectsIn(value: unknown, path = ""): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>];
  for (const [name, item] of Object.entries(value)) yield* objectsIn(item, `${path}/${name}`);
}

describe("The package's Pulumi schema", () => {
  const schema = packageSchema(VERSION) as Record<
    "types" | "resources" | "functions",
    Record<string, { readonly isComponent?: boolean }>
  >;

  it("equals schemas/pulumi.schema.json, which node scripts/schemas.ts writes", async () => {
    const file = join(packageRoot(), "schemas", "pulumi.schema.json");
    expect(await readFile(file, "utf8")).to.equal(packageSchemaText(VERSION));
  });

  it("has the components of library/index.ts, which node scripts/schemas.ts writes", async () => {
    const file = join(packageRoot(), "library", "index.ts");
    expect(await readFile(file, "utf8")).to.equal(librarySource(COMPONENT_DECLARATIONS));
  });

  it("has every type and function of the plugin", () => {
    const expected = [...Object.keys(stagingPlugin.resources), ...COMPONENTS].sort();
    expect(Object.keys(schema.resources).sort()).to.deep.equal(expected);
    const components = Object.entries(schema.resources).filter(([, { isComponent }]) => isComponent === true);
    expect(components.map(([token]) => token)).to.have.members(COMPONENTS);
    expect(Object.keys(schema.functions)).to.deep.equal(Object.keys(stagingPlugin.functions ?? {}));
  });

  it("refers only to its own types", () => {
    for (const [path, { $ref }] of objectsIn(schema)) {
      if ($ref === undefined || $ref === "pulumi.json#/Any") continue;
      expect(
        Object.keys(schema.types).map((token) => `#/types/${token}`),
        path,
      ).to.include($ref);
    }
  });

  it("describes every type, function and property", () => {
    const isDescribed =
      /^\/(resources|functions|types)\/[^/]+(\/(inputs|outputs))?(\/(p|inputP)roperties\/[^/]+)?$/;
    const paths = [...objectsIn(schema)].filter(([path]) => isDescribed.test(path));
    expect(paths).to.have.length.greaterThan(100);
    for (const [path, { description }] of paths) {
      if (!/\/(inputs|outputs)$/.test(path)) expect(description, path).to.match(/[.]$/);
    }
  });
});
