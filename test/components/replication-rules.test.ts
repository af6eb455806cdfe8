import { expect } from "chai";
import { replicationRules } from "../../components/replication-rules.ts";
import { StagingEnvironment } from "../../components/staging-environment.ts";
import type { EnvironmentSettings } from "../../staging/environment.ts";
import { REGIONS } from "../../staging/regions.ts";
import { ACCOUNT_ID, type Recording, record } from "./recorder.ts";
import { ALL_REGIONS, environmentSettings } from "./settings.ts";

const CONFIGURATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig";

function recordEnvironment(settings: EnvironmentSettings): Promise<Recording> {
  return record(async () => {
    new StagingEnvironment("dev", { settings });
    return {};
  });
}

const policyOf = (inputs: Readonly<Record<string, unknown>>, key: string) =>
  JSON.parse(String(inputs[key])) as Record<string, unknown>;

describe("ReplicationRules", () => {
  const regions = ["us-east-1", "us-west-2", "eu-west-1"] as const;
  const buckets = regions.map((region) => `arn:aws:s3:::spawn-staging-${region}`);
  let made: Recording;
  before(async () => {
    made = await recordEnvironment(environmentSettings({ cloud: "aws" }));
  });

  it("gives each of three buckets one rule towards each of the others", () => {
    expect(made.ofType(CONFIGURATION).map(({ name }) => name)).to.have.members(
      regions.map((region) => `dev-replication-${region}`),
    );
    for (const region of regions) {
      const { inputs } = made.get(`dev-replication-${region}`);
      const others = ["us-east-1", "us-west-2", "eu-west-1"].filter((other) => other !== region);
      const priority: Record<string, number> = { "us-east-1": 1, "us-west-2": 4, "eu-west-1": 5 };
      expect(inputs).to.deep.equal({
        bucket: `spawn-staging-${region}`,
        region,
        role: "arn:of:dev-replication-role",
        rules: others.map((other) => ({
          id: `spawn-replicate-${other}`,
          status: "Enabled",
          priority: priority[other],
          filter: { tag: { key: `spawn:replicate-${other}`, value: "true" } },
          destination: { bucket: `arn:aws:s3:::spawn-staging-${other}`, account: ACCOUNT_ID },
          deleteMarkerReplication: { status: "Disabled" },
        })),
      });
    }
  });

  it("waits for the versioning of every bucket and for the role's permissions", () => {
    for (const region of regions) {
      expect(made.get(`dev-replication-${region}`).dependsOn).to.include.members([
        ...regions.map((each) => `dev-${each}-versioning`),
        "dev-replication-role",
        "dev-replication-role-policy",
      ]);
    }
  });

  it("has one role that only S3 can assume, without conditions", () => {
    const { inputs } = made.get("dev-replication-role");
    expect(inputs["name"]).to.equal("spawn-replication-dev");
    expect(inputs["tags"]).to.deep.equal({
      "spawn:environment": "dev",
      "spawn:bucket": "spawn-staging-us-east-1",
    });
    expect(policyOf(inputs, "assumeRolePolicy")).to.deep.equal({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "s3.amazonaws.com" },
          Action: "sts:AssumeRole",
        },
      ],
    });
  });

  it("lets the role read and replicate, in these buckets of this account only, and not delete", () => {
    const { inputs } = made.get("dev-replication-role-policy");
    const objects = buckets.map((arn) => `${arn}/*`);
    const Condition = { StringEquals: { "aws:ResourceAccount": ACCOUNT_ID } };
    expect(policyOf(inputs, "policy")["Statement"]).to.deep.equal([
      {
        Sid: "ReadConfiguration",
        Effect: "Allow",
        Action: ["s3:GetReplicationConfiguration", "s3:ListBucket"],
        Resource: buckets,
        Condition,
      },
      {
        Sid: "ReadSource",
        Effect: "Allow",
        Action: ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
        Resource: objects,
        Condition,
      },
      {
        Sid: "WriteReplica",
        Effect: "Allow",
        Action: ["s3:ReplicateObject", "s3:ReplicateTags"],
        Resource: objects,
        Condition,
      },
    ]);
  });

  it("does not ask an emulator for the account of a bucket", async () => {
    const local = await recordEnvironment(environmentSettings({ cloud: "local" }));
    const { inputs } = local.get("dev-replication-role-policy");
    expect(String(inputs["policy"])).not.to.contain("Condition");
  });

  it("has no resources in an environment with one region", async () => {
    const alone = await recordEnvironment(environmentSettings({ regions: "eu-central-1" }));
    expect(alone.ofType(CONFIGURATION)).to.deep.equal([]);
    expect(alone.ofType("aws:iam/role:Role")).to.deep.equal([]);
    expect(alone.ofType("aws:iam/rolePolicy:RolePolicy")).to.deep.equal([]);
    expect(alone.ofType("aws:s3/bucket:Bucket")).to.have.length(1);
  });

  it("replicates between all eleven regions, each rule with a unique priority", async () => {
    const all = await recordEnvironment(environmentSettings({ regions: ALL_REGIONS }));
    const configurations = all.ofType(CONFIGURATION);
    expect(configurations).to.have.length(11);
    for (const { inputs, name } of configurations) {
      const rules = inputs["rules"] as { id: string; priority: number }[];
      expect(rules, name).to.have.length(10);
      expect(new Set(rules.map(({ priority }) => priority)).size, name).to.equal(10);
      expect(
        rules.map(({ id }) => id),
        name,
      ).not.to.include(`spawn-replicate-${String(inputs["region"])}`);
    }
  });

  it("keeps existing rules unchanged after a new region or another order", () => {
    const [first] = REGIONS;
    if (first === undefined) throw new Error("there are no regions");
    const before = replicationRules(environmentSettings(), first, ACCOUNT_ID);
    const after = replicationRules(
      environmentSettings({ regions: "ap-south-1,eu-west-1,us-west-2,us-east-1" }),
      first,
      ACCOUNT_ID,
    );
    expect(after).to.include.deep.members(before);
    expect(after).to.have.length(before.length + 1);
  });
});
