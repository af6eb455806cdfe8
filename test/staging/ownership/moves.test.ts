import { expect } from "chai";
import { leftBuckets, refuseMovedBuckets, refuseMovedTables } from "../../../staging/ownership/moves.ts";
import type { Held } from "../../../staging/ownership/names.ts";
import { environmentSettings } from "../../components/settings.ts";
import { refusalOf } from "../refusal.ts";

const HELD: Held = {
  isKnown: true,
  cloud: "local",
  tables: [
    { role: "records", region: "us-east-1", name: "spawn-staging-dev" },
    { role: "usage", region: "us-east-1", name: "spawn-usage-dev" },
    { role: "sweeps", region: "us-east-1", name: "spawn-sweeps-dev" },
  ],
  buckets: ["us-east-1", "us-west-2", "eu-west-1"].map((region) => ({
    region,
    name: `spawn-staging-${region}`,
    adopted: false,
  })),
  role: "spawn-replication-dev",
};

describe("a change of settings", () => {
  const refuse = (values: Record<string, unknown>, held = HELD, inUse = true): void => {
    const settings = environmentSettings(values);
    refuseMovedTables(settings, held);
    refuseMovedBuckets(settings, held, () => inUse);
  };
  const REORDERED = "us-west-2,us-east-1,eu-west-1";

  for (const [change, values, key, fix] of [
    ["another first region", { regions: REORDERED }, "spawn:regions", "spawn:tableRegion: us-east-1"],
    [
      "another region of the tables",
      { tableRegion: "us-west-2" },
      "spawn:tableRegion",
      "spawn:tableRegion: us-east-1",
    ],
    [
      "another records table",
      { recordsTable: "other" },
      "spawn:recordsTable",
      "spawn:recordsTable: spawn-staging-dev",
    ],
    ["another usage table", { usageTable: "other" }, "spawn:usageTable", "spawn:usageTable: spawn-usage-dev"],
    [
      "another sweeps table",
      { sweepsTable: "other" },
      "spawn:sweepsTable",
      "spawn:sweepsTable: spawn-sweeps-dev",
    ],
    [
      "another prefix of names",
      { namePrefix: "acme" },
      "spawn:namePrefix",
      "spawn:recordsTable: spawn-staging-dev",
    ],
    [
      "another prefix of buckets",
      { bucketPrefix: "acme-" },
      "spawn:bucketPrefix",
      "spawn:buckets: { us-east-1: spawn-staging-us-east-1 }",
    ],
    [
      "another bucket",
      { buckets: { "us-west-2": "genomes" } },
      "spawn:buckets",
      "spawn:buckets: { us-west-2: spawn-staging-us-west-2 }",
    ],
    ["a region less", { regions: "us-east-1,eu-west-1" }, "spawn:regions", "Add us-west-2 to spawn:regions"],
    [
      "an adoption of what spawn made",
      { adopt: ["us-west-2"] },
      "spawn:adopt",
      "Remove us-west-2 from spawn:adopt",
    ],
    ["another cloud", { cloud: "aws" }, "spawn:cloud", "Set spawn:cloud: local"],
  ] as const) {
    it(`is refused where data would be lost, by its key, with the way back: ${change}`, () => {
      const error = refusalOf(() => refuse(values));
      expect(error.exitCode).to.equal(2);
      expect(error.message).to.contain(key);
      expect(error.why).to.match(/\.$/);
      expect(error.fix).to.contain(fix);
      expect(error.fix).to.match(/purpose|spawn:adopt|Pulumi\.<name>\.yaml/);
    });
  }

  it("is allowed if it moves nothing", () => {
    refuse({});
    refuse({ regions: REORDERED, tableRegion: "us-east-1" });
    refuse({ regions: "us-east-1,us-west-2,eu-west-1,ap-south-1" });
    refuse({ recordsTable: "other", regions: REORDERED }, { ...HELD, tables: [], buckets: [] });
  });

  it("may leave a bucket without data", () => {
    refuse({ regions: "us-east-1,eu-west-1", tableRegion: "us-east-1" }, HELD, false);
    refuse({ bucketPrefix: "acme-" }, HELD, false);
    const left = leftBuckets(environmentSettings({ buckets: { "us-west-2": "genomes" } }), HELD);
    expect(left.map(({ name }) => name)).to.deep.equal(["spawn-staging-us-west-2"]);
  });

  it("does not make an adopted bucket one of spawn's own", () => {
    const buckets = HELD.buckets.map((bucket) => ({ ...bucket, adopted: true }));
    const error = refusalOf(() => refuse({}, { ...HELD, buckets }, false));
    expect(error.message).to.contain("spawn:adopt leaves out us-east-1");
  });
});
