import { output } from "@pulumi/pulumi";
import { expect } from "chai";
import { RegionalBucket, type RegionalBucketArgs } from "../../components/regional-bucket.ts";
import { parseRegion } from "../../staging/regions.ts";
import { ACCOUNT_ID, type Recording, record } from "./recorder.ts";

const ARGS: RegionalBucketArgs = {
  tags: { "spawn:environment": "dev" },
  cloud: "aws",
  region: parseRegion("us-west-2"),
  bucket: "genomes-oregon",
  accountId: output(ACCOUNT_ID),
};

function recordBucket(changes: Partial<RegionalBucketArgs> = {}): Promise<Recording> {
  return record(async () => {
    const bucket = new RegionalBucket("dev-us-west-2", { ...ARGS, ...changes });
    bucket.guard(bucket.configuration);
    return {};
  });
}

describe("RegionalBucket", () => {
  let made: Recording;
  before(async () => {
    made = await recordBucket();
  });

  const inputs = (suffix: string, from = made) => from.get(`dev-us-west-2-${suffix}`).inputs;

  it("has exactly these children, all its own", () => {
    const children = made.resources.filter(({ parent }) => parent === "dev-us-west-2");
    expect(children.map(({ name }) => name.replace("dev-us-west-2-", "")).sort()).to.deep.equal([
      "bucket",
      "encryption",
      "lifecycle",
      "ownership",
      "policy",
      "public-access",
      "readiness",
      "versioning",
    ]);
  });

  it("creates a tagged bucket that its deletion never empties", () => {
    expect(inputs("bucket")).to.deep.equal({
      bucket: "genomes-oregon",
      region: "us-west-2",
      tags: { "spawn:environment": "dev" },
    });
  });

  it("names bucket and region in every child", () => {
    for (const { inputs, type } of made.resources.filter(({ parent }) => parent === "dev-us-west-2")) {
      expect(inputs, type).to.include({ bucket: "genomes-oregon", region: "us-west-2" });
    }
  });

  it("enables versioning, encryption, the public access block and the owner's ownership", () => {
    expect(inputs("versioning")["versioningConfiguration"]).to.deep.equal({ status: "Enabled" });
    expect(inputs("encryption")["rules"]).to.deep.equal([
      {
        applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" },
        bucketKeyEnabled: false,
        blockedEncryptionTypes: ["SSE-C"],
      },
    ]);
    expect(inputs("public-access")).to.include({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    expect(inputs("ownership")["rule"]).to.deep.equal({ objectOwnership: "BucketOwnerEnforced" });
  });

  it("sets the policy after the public access block and the lifecycle after the versioning", () => {
    expect(made.get("dev-us-west-2-policy").dependsOn).to.include("dev-us-west-2-public-access");
    expect(made.get("dev-us-west-2-lifecycle").dependsOn).to.include("dev-us-west-2-versioning");
  });

  it("raises the plugin's lifecycle timeout from 3 to 15 minutes", () => {
    expect(made.get("dev-us-west-2-lifecycle").timeouts).to.deep.equal({ create: "15m", update: "15m" });
  });

  it("creates the readiness last, so that it refuses before any deletion", () => {
    expect(made.get("dev-us-west-2-readiness").dependsOn).to.include.members(
      ["versioning", "lifecycle", "encryption", "ownership", "policy"].map((part) => `dev-us-west-2-${part}`),
    );
  });

  it("waits on AWS the 15 minutes after versioning was enabled, and not on the local cloud", async () => {
    expect(inputs("readiness")["waitSeconds"]).to.equal(900);
    const local = await recordBucket({ cloud: "local" });
    expect(inputs("readiness", local)["waitSeconds"]).to.equal(0);
  });

  describe("policy", () => {
    const statements = (from: Recording) => {
      const policy = JSON.parse(String(inputs("policy", from)["policy"])) as {
        Version: string;
        Statement: { Sid: string }[];
      };
      expect(policy.Version).to.equal("2012-10-17");
      return policy.Statement;
    };
    const resource = ["arn:aws:s3:::genomes-oregon", "arn:aws:s3:::genomes-oregon/*"];
    const delegate = {
      Sid: "DelegateToAccessPoints",
      Effect: "Allow",
      Principal: { AWS: "*" },
      Action: ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:ListBucket"],
      Resource: resource,
      Condition: { StringEquals: { "s3:DataAccessPointAccount": ACCOUNT_ID } },
    };

    it("refuses plain HTTP on AWS and delegates reading to the account's own access points", () => {
      expect(statements(made)).to.deep.equal([
        {
          Sid: "DenyPlainHttp",
          Effect: "Deny",
          Principal: { AWS: "*" },
          Action: "s3:*",
          Resource: resource,
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
        delegate,
      ]);
    });

    it("only delegates on the local cloud, which speaks plain HTTP", async () => {
      expect(statements(await recordBucket({ cloud: "local" }))).to.deep.equal([delegate]);
    });
  });

  describe("lifecycle", () => {
    it("has one rule for each TTL from 1 to 90 days, which its tag joins", () => {
      const rules = inputs("lifecycle")["rules"] as Record<string, unknown>[];
      expect(rules).to.have.length(91);
      for (let days = 1; days <= 90; days += 1) {
        expect(rules[days - 1]).to.deep.equal({
          id: `spawn-ttl-${days}`,
          status: "Enabled",
          filter: { tag: { key: "spawn:ttl-days", value: String(days) } },
          expiration: { days },
          noncurrentVersionExpiration: { noncurrentDays: 1 },
        });
      }
    });

    it("cleans up unfinished uploads and lone delete markers everywhere in the bucket", () => {
      const rules = inputs("lifecycle")["rules"] as Record<string, unknown>[];
      expect(rules.at(-1)).to.deep.equal({
        id: "spawn-housekeeping",
        status: "Enabled",
        filter: { prefix: "" },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        expiration: { expiredObjectDeleteMarker: true },
      });
    });
  });

  it("passes each child to its transform", async () => {
    const changed = await recordBucket({
      transform: {
        bucket: { tags: { team: "genomics" } },
        versioning: (args) => {
          args.mfa = "serial 123456";
        },
        encryption: { rules: [{ bucketKeyEnabled: true }] },
        publicAccessBlock: { skipDestroy: true },
        ownership: { rule: { objectOwnership: "ObjectWriter" } },
        policy: { policy: "{}" },
        lifecycle: { rules: [] },
      },
    });
    expect(inputs("bucket", changed)["tags"]).to.deep.equal({ team: "genomics" });
    expect(inputs("versioning", changed)["mfa"]).to.equal("serial 123456");
    expect(inputs("encryption", changed)["rules"]).to.deep.equal([{ bucketKeyEnabled: true }]);
    expect(inputs("public-access", changed)["skipDestroy"]).to.equal(true);
    expect(inputs("ownership", changed)["rule"]).to.deep.equal({ objectOwnership: "ObjectWriter" });
    expect(inputs("policy", changed)["policy"]).to.equal("{}");
    expect(inputs("lifecycle", changed)["rules"]).to.deep.equal([]);
  });
});
