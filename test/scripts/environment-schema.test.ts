import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect } from "chai";
import { parse } from "yaml";
import { packageRoot } from "../../package-root.ts";
import { environmentSchemaText } from "../../scripts/environment-schema.ts";
import { parseEnvironmentConfig } from "../../stacks/environment-file.ts";
import { spawnValues } from "../../stacks/spawn-values.ts";
import { readYamlConfig } from "../../stacks/stack-config.ts";
import { InputError } from "../../staging/errors.ts";

const text = environmentSchemaText();
const valid = new Ajv({ allErrors: true, allowUnionTypes: true, strictTypes: false }).compile(
  JSON.parse(text) as object,
);
const REGIONS = "config:\n  spawn:regions: [us-east-1, us-west-2]\n";
const item = (...lines: string[]) =>
  `${REGIONS}  spawn:entries:\n    - name: a\n      source: data/x\n${lines.map((line) => `      ${line}\n`).join("")}`;

/** Whether the program accepts the file. */
function isAccepted(file: string): boolean {
  try {
    const written = readYamlConfig(file, "Pulumi.dev.yaml");
    parseEnvironmentConfig("dev", spawnValues(written.values), "/p", undefined, written);
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

describe("the JSON Schema of settings files", () => {
  it("is the one that schemas/environment.schema.json holds; node scripts/schemas.ts writes it", async () => {
    expect(await readFile(join(packageRoot(), "schemas", "environment.schema.json"), "utf8")).to.equal(text);
  });

  it("describes every key", () => {
    const { config } = (JSON.parse(text) as { properties: { config: { properties: object } } }).properties;
    const { "spawn:entries": entries, ...others } = config.properties as Record<
      string,
      { description?: string; items?: { properties: object } }
    >;
    for (const [key, { description }] of Object.entries({ ...others, ...entries?.items?.properties }))
      expect(description, key).to.be.a("string");
  });

  for (const file of ["Pulumi.dev.yaml", "Pulumi.prod.example.yaml"]) {
    it(`accepts ${file}, which names it for editors`, async () => {
      const content = await readFile(join(packageRoot(), file), "utf8");
      expect(valid(parse(content)), JSON.stringify(valid.errors)).to.equal(true);
      expect(content).to.match(/^# yaml-language-server: \$schema=\.\/schemas\/environment\.schema\.json\n/);
    });
  }

  for (const [what, file] of [
    [
      "every key of an item",
      item(
        'filename: "0123"',
        'exclude: [".git/"]',
        "multipart: true",
        "timeout: 60",
        "bandwidthLimit: 50MB/s",
        "regions: [us-west-2]",
        "dest: /opt/x",
        "ttl: 30",
        "keep: true",
        'sweep: "0123"',
        "replication: copy",
        'allowAccounts: ["123456789012"]',
      ),
    ],
    [
      "options of an S3 source",
      `${REGIONS}  spawn:entries: [{ name: a, source: s3://b/k, noSha256: true, requestPayer: true }]`,
    ],
    [
      "keys of other namespaces",
      `encryptionsalt: v1:abc\n${REGIONS}  aws:profile: work\n  pulumi:tags: { team: genomics }\n`,
    ],
    ["a list in a string", "config:\n  spawn:regions: us-east-1,us-west-2\n"],
    ["no item", `${REGIONS}  spawn:entries:\n`],
  ] as const) {
    it(`accepts what the program accepts: ${what}`, () => {
      expect(valid(parse(file)), JSON.stringify(valid.errors)).to.equal(true);
      expect(isAccepted(file)).to.equal(true);
    });
  }

  for (const [what, file] of [
    ["no configuration", "encryptionsalt: v1:abc\n"],
    ["an unknown key", `${REGIONS}  spawn:colour: red\n`],
    ["a misspelt top level", `${REGIONS}confg: 1\n`.replace("config:", "confi:")],
    ["an unknown region", "config:\n  spawn:regions: [mars-1]\n"],
    ["no region", "config:\n  spawn:regions: []\n"],
    ["an unknown cloud", `${REGIONS}  spawn:cloud: moon\n`],
    ["an unknown key of an item", item("time: 5")],
    ["a TTL of 100 days", item("ttl: 100")],
    ["a TTL of a fraction", item("ttl: 1.5")],
    ["a sweep that is a number", item("sweep: 0123")],
    ["a sweep that is a number with an exponent", item("sweep: 7e10")],
    ["a filename that is a number", item("filename: 1.10")],
    ["a relative destination", item("dest: data/x")],
    ["an unknown replication method", item("replication: fast")],
    ["a text in place of a flag", item("keep: always")],
    ["a bandwidth without a unit", item('bandwidthLimit: "50"')],
    ["an item without a source", `${REGIONS}  spawn:entries: [{ name: a }]`],
    ["an item without a name", `${REGIONS}  spawn:entries: [{ source: data/x }]`],
  ] as const) {
    it(`refuses what the program refuses: ${what}`, () => {
      expect(valid(parse(file))).to.equal(false);
      expect(isAccepted(file)).to.equal(false);
    });
  }

  it("asks for quotes around an account ID, which the program accepts without them", () => {
    const file = `${REGIONS}  spawn:account: 123456789012\n`;
    expect(valid(parse(file))).to.equal(false);
    expect(isAccepted(file)).to.equal(true);
  });
});
