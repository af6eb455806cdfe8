import { expect } from "chai";
import { missingOf } from "../../../staging/ownership/missing.ts";
import {
  bucketTags,
  type Held,
  NOTHING_HELD,
  ownerOfTags,
  tablesOf,
  tableTags,
} from "../../../staging/ownership/names.ts";
import { adoptionsOf, refuseOthers } from "../../../staging/ownership/taken.ts";
import type { EnvironmentFacts, Owner } from "../../../staging/resources/environment-facts.ts";
import { environmentSettings } from "../../components/settings.ts";
import { refusalOf } from "../refusal.ts";

const SETTINGS = environmentSettings({ regions: "us-east-1,us-west-2" });
const TABLES = ["spawn-staging-dev", "spawn-usage-dev", "spawn-sweeps-dev"];
const REGIONS = ["us-east-1", "us-west-2"];
const OF_TABLE = ownerOfTags(tableTags(SETTINGS));
const OF_BUCKET = ownerOfTags(bucketTags(SETTINGS));
/** From a version without other tags. */
const BY_NAME: Owner = { environment: "dev" };

interface There {
  tables?: Owner;
  buckets?: Owner;
  role?: Owner & { buckets?: string[] };
}

/** The resources in AWS: each kind with its owner, or absent. */
const facts = ({ tables, buckets, role }: There): EnvironmentFacts => ({
  tables: TABLES.map((name) => ({
    name,
    region: "us-east-1",
    exists: tables !== undefined,
    owner: tables ?? {},
  })),
  buckets: REGIONS.map((region) => ({
    region,
    name: `spawn-staging-${region}`,
    state: buckets === undefined ? "none" : "there",
    owner: buckets ?? {},
  })),
  role: {
    name: "spawn-replication-dev",
    exists: role !== undefined,
    owner: role ?? {},
    buckets: role?.buckets ?? [],
  },
});

const HELD: Held = {
  isKnown: true,
  cloud: "local",
  tables: tablesOf(SETTINGS).map(({ role, name }) => ({ role, name, region: "us-east-1" })),
  buckets: REGIONS.map((region) => ({ region, name: `spawn-staging-${region}`, adopted: false })),
  role: "spawn-replication-dev",
};

