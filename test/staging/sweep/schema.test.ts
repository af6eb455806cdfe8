import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import fc from "fast-check";
import { parse } from "yaml";
import { packageRoot } from "../../../package-root.ts";
import { parseSweepFile } from "../../../staging/sweep/file.ts";
import { KEYS, type SweepKey } from "../../../staging/sweep/keys.ts";
import { SweepFileError } from "../../../staging/sweep/problems.ts";
import { sweepSchema, sweepSchemaText } from "../../../staging/sweep/schema.ts";
import { BAD_FILES } from "./bad-files.ts";
import { FULL_FILE, GUIDE_FILES } from "./guide.ts";

type OtherKey = Exclude<SweepKey, "base_command">;

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

  it("accepts every file that the parser accepts", () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.subarray(Object.keys(VALUES) as OtherKey[]),
        fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
        (keys, choices) => {
          const lines = keys.map((key, place) => {
            const values = VALUES[key];
            return `${key}: ${values[(choices[place] ?? 0) % values.length]}`;
          });
          const text = `${lines.join("\n")}\nbase_command: x\n`;
          try {
            parseSweepFile(text, "sweep.yaml");
          } catch (error) {
            if (error instanceof SweepFileError) return;
            throw error;
          }
          accepted++;
          expect(valid(parse(text)), text + JSON.stringify(valid.errors)).to.equal(true);
        },
      ),
      { numRuns: 1_000 },
    );
    expect(accepted).to.be.greaterThan(50);
  });
});

/** Values of each key, mostly valid. */
const VALUES: Readonly<Record<OtherKey, readonly string[]>> = {
  sweep_name: ["a", "'0123'", "a.b-c", "0123", '""'],
  count: ["1", "4", "100000", "0", "'4'", "4.0"],
  regions: [
    "[us-east-1]",
    "[us-east-1: 4]",
    "{us-east-1: 4}",
    "{us-east-1: 2, us-west-2: 2}",
    "[us-east-1, us-west-2]",
    "us-east-1",
  ],
  distribution: ["even", "proportional", "cheapest", "'even'", "odd"],
  instance_type: ["m5.xlarge", "'p3.2xlarge'", "m5"],
  instance_types: ["[m5.xlarge]", "[m5.xlarge, m5a.xlarge]", "[]", "m5.xlarge"],
  stage_id: ["stage-abc123def456", "abcd", "'0123'", "0123", "stage-x"],
  stage_ids: ["[abcd, stage-abc123def456]", "['0123']", "[0123]", "abcd"],
  params_file: ["p.csv", "x/P.JSONL", "p.txt"],
  grid: ["{a: [1, x], b: [yes, ~]}", "{a: ['', 0123, 1.10, 7e10]}", "{a: 1}", "{}"],
  max_concurrent: ["1", "50", "0"],
  retries: ["{interrupted: 0}", "{interrupted: 100, error: 1}", "{}", "{error: -1}"],
  timeout: ["1h", "90m", "'45s'", "3600"],
  deadline: ["24h", "2d", "1h30m", "30s"],
  max_cost: ["25", "12.50", "0.000001", "'25'"],
  subnets: ["{us-east-1: [subnet-0abc1234]}", "{us-east-1: []}"],
  disk: ["200 GB", "8GiB", "1.5 TB", "200"],
  results: ["s3://bucket/", "s3://bucket/a/b/", "s3://bucket/a"],
};
