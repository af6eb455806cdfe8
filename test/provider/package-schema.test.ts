import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { packageSchema, packageSchemaText } from "../../provider/package-schema.ts";
import { stagingPlugin, VERSION } from "../../provider/staging-plugin.ts";

/** Every object in `value`, with its path. */
function* objectsIn(value: unknown, path = ""): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>];
  for (const [name, item] of Object.entries(value)) yield* objectsIn(item, `${path}/${name}`);
}

describe("the Pulumi schema of the package", () => {
  const schema = packageSchema(VERSION) as Record<
    "types" | "resources" | "functions",
    Record<string, object>
  >;

  it("is the one that schemas/pulumi.schema.json holds; node scripts/schemas.ts writes it", async () => {
    const file = join(packageRoot(), "schemas", "pulumi.schema.json");
    expect(await readFile(file, "utf8")).to.equal(packageSchemaText(VERSION));
  });

  it("has every type and function of the plugin", () => {
    expect(Object.keys(schema.resources).sort()).to.deep.equal(Object.keys(stagingPlugin.resources).sort());
    expect(Object.keys(schema.functions)).to.deep.equal(Object.keys(stagingPlugin.functions ?? {}));
  });

  it("refers to its own types only", () => {
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