describe("names that exist in AWS", () => {
  const adoptions = (there: There, held = NOTHING_HELD) => {
    const { tables, buckets, role } = adoptionsOf(SETTINGS, facts(there), held);
    return { tables: [...tables], buckets: [...buckets], role };
  };
  const refusal = (there: There, held = NOTHING_HELD) => refusalOf(() => adoptions(there, held));
  const ALL = { tables: TABLES, buckets: REGIONS.map((region) => `spawn-staging-${region}`), role: true };
  const NONE = { tables: [], buckets: [], role: false };

  it("are absent for a new environment, and not adopted if the state has them", () => {
    expect(adoptions({})).to.deep.equal(NONE);
    expect(adoptions({ tables: OF_TABLE, buckets: OF_BUCKET, role: OF_TABLE }, HELD)).to.deep.equal(NONE);
    expect(adoptions({ tables: {}, buckets: {}, role: {} }, HELD)).to.deep.equal(NONE);
  });

  it("are adopted if they carry the environment's tags and the state lacks them", () => {
    expect(adoptions({ tables: OF_TABLE, buckets: OF_BUCKET, role: OF_TABLE })).to.deep.equal(ALL);
    const replicating = { ...BY_NAME, buckets: ["spawn-staging-us-west-2"] };
    expect(adoptions({ tables: BY_NAME, buckets: BY_NAME, role: replicating })).to.deep.equal(ALL);
  });

  it("are not adopted without a known state: the engine would replace resources", () => {
    const there = { tables: OF_TABLE, buckets: OF_BUCKET, role: OF_TABLE };
    expect(adoptions(there, { ...NOTHING_HELD, isKnown: false })).to.deep.equal(NONE);
  });

  for (const [whose, there, message, fix] of [
    [
      "another environment's table",
      { tables: { environment: "prod" } },
      "spawn:recordsTable names the table spawn-staging-dev, which belongs to environment prod",
      "--environment prod",
    ],
    [
      "another environment's bucket",
      { buckets: { environment: "prod" } },
      "spawn:bucketPrefix names the bucket spawn-staging-us-east-1, which belongs to environment prod",
      "--environment prod",
    ],
    [
      "a table of another environment of this name",
      { tables: { environment: "dev", bucket: "acme-us-east-1" } },
      "another environment dev, which has the bucket acme-us-east-1",
      "spawn:recordsTable",
    ],
    [
      "a bucket of another environment of this name",
      { buckets: { environment: "dev", recordsTable: "acme" } },
      "another environment dev, which has the records table acme",
      "spawn:bucketPrefix",
    ],
    [
      "a table by its name alone",
      { tables: BY_NAME },
      "spawn:recordsTable names the table spawn-staging-dev, which belongs to another environment dev",
      "spawn:namePrefix",
    ],
    [
      "a bucket by its name alone",
      { buckets: BY_NAME },
      "spawn:bucketPrefix names the bucket spawn-staging-us-east-1, which belongs to another environment dev",
      "spawn:namePrefix",
    ],
    [
      "a table that spawn did not make",
      { tables: {} },
      "spawn:recordsTable names the table spawn-staging-dev in us-east-1, which already exists",
      "spawn:recordsTable",
    ],
    [
      "a bucket that spawn did not make",
      { buckets: {} },
      "spawn:bucketPrefix names the bucket spawn-staging-us-east-1 in us-east-1, which already exists",
      "spawn:adopt",
    ],
    [
      "another environment's role",
      { role: { environment: "prod" } },
      "spawn:namePrefix gives the IAM role spawn-replication-dev, which already exists",
      "spawn:namePrefix",
    ],
    [
      "a role of another environment of this name",
      { role: { ...BY_NAME, buckets: ["acme-us-east-1"] } },
      "spawn:namePrefix gives the IAM role spawn-replication-dev",
      "spawn-two",
    ],
    [
      "a role that spawn did not make",
      { role: {} },
      "spawn:namePrefix gives the IAM role spawn-replication-dev",
      "spawn:namePrefix",
    ],
  ] as const) {
    it(`are refused by the key that gives them: ${whose}`, () => {
      const error = refusal(there as There);
      expect(error.exitCode).to.equal(2);
      expect(error.message).to.contain(message);
      expect(error.fix).to.contain(fix);
    });
  }

  it("are refused as another account's if they cannot be read", () => {
    const there = facts({});
    const denied = {
      ...there,
      buckets: there.buckets.map((bucket) => ({ ...bucket, state: "denied" as const })),
    };
    const error = refusalOf(() => adoptionsOf(SETTINGS, denied, NOTHING_HELD));
    expect(error.why).to.contain("belongs to another account");
    expect(error.fix).to.not.contain("spawn:adopt");
  });

  it("of another environment are refused even where the state has them", () => {
    const error = refusal({ tables: { environment: "prod" } }, HELD);
    expect(error.message).to.contain("belongs to environment prod");
  });

  it("belong to the environment for every command, tagged or not yet", () => {
    refuseOthers(SETTINGS, facts({ tables: BY_NAME, buckets: {} }));
    refuseOthers(SETTINGS, facts({ tables: OF_TABLE, buckets: OF_BUCKET }));
  });

  it("are reported as missing, with missing settings of existing buckets", () => {
    const there = facts({ tables: OF_TABLE, buckets: OF_BUCKET });
    const [first, second] = there.buckets;
    if (first === undefined || second === undefined) throw new Error("no buckets");
    const lacking = {
      ...there,
      buckets: [
        { ...first, lacks: ["versioning", "replication"] },
        { ...second, state: "none" as const },
      ],
    };
    expect(missingOf(lacking).map(({ what, name }) => `${what} ${name}`)).to.deep.equal([
      "bucket spawn-staging-us-west-2",
      "settings of bucket spawn-staging-us-east-1",
      "role spawn-replication-dev",
    ]);
  });
});
