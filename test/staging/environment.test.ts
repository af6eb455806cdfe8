import { expect } from "chai";
import { bucketOf, parseEnvironmentName, replicationRoleName } from "../../staging/environment.ts";
import { ENVIRONMENT_KEYS, parseEnvironmentSettings } from "../../staging/environment-values.ts";
import { parseRegion } from "../../staging/regions.ts";
import { refusalOf } from "./refusal.ts";

const BASE = { cloud: "local", regions: ["us-east-1", "us-west-2"] };

describe("environment settings", () => {
  it("need only regions; the cloud is AWS unless it is said to be local", () => {
    const {
      buckets,
      keys: _keys,
      ...settings
    } = parseEnvironmentSettings("prod", { regions: "us-west-2,us-east-1" });
    expect(settings).to.deep.equal({
      name: "prod",
      cloud: "aws",
      regions: ["us-west-2", "us-east-1"],
      adopted: new Set(),
      readers: [],
      namePrefix: "spawn",
      tableRegion: "us-west-2",
      recordsTable: "spawn-staging-prod",
      usageTable: "spawn-usage-prod",
      sweepsTable: "spawn-sweeps-prod",
    });
    expect([...buckets]).to.deep.equal([
      ["us-west-2", "spawn-staging-us-west-2"],
      ["us-east-1", "spawn-staging-us-east-1"],
    ]);
  });

  it("name the buckets by a prefix, or one by one", () => {
    const { buckets } = parseEnvironmentSettings("dev", {
      ...BASE,
      bucketPrefix: "acme.",
      buckets: { "us-west-2": "genomes-oregon" },
    });
    expect(Object.fromEntries(buckets)).to.deep.equal({
      "us-east-1": "acme.us-east-1",
      "us-west-2": "genomes-oregon",
    });
  });

  it("derive every name that is unique in an account from one prefix", () => {
    const settings = parseEnvironmentSettings("dev", { ...BASE, namePrefix: "acme" });
    expect([...settings.buckets.values()]).to.deep.equal([
      "acme-staging-us-east-1",
      "acme-staging-us-west-2",
    ]);
    expect(settings).to.include({
      recordsTable: "acme-staging-dev",
      usageTable: "acme-usage-dev",
      sweepsTable: "acme-sweeps-dev",
    });
    expect(replicationRoleName(settings)).to.equal("acme-replication-dev");
  });

  it("keep the tables in their region when it is given, whatever the order of the regions", () => {
    const { tableRegion } = parseEnvironmentSettings("dev", { ...BASE, tableRegion: "eu-west-1" });
    expect(tableRegion).to.equal("eu-west-1");
  });

  it("record the key of each name", () => {
    const keysOf = (values: Record<string, unknown>) => {
      const { keys } = parseEnvironmentSettings("dev", { ...BASE, ...values });
      return [
        keys.tableRegion,
        keys.recordsTable,
        keys.usageTable,
        keys.sweepsTable,
        keys.buckets.get(parseRegion("us-east-1")),
      ];
    };
    expect(keysOf({})).to.deep.equal([
      "spawn:regions",
      "spawn:recordsTable",
      "spawn:usageTable",
      "spawn:sweepsTable",
      "spawn:bucketPrefix",
    ]);
    expect(keysOf({ namePrefix: "acme", usageTable: "usage" })).to.deep.equal([
      "spawn:regions",
      "spawn:namePrefix",
      "spawn:usageTable",
      "spawn:namePrefix",
      "spawn:namePrefix",
    ]);
    expect(keysOf({ tableRegion: "us-west-2", buckets: { "us-east-1": "genomes" } })).to.deep.equal([
      "spawn:tableRegion",
      "spawn:recordsTable",
      "spawn:usageTable",
      "spawn:sweepsTable",
      "spawn:buckets",
    ]);
  });

  it("record adopted buckets", () => {
    const { adopted } = parseEnvironmentSettings("dev", { ...BASE, adopt: ["us-west-2", "us-west-2"] });
    expect([...adopted]).to.deep.equal(["us-west-2"]);
  });

  const long = "a".repeat(64);
  for (const [key, value, problem] of [
    ["cloud", "moon", 'must be "local" or "aws"'],
    ["cloud", 1, 'must be "local" or "aws"'],
    ["regions", undefined, "is missing"],
    ["regions", [1], "must be a list of regions"],
    ["regions", { a: 1 }, "must be a list of regions"],
    ["regions", [], "is not valid: no region given"],
    ["regions", ["mars-1"], 'is not valid: unknown region "mars-1"'],
    ["regions", ["us-east-1", "us-east-1"], "is not valid: region us-east-1 is given twice"],
    ["bucketPrefix", 1, "must be a string"],
    ["bucketPrefix", "Acme-", 'gives "Acme-us-east-1" for us-east-1, which cannot name a bucket'],
    ["bucketPrefix", "a..", 'gives "a..us-east-1" for us-east-1, which cannot name a bucket'],
    ["bucketPrefix", "-", 'gives "-us-east-1" for us-east-1, which cannot name a bucket'],
    ["bucketPrefix", long, `gives "${long}us-east-1" for us-east-1, which cannot name a bucket`],
    ["buckets", "x", "must map regions to bucket names"],
    ["buckets", [], "must map regions to bucket names"],
    ["buckets", { "us-east-1": long }, `gives "${long}" for us-east-1, which cannot name a bucket`],
    ["buckets", { "us-east-1": "ab" }, 'gives "ab" for us-east-1, which cannot name a bucket'],
    ["buckets", { "us-east-1": 7 }, 'gives "7" for us-east-1, which cannot name a bucket'],
    ["buckets", { "us-east-1": "same", "us-west-2": "same" }, "gives same to two regions"],
    ["buckets", { "eu-west-1": "x" }, "names eu-west-1, which spawn:regions does not"],
    ["buckets", { "mars-1": "x" }, 'is not valid: unknown region "mars-1"'],
    ["adopt", { "us-east-1": true }, "must be a list of regions"],
    ["adopt", ["mars-1"], 'is not valid: unknown region "mars-1"'],
    ["adopt", ["eu-west-1"], "names eu-west-1, which spawn:regions does not"],
    ["namePrefix", "Acme", "must be 1 to 19 of a-z, 0-9 and hyphens"],
    ["namePrefix", "a-", "must be 1 to 19 of a-z, 0-9 and hyphens"],
    ["namePrefix", "a".repeat(20), "must be 1 to 19 of a-z, 0-9 and hyphens"],
    ["tableRegion", 1, "must be a region"],
    ["tableRegion", "mars-1", 'is not valid: unknown region "mars-1"'],
    ["recordsTable", "x", "must be 3 to 255 of letters, digits, . _ -"],
    ["recordsTable", "a".repeat(256), "must be 3 to 255 of letters, digits, . _ -"],
    ["recordsTable", "a b c", "must be 3 to 255 of letters, digits, . _ -"],
    ["usageTable", 7, "must be 3 to 255 of letters, digits, . _ -"],
    ["usageTable", "spawn-staging-dev", "must not be the same table as spawn:recordsTable"],
    ["sweepsTable", "a/b", "must be 3 to 255 of letters, digits, . _ -"],
    ["sweepsTable", "spawn-staging-dev", "must not be the same table as spawn:recordsTable"],
    ["sweepsTable", "spawn-usage-dev", "must not be the same table as spawn:usageTable"],
  ] as const) {
    const shown = JSON.stringify(value)?.slice(0, 40);
    it(`refuse spawn:${key} ${shown} and name the key`, () => {
      const error = refusalOf(() => parseEnvironmentSettings("dev", { ...BASE, [key]: value }));
      expect(error.message).to.match(/^Pulumi\.dev\.yaml: spawn:/);
      expect(error.message).to.include(`Pulumi.dev.yaml: spawn:${key} ${problem}`);
      expect(error.fix).to.equal(`Edit spawn:${key} in Pulumi.dev.yaml.`);
    });
  }

  it("refuse an unknown key and list those that there are", () => {
    const error = refusalOf(() =>
      parseEnvironmentSettings("dev", { ...BASE, bucketprefix: "x" }, "elsewhere"),
    );
    expect(error.message).to.equal("elsewhere: spawn:bucketprefix is not a known key");
    for (const key of ENVIRONMENT_KEYS) expect(error.why).to.include(key);
  });

  for (const name of ["", "Dev", "dev.stage", "-dev", "1dev", "dev_1", "../dev", "a".repeat(33)]) {
    it(`refuse the name ${JSON.stringify(name)}`, () => {
      expect(refusalOf(() => parseEnvironmentName(name)).message).to.equal(
        `"${name}" is not the name of an environment`,
      );
    });
  }

  it("leave room in the longest name of a role", () => {
    const name = parseEnvironmentName("a".repeat(32));
    expect(replicationRoleName({ namePrefix: "p".repeat(19), name })).to.have.length(64);
  });

  it("show how to add a region without a bucket", () => {
    const settings = parseEnvironmentSettings("dev", BASE);
    expect(bucketOf(settings, parseRegion("us-west-2"))).to.equal("spawn-staging-us-west-2");
    const error = refusalOf(() => bucketOf(settings, parseRegion("eu-west-1")));
    expect(error.message).to.equal("environment dev has no bucket in eu-west-1");
    expect(error.fix).to.equal(
      "Add eu-west-1 to spawn:regions in Pulumi.dev.yaml, then run: spawn environment up --environment dev",
    );
  });
});
