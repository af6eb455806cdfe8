import { expect } from "chai";
import { parseEnvironmentConfig } from "../../stacks/environment-file.ts";
import { spawnValues } from "../../stacks/spawn-values.ts";
import { readYamlConfig } from "../../stacks/stack-config.ts";
import { refusalOf } from "../staging/refusal.ts";

const FILE = "Pulumi.dev.yaml";
const valuesOf = (text: string) => spawnValues(readYamlConfig(text, FILE).values, FILE);

const refusal = (text: string) =>
  refusalOf(() => {
    const written = readYamlConfig(text, FILE);
    parseEnvironmentConfig("dev", spawnValues(written.values, FILE), "/p", undefined, written);
  });

const item = (line: string) => `config:
  spawn:regions: [us-east-1, us-west-2]
  spawn:entries:
    - name: genome
      source: data/x
      ${line}
`;

describe("the configuration in a file", () => {
  const regions = ["us-east-1", "us-west-2"];
  for (const [what, text] of [
    ["a list", "config:\n  spawn:regions: [us-east-1, us-west-2]"],
    ["a list of lines", "config:\n  spawn:regions:\n    - us-east-1\n    - us-west-2"],
    ["what pulumi config set writes of JSON", `config:\n  spawn:regions: '["us-east-1","us-west-2"]'`],
    ["JSON in double quotes", `config:\n  spawn:regions: "[\\"us-east-1\\", \\"us-west-2\\"]"`],
    ["JSON in a block", `config:\n  spawn:regions: |\n    ["us-east-1",\n     "us-west-2"]`],
    ["items in quotes", `config:\n  spawn:regions: ["us-east-1", 'us-west-2']`],
    ["an alias", "config:\n  other:x: &all [us-east-1, us-west-2]\n  spawn:regions: *all"],
    ["a key without namespace", "config:\n  regions: [us-east-1, us-west-2]"],
    ["a key of the old form", "config:\n  spawn:config:regions: [us-east-1, us-west-2]"],
    ["a file of Windows", "\ufeffconfig:\r\n  spawn:regions: [us-east-1, us-west-2]\r\n"],
    ["JSON itself", `{"config":{"spawn:regions":["us-east-1","us-west-2"]}}`],
  ] as const) {
    it(`is the same as ${what}`, () => {
      expect(valuesOf(text)).to.deep.equal({ regions });
    });
  }

  it("accepts regions and adopted regions as a string", () => {
    const values = valuesOf("config: {spawn:regions: 'us-east-1,us-west-2', spawn:adopt: us-west-2}");
    const { settings } = parseEnvironmentConfig("dev", values, "/p");
    expect(settings.regions).to.deep.equal(regions);
    expect([...settings.adopted]).to.deep.equal(["us-west-2"]);
  });

  it("takes an entry as JSON as it takes one of YAML", () => {
    const json = `config:
  spawn:regions: us-east-1
  spawn:entries: '[{"name":"genome","source":"data/x","ttl":30,"sweep":"0123","exclude":["*.tmp"]}]'`;
    const yaml = `config:
  spawn:regions: us-east-1
  spawn:entries: [{name: genome, source: data/x, ttl: 30, sweep: "0123", exclude: ["*.tmp"]}]`;
    const parsed = (text: string) => parseEnvironmentConfig("dev", valuesOf(text), "/p");
    expect(parsed(json)).to.deep.equal(parsed(yaml));
    expect(parsed(json).entries[0]).to.include({ ttl: 30, sweepId: "0123" });
  });

  it("keeps expected numbers and booleans", () => {
    const { entries } = parseEnvironmentConfig(
      "dev",
      valuesOf(item("ttl: 30\n      noSha256: false\n      allowAccounts: [123456789012]\n      sweep: ~")),
      "/p",
    );
    expect(entries[0]).to.deep.include({ ttl: 30, noSha256: false, allowAccounts: ["123456789012"] });
    expect(entries[0]?.sweepId).to.equal(undefined);
  });

  for (const [line, key, source, taken] of [
    ["sweep: 0123", "sweep", "0123", "a number"],
    ["sweep: 7e10", "sweep", "7e10", "a number"],
    ["sweep: 7", "sweep", "7", "a number"],
    ["sweep: 1_000", "sweep", "1_000", "a number"],
    ["sweep: 0x1F", "sweep", "0x1F", "a number"],
    ["sweep: 0o17", "sweep", "0o17", "a number"],
    ["sweep: 089", "sweep", "089", "a number"],
    ["sweep: 12:30", "sweep", "12:30", "a number"],
    ["sweep: .inf", "sweep", ".inf", "a number"],
    ["sweep: 12345678901234567890", "sweep", "12345678901234567890", "a number"],
    ["sweep: 2026-11-01", "sweep", "2026-11-01", "a date"],
    ["sweep: on", "sweep", "on", "a truth value"],
    ["sweep: No", "sweep", "No", "a truth value"],
    ["sweep: true", "sweep", "true", "a truth value"],
    ["filename: 1.10", "filename", "1.10", "a number"],
    ["dest: 5", "dest", "5", "a number"],
    ["exclude: [a, 1.0]", "exclude[1]", "1.0", "a number"],
    ["allowAccounts: [000000000042]", "allowAccounts[0]", "000000000042", "a number"],
    ["replication: yes", "replication", "yes", "a truth value"],
  ] as const) {
    it(`is refused with the line and the quoted form: ${line}`, () => {
      const { message, fix, exitCode } = refusal(item(line));
      const column = 7 + line.lastIndexOf(source);
      expect(message).to.equal(
        `${FILE}:6:${column}: spawn:entries: item genome: ${key} is not a string: ${source} without quotes is ${taken}`,
      );
      expect(exitCode).to.equal(2);
      // The suggested fix is accepted.
      const quoted = /(".*")$/.exec(fix ?? "")?.[1] ?? "";
      expect(fix).to.contain("Put it in quotes: ");
      const place = line.lastIndexOf(source);
      const fixed = item(line.slice(0, place) + quoted + line.slice(place + source.length));
      expect(JSON.stringify(valuesOf(fixed))).to.contain(quoted);
    });
  }

  it("is refused for a TTL in a form that readers turn into different numbers", () => {
    for (const ttl of ["030", "0x1E", "3e1", "30.0"]) {
      expect(refusal(item(`ttl: ${ttl}`))).to.include({
        message: `${FILE}:6:12: spawn:entries: item genome: ttl is not a plain number: ${ttl}`,
        fix: "Write it in decimal digits, such as ttl: 30",
      });
    }
  });

  const R = "  spawn:regions: [us-east-1]\n";
  for (const [what, text, message] of [
    [
      "a name of a table",
      `config:\n${R}  spawn:recordsTable: 0123`,
      ":3:23: spawn:recordsTable is not a string: 0123 without quotes is a number",
    ],
    [
      "a bucket",
      `config:\n${R}  spawn:buckets:\n    us-east-1: 2026-11-01`,
      ":4:16: spawn:buckets.us-east-1 is not a string: 2026-11-01 without quotes is a date",
    ],
    [
      "an alias of a number",
      `config:\n  a:b: &x 0123\n${R}  spawn:recordsTable: *x`,
      ":2:11: spawn:recordsTable is not a string: 0123 without quotes is a number",
    ],
    [
      "a secret",
      `config:\n${R}  spawn:bucketPrefix:\n    secure: v1:abc`,
      ":4:5: spawn:bucketPrefix is encrypted",
    ],
    [
      "a key given twice",
      "config: {regions: us-east-1, spawn:regions: us-east-2}",
      ":1:10: spawn:regions is given twice",
    ],
    ["a missing key", "config:\n  spawn:cloud: local", ":2:3: spawn:regions is missing"],
    ["an unknown key", `config:\n${R}  spawn:colour: red`, ":3:3: spawn:colour is not a known key"],
    [
      "an unknown region",
      "config:\n  spawn:regions: [us-east-1, mars-1]",
      ':2:18: spawn:regions is not valid: unknown region "mars-1"',
    ],
    [
      "a missing key of an item",
      `config:\n${R}  spawn:entries:\n    - name: a\n`,
      ":4:7: spawn:entries: item a: source is missing",
    ],
    [
      "an unknown key of an item",
      `config:\n${R}  spawn:entries:\n    - { name: a, source: x, time: 5 }\n`,
      ":4:29: spawn:entries: item a: time is not a known key",
    ],
    [
      "an item in a region without a bucket",
      `config:\n${R}  spawn:entries:\n    - { name: a, source: x, regions: [eu-west-1] }\n`,
      ":4:38: spawn:entries: item a: regions is not valid: environment dev has no bucket in eu-west-1",
    ],
    [
      "two items of one name",
      `config:\n${R}  spawn:entries:\n    - { name: a, source: x }\n    - { name: a, source: z }\n`,
      ":5:15: spawn:entries: item a: name is given twice",
    ],
  ] as const) {
    it(`is refused with the line and the column for ${what}`, () => {
      expect(refusal(text).message).to.equal(`${FILE}${message}`);
    });
  }

  it("is refused with all its problems, in the order of the file", () => {
    const text = `config:
  spawn:regions: [us-east-1]
  spawn:entries:
    - name: a
      source: data/x
      ttl: 100
      sweep: 0123
      colour: red
    - source: data/y
      noSha256: true
  spawn:cloud: moon
  spawn:size: 5
`;
    const { message, lines, exitCode } = refusal(text);
    expect(message).to.equal(lines.join("\n"));
    expect(exitCode).to.equal(2);
    expect(lines).to.deep.equal([
      `${FILE} has 6 errors:`,
      `  ${FILE}:6:12: spawn:entries: item a: ttl is not valid: TTL "100" is not a whole number of days from 1 to 90. Fix: ttl: 7`,
      `  ${FILE}:7:14: spawn:entries: item a: sweep is not a string: 0123 without quotes is a number. Fix: Put it in quotes: sweep: "0123"`,
      `  ${FILE}:8:7: spawn:entries: item a: colour is not a known key`,
      `  ${FILE}:9:7: spawn:entries[1].name is missing`,
      `  ${FILE}:11:16: spawn:cloud must be "local" or "aws". Fix: Edit spawn:cloud in ${FILE}.`,
      `  ${FILE}:12:3: spawn:size is not a known key. Fix: Edit spawn:size in ${FILE}.`,
    ]);
  });

  it("is refused for such a number in JSON, with the line of the JSON", () => {
    const text = `config:\n  spawn:regions: us-east-1\n  spawn:entries: '[{"name":"a","source":"x","sweep":83}]'`;
    expect(refusal(text).message).to.equal(
      `${FILE}:3:18: spawn:entries: item a: sweep must be a string, in quotes: "83"`,
    );
  });
});
