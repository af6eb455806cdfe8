import { expect } from "chai";
import { parseAccountId } from "../../../staging/accounts.ts";
import { parseStagingId } from "../../../staging/ids.ts";
import { MAX_CHARACTERS } from "../../../staging/policies/document.ts";
import { parseRegion } from "../../../staging/regions.ts";
import type { SweepSpec } from "../../../staging/sweep/spec.ts";
import { workerPolicy } from "../../../staging/sweep/worker-policy.ts";
import { environmentSettings } from "../../components/settings.ts";
import { refusalOf } from "../refusal.ts";
import { copiesIn, dataset, shares, sweepSpec } from "./sweep-spec.ts";

const ACCOUNT = parseAccountId("123456789012");
const OTHER = parseAccountId("210987654321");
const OWN = { StringEquals: { "aws:ResourceAccount": ACCOUNT } };

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: unknown;
}

function policy(changes: Partial<SweepSpec> = {}, settings = environmentSettings()): Statement[] {
  const text = workerPolicy(sweepSpec(changes), settings, ACCOUNT);
  return (JSON.parse(text) as { Statement: Statement[] }).Statement;
}

const statement = (
  statements: readonly Statement[],
  sid: string,
): Omit<Statement, "Sid" | "Effect"> | undefined => {
  const found = statements.find(({ Sid }) => Sid === sid);
  if (found === undefined) return undefined;
  const { Sid: _sid, Effect: _effect, ...others } = found;
  return others;
};

