import { expect } from "chai";
import { parseEnvironmentConfig } from "../../stacks/environment-config.ts";
import { spawnValues } from "../../stacks/spawn-values.ts";
import { readYamlConfig } from "../../stacks/yaml-config.ts";
import { InputError } from "../../staging/errors.ts";

const FILE = "Pulumi.dev.yaml";
const valuesOf = (text: string) => spawnValues(readYamlConfig(text, FILE), FILE);

function refusal(text: string): InputError {
  try {
    const values = valuesOf(text);
    parseEnvironmentConfig("dev", values, "/p");
  } catch (error) {
    expect(error).to.be.instanceOf(InputError);
    return error as InputError;
  }
  throw new Error("it was accepted");
}

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
        `${FILE}: spawn:entries: item genome: ${key} is not a string: ${source} without quotes is ${taken} (line 6, column ${column})`,
      );
      expect(exitCode).to.equal(2);
      // The fix is one that is accepted.
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
        message: `${FILE}: spawn:entries: item genome: ttl is not a plain number: ${ttl} (line 6, column 12)`,
        fix: "Write it in decimal digits, such as ttl: 30",
      });
    }
  });

  for (const [what, text, message] of [
    [
      "a name of a table",
      "config:\n  spawn:recordsTable: 0123",
      "spawn:recordsTable is not a string: 0123 without quotes is a number (line 2, column 23)",
    ],
    [
      "a bucket",
      "config:\n  spawn:buckets:\n    us-west-2: 2026-11-01",
      "spawn:buckets.us-west-2 is not a string: 2026-11-01 without quotes is a date (line 3, column 16)",
    ],
    [
      "an alias of a number",
      "config:\n  a:b: &x 0123\n  spawn:recordsTable: *x",
      "spawn:recordsTable is not a string: 0123 without quotes is a number (line 2, column 11)",
    ],
    [
      "a secret",
      "config:\n  spawn:bucketPrefix:\n    secure: v1:abc",
      "spawn:bucketPrefix is encrypted (line 3, column 5)",
    ],
    ["a key given twice", "config: {regions: a, spawn:regions: b}", "spawn:regions is given twice"],
  ] as const) {
    it(`is refused for ${what}`, () => {
      expect(refusal(text).message).to.equal(`${FILE}: ${message}`);
    });
  }

  it("is refused for such a number in JSON, without a line", () => {
    const text = `config:\n  spawn:regions: us-east-1\n  spawn:entries: '[{"name":"a","source":"x","sweep":83}]'`;
    expect(refusal(text).message).to.equal(
      `${FILE}: spawn:entries: item a: sweep must be a string, in quotes: sweep: "83"`,
    );
  });
});
