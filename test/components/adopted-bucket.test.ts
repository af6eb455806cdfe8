import { expect } from "chai";
import { adoptedLifecycleRules, lifecycleRules } from "../../components/lifecycle-rules.ts";
import { adoptedReplicationRules, replicationRules } from "../../components/replication-rules.ts";
import {
  StagingEnvironment,
  type StagingEnvironmentTransform,
} from "../../components/staging-environment.ts";
import { toLifecycleRule } from "../../local/aws-plugin/s3/lifecycle-rules.ts";
import { toReplicationRule } from "../../local/aws-plugin/s3/replication-rules.ts";
import { parseRegion } from "../../staging/regions.ts";
import { ACCOUNT_ID, type Recording, record } from "./recorder.ts";
import { environmentSettings } from "./settings.ts";

const BUCKET = "my-spawn-staging-us-west-2";
const ADOPTING = { adopt: ["us-west-2"], buckets: { "us-west-2": BUCKET } };
const AT = { region: "us-west-2", bucket: BUCKET };

function recordAdoption(
  values: Record<string, unknown> = {},
  transform: StagingEnvironmentTransform = {},
): Promise<Recording> {
  return record(async () => {
    const settings = environmentSettings({ ...ADOPTING, ...values });
    const environment = new StagingEnvironment("dev", { settings, transform });
    return { writableAt: environment.writableAt, leanOn: environment.refs().dependsOn?.length };
  });
}

/** The SDK sends no undefined member. */
const asSent = <T>(rules: T): T => JSON.parse(JSON.stringify(rules)) as T;

describe("AdoptedBucket", () => {
  let made: Recording;
  before(async () => {
    made = await recordAdoption({ cloud: "aws" });
  });

  it("declares the adoption and spawn's rules, and no other resource", () => {
    const of = made.resources.filter(({ name }) => name.includes("us-west-2"));
    expect(of.map(({ type, name }) => `${type} ${name}`)).to.have.members([
      "spawn:index:AdoptedBucket dev-us-west-2",
      "staging:index:BucketAdoption dev-us-west-2-adoption",
      "staging:index:BucketRules dev-us-west-2-policy",
      "staging:index:BucketRules dev-us-west-2-lifecycle",
      "staging:index:VersioningReadiness dev-us-west-2-readiness",
      "staging:index:BucketRules dev-replication-us-west-2-rules",
    ]);
    expect(made.ofType("aws:s3/bucket:Bucket")).to.have.length(2);
  });

  it("enables versioning and waits for it on AWS as for its own bucket", async () => {
    const adoption = { ...AT, versioning: "Enabled" };
    expect(made.get("dev-us-west-2-adoption").inputs).to.deep.equal({ ...adoption, waitSeconds: 900 });
    const local = await recordAdoption();
    expect(local.get("dev-us-west-2-adoption").inputs).to.deep.equal({ ...adoption, waitSeconds: 0 });
  });

  it("has the TTLs' rules of other buckets, and housekeeping among its own objects only", () => {
    const { inputs, dependsOn } = made.get("dev-us-west-2-lifecycle");
    expect(inputs).to.deep.equal({ ...AT, kind: "lifecycle", rules: adoptedLifecycleRules() });
    expect(dependsOn).to.include.members(["dev-us-west-2-adoption", "dev-us-west-2-policy"]);
    const managed = asSent(lifecycleRules().map((rule) => toLifecycleRule(rule as never)));
    const rules = adoptedLifecycleRules();
    expect(rules.slice(0, -1)).to.deep.equal(managed.slice(0, -1));
    expect(rules.at(-1)).to.deep.equal({ ...managed.at(-1), Filter: { Prefix: "stage-" } });
  });

  it("has the replication rules of other buckets, with the environment's role", () => {
    const settings = environmentSettings({ ...ADOPTING, cloud: "aws" });
    const { inputs, dependsOn } = made.get("dev-replication-us-west-2-rules");
    const rules = adoptedReplicationRules(settings, parseRegion("us-west-2"), ACCOUNT_ID);
    expect(inputs).to.deep.equal({
      ...AT,
      kind: "replication",
      role: "arn:of:dev-replication-role",
      rules,
    });
    const managed = replicationRules(settings, parseRegion("us-west-2"), ACCOUNT_ID);
    expect(rules).to.deep.equal(asSent(managed.map((rule) => toReplicationRule(rule as never))));
    expect(dependsOn).to.include.members(["dev-us-west-2-adoption", "dev-us-east-1-versioning"]);
    expect(made.get("dev-replication-us-east-1").dependsOn).to.include("dev-us-west-2-adoption");
  });

  it("limits its statements to the objects of entries", async () => {
    const objects = `arn:aws:s3:::${BUCKET}/stage-????????????/*`;
    const statements = (from: Recording) =>
      from.get("dev-us-west-2-policy").inputs["rules"] as { Sid: string; Resource: string[] }[];
    expect(statements(made).map(({ Sid, Resource }) => [Sid, Resource])).to.deep.equal([
      ["SpawnStagingDenyPlainHttp", [objects]],
      ["SpawnStagingDelegateToAccessPoints", [`arn:aws:s3:::${BUCKET}`, objects]],
    ]);
    expect(statements(made)[1]).to.have.deep.property("Condition", {
      StringEquals: { "s3:DataAccessPointAccount": ACCOUNT_ID },
    });
    expect(statements(await recordAdoption()).map(({ Sid }) => Sid)).to.deep.equal([
      "SpawnStagingDelegateToAccessPoints",
    ]);
  });

  it("is one of the environment's buckets to its entries", () => {
    expect(made.outputs["writableAt"]).to.have.property("us-west-2", "2024-01-22T10:15:00Z");
    // Two buckets with five settings each, the adopted one with three, three replications, three tables, three guards.
    expect(made.outputs["leanOn"]).to.equal(2 * 5 + 3 + 3 + 3 + 3);
  });

  it("has no replication in an environment of one region", async () => {
    const alone = await recordAdoption({ regions: "us-west-2" });
    expect(alone.ofType("staging:index:BucketRules")).to.have.length(2);
  });

  it("passes each child to its transform", async () => {
    const changed = await recordAdoption(
      {},
      {
        adopted: {
          adoption: { waitSeconds: 5 },
          lifecycle: { rules: [] },
          policy: { rules: [{ Sid: "x" }] },
        },
        replication: { adoptedRules: { role: "arn:other" } },
      },
    );
    expect(changed.get("dev-us-west-2-adoption").inputs["waitSeconds"]).to.equal(5);
    expect(changed.get("dev-us-west-2-lifecycle").inputs["rules"]).to.deep.equal([]);
    expect(changed.get("dev-us-west-2-policy").inputs["rules"]).to.deep.equal([{ Sid: "x" }]);
    expect(changed.get("dev-replication-us-west-2-rules").inputs["role"]).to.equal("arn:other");
  });
});
