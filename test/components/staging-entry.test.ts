import { unmarshall } from "@aws-sdk/util-dynamodb";
import { isUnknown } from "@pulumi/pulumi";
import { expect } from "chai";
import type { EntryDetails } from "../../components/entry-details.ts";
import { StagingEntry, type StagingEntryArgs } from "../../components/staging-entry.ts";
import { StagingEnvironment } from "../../components/staging-environment.ts";
import { parseAccountList } from "../../staging/accounts.ts";
import type { EntrySpec } from "../../staging/entry.ts";
import { InputError } from "../../staging/errors.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { parseRecord } from "../../staging/record.ts";
import { REGIONS } from "../../staging/regions.ts";
import { errorOf } from "../support/failure.ts";
import { ACCOUNT_ID, type Recording, record } from "./recorder.ts";
import { ALL_REGIONS, entrySpec, environmentSettings, THREE_REGIONS } from "./settings.ts";

const ID = "stage-abc123def456";

function recordEntry(
  spec: EntrySpec = entrySpec(),
  changes: Partial<StagingEntryArgs> = {},
  options: { preview?: boolean } = {},
): Promise<Recording> {
  return record(async () => {
    const environment = { settings: environmentSettings({ regions: ALL_REGIONS }) };
    const { details } = new StagingEntry(spec.id, { spec, environment, ...changes });
    return { details };
  }, options);
}

