import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import { parse } from "yaml";
import { packageRoot } from "../../../local/paths.ts";
import { KEYS } from "../../../staging/sweep/keys.ts";
import { sweepSchema, sweepSchemaText } from "../../../staging/sweep/schema.ts";
import { BAD_FILES } from "./bad-files.ts";
import { FULL_FILE, GUIDE_FILES } from "./guide.ts";

const valid = new Ajv2020({
  strict: true,
  strictRequired: false,
  strictTypes: false,
  allErrors: true,
}).compile(sweepSchema());

describe("the JSON Schema of parameter files", () => {
  it("is the one that schemas/sweep.schema.json holds; node scripts/schemas.ts writes it", async () => {
    const file = join(packageRoot(), "schemas", "sweep.schema.json");
    expect(await readFile(file, "utf8")).to.equal(sweepSchemaText());
  });

  it("describes every key", () => {
    const { properties } = sweepSchema() as { properties: Record<string, { description?: string }> };
    expect(Object.keys(properties)).to.deep.equal(Object.keys(KEYS));
    for (const { description } of Object.values(properties)) expect(description).to.match(/\.$/);
  });

  for (const { title, text } of [...GUIDE_FILES, { title: "every key", text: FULL_FILE }]) {
    it(`accepts what the parser accepts: ${title}`, () => {
      expect(valid(parse(text)), JSON.stringify(valid.errors)).to.equal(true);
    });
  }

  for (const { title, text, schema } of BAD_FILES) {
    const agrees = schema ?? true;
    it(`${agrees ? "refuses" : "cannot refuse"} what the parser refuses: ${title}`, () => {
      expect(valid(parse(text))).to.equal(!agrees);
    });
  }
});
