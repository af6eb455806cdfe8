import { expect } from "chai";
import { StagingTables } from "../../components/staging-tables.ts";
import { type Recording, record } from "./recorder.ts";
import { environmentSettings } from "./settings.ts";

const recordTables = (args: ConstructorParameters<typeof StagingTables>[1]): Promise<Recording> =>
  record(async () => {
    new StagingTables("dev-tables", args);
    return {};
  });

describe("StagingTables", () => {
  const settings = environmentSettings({ regions: "us-west-2,us-east-1" });
  const common = {
    region: "us-west-2",
    billingMode: "PAY_PER_REQUEST",
    pointInTimeRecovery: { enabled: true },
    tags: { "spawn:environment": "dev", "spawn:bucket": "spawn-staging-us-west-2" },
  };
  let made: Recording;
  before(async () => {
    made = await recordTables({ settings });
  });

  it("keeps the records in the first region: on demand, restorable, expiring, with two indexes by time of upload", () => {
    expect(made.get("dev-tables-records").inputs).to.deep.equal({
      name: "spawn-staging-dev",
      ...common,
      hashKey: "staging_id",
      attributes: ["staging_id", "record", "sweep_id", "uploaded_at"].map((name) => ({ name, type: "S" })),
      ttl: { attributeName: "expires_epoch", enabled: true },
      globalSecondaryIndexes: [
        { name: "by-upload", hashKey: "record", rangeKey: "uploaded_at", projectionType: "ALL" },
        { name: "by-sweep", hashKey: "sweep_id", rangeKey: "uploaded_at", projectionType: "ALL" },
      ],
    });
  });

  it("keeps the ledger permanently: no TTL and no index", () => {
    expect(made.get("dev-tables-usage").inputs).to.deep.equal({
      name: "spawn-usage-dev",
      ...common,
      hashKey: "staging_id",
      attributes: [{ name: "staging_id", type: "S" }],
    });
  });

  it("keeps the items of sweeps by sweep and item: on demand, restorable, expiring", () => {
    expect(made.get("dev-tables-sweeps").inputs).to.deep.equal({
      name: "spawn-sweeps-dev",
      ...common,
      hashKey: "sweep_id",
      rangeKey: "item",
      attributes: ["sweep_id", "item", "kind", "created_at"].map((name) => ({ name, type: "S" })),
      ttl: { attributeName: "expires_epoch", enabled: true },
      globalSecondaryIndexes: [
        { name: "by-creation", hashKey: "kind", rangeKey: "created_at", projectionType: "ALL" },
      ],
    });
  });

  it("protects the tables of an AWS account from deletion, in the engine and in DynamoDB", async () => {
    const onAws = environmentSettings({ cloud: "aws" });
    const changed = await recordTables({ settings: onAws });
    for (const name of ["dev-tables-records", "dev-tables-usage", "dev-tables-sweeps"]) {
      expect(changed.get(name).inputs["deletionProtectionEnabled"]).to.equal(true);
      expect(changed.get(name).isProtected).to.equal(true);
      expect(made.get(name).isProtected).to.equal(false);
    }
  });

  it("takes over a table that the state lacks", async () => {
    const changed = await recordTables({ settings, adopts: new Set(["spawn-usage-dev"]) });
    expect(changed.get("dev-tables-usage").importId).to.equal("spawn-usage-dev@us-west-2");
    expect(changed.get("dev-tables-records").importId).to.equal("");
  });

  it("passes each table to its transform", async () => {
    const changed = await recordTables({
      settings,
      transform: {
        records: { deletionProtectionEnabled: true },
        usage: { tableClass: "STANDARD_INFREQUENT_ACCESS" },
        sweeps: { tableClass: "STANDARD_INFREQUENT_ACCESS" },
      },
    });
    expect(changed.get("dev-tables-records").inputs["deletionProtectionEnabled"]).to.equal(true);
    for (const name of ["dev-tables-usage", "dev-tables-sweeps"])
      expect(changed.get(name).inputs["tableClass"]).to.equal("STANDARD_INFREQUENT_ACCESS");
  });
});