describe("StagingEntry", () => {
  let made: Recording;
  before(async () => {
    made = await recordEntry();
  });

  const inputs = (suffix: string, from = made) => from.get(`${ID}-${suffix}`).inputs;
  const children = (from = made) => from.resources.filter(({ parent }) => parent === ID);

  it("has one resource per region and kind, named by the entry's ID and the region", () => {
    expect(children().map(({ type, name }) => `${type} ${name}`)).to.have.members([
      `staging:index:StagedData ${ID}-data`,
      `staging:index:Replication ${ID}-replica-us-west-2`,
      `staging:index:Expiration ${ID}-expiration-us-east-1`,
      `staging:index:Expiration ${ID}-expiration-us-west-2`,
      `staging:index:UsageRow ${ID}-usage`,
      `aws:dynamodb/tableItem:TableItem ${ID}-record`,
      `staging:index:EntryGuard ${ID}-guard`,
    ]);
  });

  it("uploads to the first region, with the tags of the rules towards the others", () => {
    expect(made.get(`${ID}-data`).inputs).to.deep.equal({
      stagingId: ID,
      source: "/data/reference.fasta",
      region: "us-east-1",
      bucket: "spawn-staging-us-east-1",
      replicateTo: ["us-west-2"],
      replicaRegions: ["us-west-2"],
      ttlDays: 7,
    });
  });

  it("names the records table if the ID is not random, so that no other stack's entry is overwritten", async () => {
    const declared = await recordEntry(entrySpec(undefined, { declaredAs: "genome" }));
    expect(inputs("data", declared)).to.include({
      recordsTable: "spawn-staging-dev",
      recordsRegion: "us-east-1",
    });
  });

  it("passes on the SHA-256 that the item pins", async () => {
    const sha256 = "c".repeat(64);
    const pinned = await recordEntry(entrySpec(undefined, { declaredAs: "genome", sha256 }));
    expect(inputs("data", pinned)).to.include({ expectedSha256: sha256 });
  });

  it("replicates the uploaded data", () => {
    expect(inputs("replica-us-west-2")).to.deep.equal({
      stagingId: ID,
      sourceRegion: "us-east-1",
      sourceBucket: "spawn-staging-us-east-1",
      region: "us-west-2",
      bucket: "spawn-staging-us-west-2",
      method: "rule",
      key: `${ID}/reference.fasta`,
      kind: "file",
      sizeBytes: 107_374_182_400,
      fileCount: 1,
      sha256: "a1".repeat(32),
      manifestKey: `${ID}/.spawn-manifest.jsonl`,
      manifestSha256: "b2".repeat(32),
      usageTable: "spawn-usage-dev",
      ttlDays: 7,
      usageRegion: "us-east-1",
      uploadedAt: "2024-01-22T10:30:15Z",
    });
    expect(made.get(`${ID}-replica-us-west-2`).dependsOn).to.deep.equal([`${ID}-data`]);
  });

  it("sets the expiry in each region after the objects exist", () => {
    for (const region of ["us-east-1", "us-west-2"]) {
      expect(inputs(`expiration-${region}`)).to.deep.equal({
        stagingId: ID,
        region,
        bucket: `spawn-staging-${region}`,
        ttlDays: 7,
        uploadedAt: "2024-01-22T10:30:15Z",
        manifestSha256: "b2".repeat(32),
        usageTable: "spawn-usage-dev",
        usageRegion: "us-east-1",
      });
    }
    expect(made.get(`${ID}-expiration-us-east-1`).dependsOn).to.deep.equal([`${ID}-data`]);
    expect(made.get(`${ID}-expiration-us-west-2`).dependsOn).to.include(`${ID}-replica-us-west-2`);
  });

  it("opens a usage row, with or without a sweep", () => {
    expect(inputs("usage")).to.deep.equal({
      table: "spawn-usage-dev",
      recordsTable: "spawn-staging-dev",
      region: "us-east-1",
      stagingId: ID,
      filename: "reference.fasta",
      sizeBytes: 107_374_182_400,
      fileCount: 1,
      regions: ["us-east-1", "us-west-2"],
      uploadedAt: "2024-01-22T10:30:15Z",
      ttlDays: 7,
    });
  });

  it("creates the record after its data, so that it is deleted before them", () => {
    const [guard, record] = [`${ID}-guard`, `${ID}-record`];
    const others = children().map(({ name }) => name);
    expect(made.get(record).dependsOn).to.have.members(
      others.filter((name) => name !== record && name !== guard),
    );
    for (const { name, dependsOn } of children())
      if (name !== guard) expect(dependsOn, name).not.to.include(record);
  });

  it("creates its guard last, so that nothing is deleted while a sweep reads it", () => {
    expect(inputs("guard")).to.deep.equal({
      stagingId: ID,
      table: "spawn-sweeps-dev",
      region: "us-east-1",
      environment: "dev",
    });
    const others = children().map(({ name }) => name);
    expect(made.get(`${ID}-guard`).dependsOn).to.have.members(
      others.filter((name) => name !== `${ID}-guard`),
    );
  });

  it("has no guard if an earlier version created it", async () => {
    const earlier = await recordEntry(entrySpec(), { guarded: false });
    expect(earlier.ofType("staging:index:EntryGuard")).to.deep.equal([]);
    expect(earlier.outputs["details"]).to.deep.equal(made.outputs["details"]);
  });

  it("records the guide's schema in the table's region", () => {
    const { item, ...rest } = inputs("record");
    expect(rest).to.deep.equal({
      tableName: "spawn-staging-dev",
      region: "us-east-1",
      hashKey: "staging_id",
    });
    expect(JSON.parse(String(item))).to.deep.equal({
      staging_id: { S: ID },
      record: { S: "staging" },
      filename: { S: "reference.fasta" },
      kind: { S: "file" },
      key: { S: `${ID}/reference.fasta` },
      size_bytes: { N: "107374182400" },
      file_count: { N: "1" },
      sha256: { S: "a1".repeat(32) },
      manifest_key: { S: `${ID}/.spawn-manifest.jsonl` },
      manifest_sha256: { S: "b2".repeat(32) },
      regions: { L: [{ S: "us-east-1" }, { S: "us-west-2" }] },
      buckets: { L: [{ S: "spawn-staging-us-east-1" }, { S: "spawn-staging-us-west-2" }] },
      destination: { S: "/mnt/data/reference.fasta" },
      uploaded_at: { S: "2024-01-22T10:30:15Z" },
      expires_at: { S: "2024-01-29T10:30:15Z" },
      expires_epoch: { N: "1706524215" },
      ttl_days: { N: "7" },
      stack: { S: `dev.${ID}` },
      cost: { M: { replication: { N: "2" }, storage_per_day: { N: "0.153333" } } },
    });
  });

  it("outputs location, replication, expiry and cost", () => {
    const expiration = { ruleId: "spawn-ttl-7", removedAt: "2024-01-30T00:00:00Z" };
    expect(made.outputs["details"]).to.deep.equal({
      id: ID,
      filename: "reference.fasta",
      kind: "file",
      key: `${ID}/reference.fasta`,
      sizeBytes: 107_374_182_400,
      fileCount: 1,
      sha256: "a1".repeat(32),
      manifestKey: `${ID}/.spawn-manifest.jsonl`,
      manifestSha256: "b2".repeat(32),
      partSizeBytes: 67_108_864,
      uploadedAt: "2024-01-22T10:30:15Z",
      regions: ["us-east-1", "us-west-2"],
      destination: "/mnt/data/reference.fasta",
      ttlDays: 7,
      expiresAt: "2024-01-29T10:30:15Z",
      stack: `dev.${ID}`,
      locations: {
        "us-east-1": {
          bucket: "spawn-staging-us-east-1",
          uri: `s3://spawn-staging-us-east-1/${ID}/reference.fasta`,
          expiration,
        },
        "us-west-2": {
          bucket: "spawn-staging-us-west-2",
          uri: `s3://spawn-staging-us-west-2/${ID}/reference.fasta`,
          replication: { ruleId: "a-rule", via: "rule", objects: 2, seconds: 4.5, verifiedBy: "checksum" },
          expiration,
        },
      },
      cost: { replication: 2, storage: 1.073333, storagePerDay: 0.153333, total: 3.073333 },
    });
  });

  it("stays in one region without a replica", async () => {
    const alone = await recordEntry(entrySpec("eu-west-1"));
    expect(alone.ofType("staging:index:Replication")).to.deep.equal([]);
    expect(alone.ofType("staging:index:Expiration")).to.have.length(1);
    expect(inputs("data", alone)).to.deep.include({ region: "eu-west-1", replicateTo: [] });
    const { cost } = alone.outputs["details"] as { cost: { replication: number } };
    expect(cost.replication).to.equal(0);
  });

  it("sets no replicate tags if the client copies", async () => {
    const copied = await recordEntry(entrySpec(THREE_REGIONS, { replication: "copy" }));
    expect(inputs("data", copied)["replicateTo"]).to.deep.equal([]);
    for (const replica of copied.ofType("staging:index:Replication")) {
      expect(replica.inputs["method"], replica.name).to.equal("copy");
    }
  });

  it("replicates to eight regions by rule, as many as the tags of an object allow, and copies to the rest", async () => {
    const all = await recordEntry(entrySpec(ALL_REGIONS));
    const byRule = REGIONS.slice(1, 9);
    expect(inputs("data", all)["replicateTo"]).to.deep.equal(byRule);
    const methods = all
      .ofType("staging:index:Replication")
      .map(({ inputs }) => [inputs["region"], inputs["method"]]);
    expect(methods).to.have.deep.members([
      ...byRule.map((region) => [region, "rule"]),
      ...REGIONS.slice(9).map((region) => [region, "copy"]),
    ]);
    expect(all.get(`${ID}-record`).dependsOn).to.have.length(1 + 10 + 11 + 1);
  });

  it("carries the sweep and the declared name into row, record and outputs", async () => {
    const spec = entrySpec("us-east-1", { sweepId: "sweep-xyz789", declaredAs: "reference" });
    const declared = await recordEntry(spec);
    expect(inputs("usage", declared)["sweepId"]).to.equal("sweep-xyz789");
    const item = JSON.parse(String(inputs("record", declared)["item"])) as object;
    expect(item).to.deep.include({
      sweep_id: { S: "sweep-xyz789" },
      declared_as: { S: "reference" },
      stack: { S: "dev" },
    });
    expect(declared.outputs["details"]).to.include({
      sweepId: "sweep-xyz789",
      declaredAs: "reference",
      stack: "dev",
    });
  });

  describe("that is shared", () => {
    const ACCOUNTS = parseAccountList("210987654321,987654321098");
    let shared: Recording;
    before(async () => {
      shared = await recordEntry(entrySpec("us-east-1,eu-west-1", { allowAccounts: ACCOUNTS }));
    });

    it("has an access point in each region for its own prefix and these accounts", () => {
      for (const region of ["us-east-1", "eu-west-1"]) {
        const { policy, ...rest } = inputs(`access-${region}`, shared);
        expect(rest).to.deep.equal({
          name: `spawn-${ID}`,
          accountId: ACCOUNT_ID,
          bucket: `spawn-staging-${region}`,
          region,
          publicAccessBlockConfiguration: {
            blockPublicAcls: true,
            blockPublicPolicy: true,
            ignorePublicAcls: true,
            restrictPublicBuckets: true,
          },
        });
        const arn = `arn:aws:s3:${region}:${ACCOUNT_ID}:accesspoint/spawn-${ID}`;
        const Principal = { AWS: ["arn:aws:iam::210987654321:root", "arn:aws:iam::987654321098:root"] };
        expect(JSON.parse(String(policy))).to.deep.equal({
          Version: "2012-10-17",
          Statement: [
            {
              Sid: "ReadEntry",
              Effect: "Allow",
              Principal,
              Action: "s3:GetObject",
              Resource: `${arn}/object/${ID}/*`,
            },
            {
              Sid: "ListEntry",
              Effect: "Allow",
              Principal,
              Action: "s3:ListBucket",
              Resource: arn,
              Condition: { StringLike: { "s3:prefix": `${ID}/*` } },
            },
          ],
        });
      }
      expect(`spawn-${ID}`.length).to.be.within(3, 50);
    });

    it("is shared only while all regions are verified", () => {
      for (const region of ["us-east-1", "eu-west-1"]) {
        expect(shared.get(`${ID}-access-${region}`).dependsOn, region).to.have.members([
          `${ID}-data`,
          `${ID}-replica-eu-west-1`,
          `${ID}-expiration-us-east-1`,
          `${ID}-expiration-eu-west-1`,
        ]);
      }
      expect(shared.get(`${ID}-record`).dependsOn).to.include.members([
        `${ID}-access-us-east-1`,
        `${ID}-access-eu-west-1`,
      ]);
    });

    it("records and outputs accounts and access points", () => {
      const point = (region: string) => ({
        arn: `arn:aws:s3:us-east-1:111111111111:accesspoint/${ID}-access-${region}`,
        alias: `${ID}-access-${region}-s3alias`,
      });
      const item = JSON.parse(String(inputs("record", shared)["item"])) as Record<string, never>;
      expect(parseRecord(unmarshall(item))).to.deep.include({
        allowAccounts: ACCOUNTS,
        accessPoints: new Map(["us-east-1", "eu-west-1"].map((region) => [region, point(region)])),
      });
      const { allowAccounts, locations } = shared.outputs["details"] as EntryDetails;
      expect(allowAccounts).to.deep.equal(ACCOUNTS);
      expect(locations["eu-west-1"]?.accessPoint).to.deep.equal(point("eu-west-1"));
    });

    it("shows its access points in a preview", async () => {
      const spec = entrySpec("us-east-1", { allowAccounts: ACCOUNTS });
      const preview = await recordEntry(spec, {}, { preview: true });
      expect(inputs("access-us-east-1", preview)["name"]).to.equal(`spawn-${ID}`);
    });
  });

  it("passes on the times from which buckets are writable", async () => {
    const times = { "us-east-1": "2024-01-22T10:45:00Z" };
    const settings = environmentSettings();
    const waiting = await recordEntry(entrySpec(), { environment: { settings, writableAt: times } });
    expect(inputs("data", waiting)["writableAt"]).to.equal("2024-01-22T10:45:00Z");
    expect(inputs("replica-us-west-2", waiting)).not.to.have.property("writableAt");
  });

  it("shows the whole plan in a preview, before the data are known", async () => {
    const preview = await recordEntry(entrySpec(), {}, { preview: true });
    expect(preview.resources.map(({ name }) => name)).to.have.members(made.resources.map(({ name }) => name));
    expect(inputs("data", preview)).to.deep.equal(inputs("data"));
    expect(inputs("replica-us-west-2", preview)).to.include({ method: "rule", region: "us-west-2" });
    expect(isUnknown(inputs("record", preview)["item"])).to.equal(true);
    expect(preview.outputs["details"]).to.equal(undefined);
  });

  it("refuses a region in which the environment has no bucket", async () => {
    const environment = { settings: environmentSettings({ regions: "us-east-1" }) };
    const error = await errorOf(recordEntry(entrySpec(), { environment }), InputError);
    expect(error.message).to.equal("environment dev has no bucket in us-west-2");
    expect(error.fix).to.include("spawn environment up --environment dev");
  });

  it("passes each child to its transform", async () => {
    const changed = await recordEntry(entrySpec(), {
      transform: {
        data: { source: "s3://elsewhere/reference.fasta" },
        replication: { method: "copy" },
        expiration: (args) => {
          args.ttlDays = args.region === "us-west-2" ? 1 : 7;
        },
        usage: { sweepId: "other" },
        record: { tableName: "other" },
      },
    });
    expect(inputs("data", changed)["source"]).to.equal("s3://elsewhere/reference.fasta");
    expect(inputs("replica-us-west-2", changed)["method"]).to.equal("copy");
    expect(inputs("expiration-us-west-2", changed)["ttlDays"]).to.equal(1);
    expect(inputs("expiration-us-east-1", changed)["ttlDays"]).to.equal(7);
    expect(inputs("usage", changed)["sweepId"]).to.equal("other");
    expect(inputs("record", changed)["tableName"]).to.equal("other");
  });

  describe("in the stack of its environment", () => {
    let both: Recording;
    before(async () => {
      both = await record(async () => {
        const environment = new StagingEnvironment("dev", { settings: environmentSettings() });
        for (const id of [ID, "stage-0123456789ab"]) {
          const spec = entrySpec(THREE_REGIONS, { id: parseStagingId(id) });
          new StagingEntry(id, { spec, environment: environment.refs() });
        }
        return {};
      });
    });

    it("uploads after rules, policies and tables of the environment", () => {
      const regions = THREE_REGIONS.split(",");
      expect(both.get(`${ID}-data`).dependsOn).to.include.members([
        ...regions.flatMap((region) => [
          `dev-${region}-versioning`,
          `dev-${region}-lifecycle`,
          `dev-${region}-encryption`,
          `dev-${region}-ownership`,
          `dev-${region}-policy`,
          `dev-${region}-readiness`,
          `dev-replication-${region}`,
        ]),
        "dev-tables-records",
        "dev-tables-usage",
        "dev-tables-sweeps",
      ]);
      expect(both.get(`${ID}-data`).inputs["writableAt"]).to.equal("2024-01-22T10:15:00Z");
    });

    it("does not depend on another entry", () => {
      const ofOther = both.resources.filter(({ parent }) => parent === "stage-0123456789ab");
      expect(ofOther).to.have.length(1 + 2 + 3 + 1 + 1 + 1);
      for (const { name, dependsOn } of ofOther) {
        expect(name).to.match(/^stage-0123456789ab-/);
        expect(dependsOn.filter((dependency) => dependency.startsWith(ID))).to.deep.equal([]);
      }
    });
  });
});
