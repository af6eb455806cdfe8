import { all, output } from "@pulumi/pulumi";
import { expect } from "chai";
import {
  StagingEnvironment,
  type StagingEnvironmentTransform,
} from "../../components/staging-environment.ts";
import { type Recording, record } from "./recorder.ts";
import { ALL_REGIONS, environmentSettings } from "./settings.ts";

const ADOPTING = { adopt: ["us-west-2"], buckets: { "us-west-2": "my-spawn-staging-us-west-2" } };

/** Names of all resources that are created before the resource, and so deleted after it. */
function allBefore({ get }: Recording, name: string, found = new Set<string>()): Set<string> {
  for (const before of get(name).dependsOn) {
    if (found.has(before)) continue;
    found.add(before);
    allBefore({ get } as Recording, before, found);
  }
  return found;
}

const recordEnvironment = (
  values: Record<string, unknown>,
  transform: StagingEnvironmentTransform = {},
): Promise<Recording> =>
  record(async () => {
    new StagingEnvironment("dev", { settings: environmentSettings(values), transform });
    return {};
  });

describe("StagingEnvironment", () => {
  let made: Recording;
  before(async () => {
    made = await record(async () => {
      const environment = new StagingEnvironment("dev", { settings: environmentSettings() });
      return { writableAt: environment.writableAt };
    });
  });

  it("has one part for each region, the replication and the tables", () => {
    const parts = made.resources.filter(({ parent }) => parent === "dev");
    expect(parts.map(({ type, name }) => `${type} ${name}`)).to.have.members([
      "spawn:index:RegionalBucket dev-us-east-1",
      "spawn:index:RegionalBucket dev-us-west-2",
      "spawn:index:RegionalBucket dev-eu-west-1",
      "spawn:index:ReplicationRules dev-replication",
      "spawn:index:StagingTables dev-tables",
    ]);
  });

  it("declares nothing outside its own tree, and no provider", () => {
    for (const { type, parent, name } of made.resources) {
      if (type !== "pulumi:pulumi:Stack") expect(parent, name).not.to.equal("");
      expect(type).not.to.match(/^pulumi:providers:/);
    }
  });

  it("names the region of every resource that has one", () => {
    const regional = made.resources.filter(({ type }) => /^(aws:(s3|dynamodb)|staging:)/.test(type));
    expect(regional).to.have.length(3 * 9 + 3);
    for (const { inputs, name } of regional) {
      expect(inputs["region"], name).to.be.oneOf(["us-east-1", "us-west-2", "eu-west-1"]);
      const ownRegion = /(us-east-1|us-west-2|eu-west-1)/.exec(name)?.[1];
      if (ownRegion !== undefined) expect(inputs["region"], name).to.equal(ownRegion);
    }
  });

  it("refuses its deletion before any resource is deleted, because each guard depends on all others", async () => {
    for (const values of [{}, { regions: "us-west-2" }, ADOPTING, { ...ADOPTING, regions: "us-west-2" }]) {
      const environment = await recordEnvironment(values);
      const guards = environment.ofType("staging:index:VersioningReadiness");
      const regions = environment.resources.filter(({ type }) => /:(Regional|Adopted)Bucket$/.test(type));
      expect(guards.map(({ name }) => name)).to.have.members(regions.map(({ name }) => `${name}-readiness`));
      const others = environment.resources.filter(
        ({ type }) => /^(aws|staging):/.test(type) && !type.endsWith(":VersioningReadiness"),
      );
      for (const guard of guards) {
        expect(guard.parent).to.equal(guard.name.replace("-readiness", ""));
        const waitedFor = allBefore(environment, guard.name);
        expect([...waitedFor]).to.have.members(others.map(({ name }) => name));
      }
    }
  });

  it("has the entries of its own stack deleted before it refuses", async () => {
    const { outputs, resources } = await record(async () => {
      const environment = new StagingEnvironment("dev", { settings: environmentSettings(ADOPTING) });
      const urns = (environment.refs().dependsOn ?? []).map((each) => output(each).apply(({ urn }) => urn));
      return { urns: await Promise.resolve(all(urns)) };
    });
    const names = (outputs["urns"] as string[]).map((urn) => urn.split("::").at(-1));
    const guards = resources.filter(({ type }) => type === "staging:index:VersioningReadiness");
    expect(guards).to.have.length(3);
    expect(names).to.include.members(guards.map(({ name }) => name));
  });

  it("never empties a bucket at its deletion", () => {
    for (const bucket of made.ofType("aws:s3/bucket:Bucket")) {
      expect(bucket.inputs).not.to.have.property("forceDestroy");
    }
  });

  it("uses the buckets' and tables' names of the settings", async () => {
    const named = await recordEnvironment({
      bucketPrefix: "acme-",
      buckets: { "us-west-2": "genomes-oregon" },
      ...{ recordsTable: "records", usageTable: "usage", sweepsTable: "sweeps" },
    });
    expect(named.ofType("aws:s3/bucket:Bucket").map(({ inputs }) => inputs["bucket"])).to.have.members([
      "acme-us-east-1",
      "genomes-oregon",
      "acme-eu-west-1",
    ]);
    expect(named.ofType("aws:dynamodb/table:Table").map(({ inputs }) => inputs["name"])).to.have.members([
      "records",
      "usage",
      "sweeps",
    ]);
  });

  it("outputs the time from which each bucket is writable", () => {
    const time = "2024-01-22T10:15:00Z";
    expect(made.outputs["writableAt"]).to.deep.equal({
      "us-east-1": time,
      "us-west-2": time,
      "eu-west-1": time,
    });
  });

  it("passes transforms on to its parts", async () => {
    const changed = await recordEnvironment(
      {},
      {
        buckets: {
          bucket: (args) => {
            if (args.region === "eu-west-1") args.tags = { residency: "eu" };
          },
        },
        replication: {
          role: { permissionsBoundary: "arn:aws:iam::123456789012:policy/boundary" },
          rolePolicy: { name: "other" },
          configuration: { role: "arn:aws:iam::123456789012:role/other" },
        },
        tables: { records: { deletionProtectionEnabled: true } },
      },
    );
    expect(changed.get("dev-eu-west-1-bucket").inputs["tags"]).to.deep.equal({ residency: "eu" });
    expect(changed.get("dev-us-east-1-bucket").inputs["tags"]).to.deep.equal({
      "spawn:environment": "dev",
      "spawn:records-table": "spawn-staging-dev",
    });
    expect(changed.get("dev-replication-role").inputs).to.include({
      permissionsBoundary: "arn:aws:iam::123456789012:policy/boundary",
    });
    expect(changed.get("dev-replication-role-policy").inputs["name"]).to.equal("other");
    expect(changed.get("dev-replication-us-east-1").inputs["role"]).to.equal(
      "arn:aws:iam::123456789012:role/other",
    );
    expect(changed.get("dev-tables-records").inputs["deletionProtectionEnabled"]).to.equal(true);
  });

  it("spans all eleven regions", async () => {
    const all = await recordEnvironment({ regions: ALL_REGIONS });
    expect(all.ofType("aws:s3/bucket:Bucket")).to.have.length(11);
    expect(all.ofType("staging:index:VersioningReadiness")).to.have.length(11);
    expect(all.ofType("aws:iam/role:Role")).to.have.length(1);
    expect(all.ofType("aws:dynamodb/table:Table")).to.have.length(3);
  });
});