describe("the policy of workers", () => {
  it("reads the objects of the sweep's data, in the buckets of its regions", () => {
    expect(statement(policy(), "ReadData")).to.deep.equal({
      Action: "s3:GetObject",
      Resource: [
        "arn:aws:s3:::spawn-staging-us-east-1/stage-abc123def456/*",
        "arn:aws:s3:::spawn-staging-us-west-2/stage-abc123def456/*",
      ],
      Condition: OWN,
    });
  });

  it("claims the sweep's indices, and no other sweep's", () => {
    expect(statement(policy(), "ClaimIndices")).to.deep.equal({
      Action: ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"],
      Resource: "arn:aws:dynamodb:us-east-1:123456789012:table/spawn-sweeps-dev",
      Condition: { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["sweep-abc123def456"] } },
    });
  });

  it("counts downloads in the rows of its data, and changes nothing else there", () => {
    expect(statement(policy(), "CountDownloads")).to.deep.equal({
      Action: "dynamodb:UpdateItem",
      Resource: "arn:aws:dynamodb:us-east-1:123456789012:table/spawn-usage-dev",
      Condition: {
        "ForAllValues:StringEquals": {
          "dynamodb:LeadingKeys": ["stage-abc123def456"],
          "dynamodb:Attributes": [
            "staging_id",
            "instance_count",
            "download_count",
            "instances_in_us-east-1",
            "instances_in_us-west-2",
          ],
        },
        StringEqualsIfExists: { "dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"] },
      },
    });
  });

  it("writes its logs, with the tag by which they expire", () => {
    expect(statement(policy(), "WriteLogs")).to.deep.equal({
      Action: ["s3:PutObject", "s3:PutObjectTagging"],
      Resource: [
        "arn:aws:s3:::spawn-staging-us-east-1/sweep-abc123def456/logs/*",
        "arn:aws:s3:::spawn-staging-us-west-2/sweep-abc123def456/logs/*",
      ],
      Condition: OWN,
    });
  });

  it("ends instances of its own groups", () => {
    expect(statement(policy(), "LeaveGroup")).to.deep.equal({
      Action: "autoscaling:TerminateInstanceInAutoScalingGroup",
      Resource: ["us-east-1", "us-west-2"].map(
        (region) =>
          `arn:aws:autoscaling:${region}:123456789012:autoScalingGroup:*:autoScalingGroupName/spawn-sweep-abc123def456`,
      ),
    });
  });

  it("allows nothing else, and nothing on EC2", () => {
    const all = policy();
    expect(all.map(({ Sid }) => Sid)).to.deep.equal([
      "ReadData",
      "ClaimIndices",
      "CountDownloads",
      "WriteLogs",
      "LeaveGroup",
    ]);
    for (const { Effect, Action, Resource } of all) {
      expect(Effect).to.equal("Allow");
      expect([Action].flat().join()).not.to.match(/\*|ec2:/);
      expect([Resource].flat()).not.to.include("*");
    }
  });

  it("has an own name for each statement", () => {
    const sids = policy({
      datasets: [dataset({ kind: "directory" }), dataset({ kind: "directory", account: OTHER })],
      results: "s3://results/",
      iamActions: ["s3:GetObject"],
    }).map(({ Sid }) => Sid);
    expect(new Set(sids).size).to.equal(sids.length);
    for (const sid of sids) expect(sid).to.match(/^[A-Za-z0-9]+$/);
  });

  describe("of a directory", () => {
    it("lists its prefix, too", () => {
      expect(statement(policy({ datasets: [dataset({ kind: "directory" })] }), "ListData")).to.deep.equal({
        Action: "s3:ListBucket",
        Resource: ["arn:aws:s3:::spawn-staging-us-east-1", "arn:aws:s3:::spawn-staging-us-west-2"],
        Condition: { ...OWN, StringLike: { "s3:prefix": ["stage-abc123def456/*"] } },
      });
    });

    it("does not list the prefixes of files", () => {
      const file = dataset({ stagingId: parseStagingId("stage-000000000001") });
      const list = statement(policy({ datasets: [dataset({ kind: "directory" }), file] }), "ListData");
      expect(JSON.stringify(list)).not.to.include("stage-000000000001");
    });
  });

  describe("of data without a copy in each region", () => {
    for (const [what, regions, copies, read] of [
      [
        "a region more than copies",
        ["eu-west-1", "us-west-2"],
        ["us-east-1", "us-west-2"],
        ["us-east-1", "us-west-2"],
      ],
      ["copies more than regions", ["us-west-2"], ["us-east-1", "us-west-2"], ["us-west-2"]],
    ] as const) {
      it(`reads what workers choose: ${what}`, () => {
        const spec = {
          regions: shares(Object.fromEntries(regions.map((region) => [region, 1]))),
          datasets: [dataset({ copies: copiesIn(...copies) })],
        };
        expect(statement(policy(spec), "ReadData")?.Resource).to.deep.equal(
          read.map((region) => `arn:aws:s3:::spawn-staging-${region}/stage-abc123def456/*`),
        );
      });
    }
  });

  describe("of another account's data", () => {
    const theirs = dataset({
      account: OTHER,
      kind: "directory",
      copies: [
        { region: parseRegion("us-east-1"), bucket: "theirs-us-east-1" },
        { region: parseRegion("us-west-2"), bucket: "spawn-stage-abc-xyzuse1a-s3alias" },
      ],
    });

    it("reads it in that account, by access points where an alias names one", () => {
      const all = policy({ datasets: [theirs] });
      expect(statement(all, "ReadDataOf210987654321")).to.deep.equal({
        Action: "s3:GetObject",
        Resource: [
          "arn:aws:s3:::theirs-us-east-1/stage-abc123def456/*",
          "arn:aws:s3:us-west-2:210987654321:accesspoint/*/object/stage-abc123def456/*",
        ],
        Condition: { StringEquals: { "aws:ResourceAccount": OTHER } },
      });
      expect(statement(all, "ListDataOf210987654321")?.Resource).to.deep.equal([
        "arn:aws:s3:::theirs-us-east-1",
        "arn:aws:s3:us-west-2:210987654321:accesspoint/*",
      ]);
    });

    it("counts no downloads: their ledger is not ours", () => {
      const sids = policy({ datasets: [theirs] }).map(({ Sid }) => Sid);
      expect(sids).not.to.include.members(["CountDownloads"]);
      const both = policy({
        datasets: [theirs, dataset({ stagingId: parseStagingId("stage-000000000001"), account: ACCOUNT })],
      });
      expect(JSON.stringify(statement(both, "CountDownloads")))
        .to.include("stage-000000000001")
        .and.not.include("stage-abc");
    });
  });

  it("writes results below their prefix, whatever its characters mean to IAM", () => {
    for (const [results, resource] of [
      ["s3://results/", "arn:aws:s3:::results/*"],
      ["s3://results/2024/run 7/", "arn:aws:s3:::results/2024/run 7/*"],
      ["s3://results/a*b?/${aws:username}/", "arn:aws:s3:::results/a${*}b${?}/${$}{aws:username}/*"],
    ] as const) {
      expect(statement(policy({ results }), "WriteResults")).to.deep.equal({
        Action: ["s3:PutObject", "s3:AbortMultipartUpload"],
        Resource: resource,
      });
    }
  });

  it("has the user's actions, on all resources", () => {
    expect(statement(policy({ iamActions: ["s3:GetObject", "sqs:*"] }), "UserActions")).to.deep.equal({
      Action: ["s3:GetObject", "sqs:*"],
      Resource: "*",
    });
  });

  it("reads no data if the sweep has none", () => {
    expect(policy({ datasets: [] }).map(({ Sid }) => Sid)).to.deep.equal([
      "ClaimIndices",
      "WriteLogs",
      "LeaveGroup",
    ]);
  });

  it("uses the names of its environment", () => {
    const settings = environmentSettings({
      ...{ namePrefix: "acme", tableRegion: "eu-west-1", sweepsTable: "sweeps", usageTable: "usage" },
      buckets: { "us-west-2": "genomes" },
    });
    const text = JSON.stringify(policy({}, settings));
    expect(text).to.include("arn:aws:dynamodb:eu-west-1:123456789012:table/sweeps");
    expect(text).to.include("arn:aws:dynamodb:eu-west-1:123456789012:table/usage");
    expect(text).to.include("arn:aws:s3:::genomes/sweep-abc123def456/logs/*");
    expect(text).to.include("autoScalingGroupName/acme-sweep-abc123def456");
  });

  const many = (count: number) =>
    Array.from({ length: count }, (_, at) =>
      dataset({ stagingId: parseStagingId(`stage-${String(at).padStart(12, "0")}`), kind: "directory" }),
    );

  it("fits for the most datasets of a sweep in three regions", () => {
    const regions = shares({ "us-east-1": 1, "us-west-2": 1, "eu-west-1": 1 });
    const datasets = many(20).map((one) => ({
      ...one,
      copies: copiesIn("us-east-1", "us-west-2", "eu-west-1"),
    }));
    const text = workerPolicy(sweepSpec({ regions, datasets }), environmentSettings(), ACCOUNT);
    expect(text.length).to.be.at.most(MAX_CHARACTERS.inline);
  });

  it("is refused where IAM has no room for it", () => {
    const error = refusalOf(() => policy({ datasets: many(200) }));
    expect(error.message).to.match(/^the policy of the workers has [\d,]+ characters; IAM allows 10,240$/);
    expect(error.why).to.equal("It names each of 200 datasets in 2 regions.");
    expect(error.fix).to.include("one directory");
  });

  it("is refused in a region without a bucket for logs", () => {
    const error = refusalOf(() => policy({ regions: shares({ "ap-south-1": 1 }) }));
    expect(error.message).to.equal("environment dev has no bucket in ap-south-1");
  });
});
