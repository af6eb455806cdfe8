import { expect } from "chai";
import { parseAccountId } from "../../../staging/accounts.ts";
import { parseEnvironmentSettings } from "../../../staging/environment-values.ts";
import { charactersOf, MAX_CHARACTERS } from "../../../staging/policies/document.ts";
import { partitionOf } from "../../../staging/policies/places.ts";
import { environmentPolicy, POLICY_NAMES } from "../../../staging/policies/policies.ts";
import { stateReads, stateStatements } from "../../../staging/policies/state.ts";
import { REGIONS } from "../../../staging/regions.ts";

const ACCOUNT = parseAccountId("123456789012");
const settingsOf = (values: Readonly<Record<string, unknown>> = {}) =>
  parseEnvironmentSettings("prod", {
    regions: ["us-east-1", "eu-west-1"],
    bucketPrefix: "acme-staging-",
    ...values,
  });

describe("the policies of an environment", () => {
  for (const name of [...POLICY_NAMES, "previewer"] as const) {
    const policy = environmentPolicy(name, settingsOf(), ACCOUNT);

    it(`that of the ${name} has statements with names of their own, which name resources of the account`, () => {
      const sids = policy.Statement.map(({ Sid }) => Sid);
      expect(new Set(sids).size).to.equal(sids.length);
      for (const { Sid, Resource } of policy.Statement) {
        for (const arn of [Resource].flat()) {
          if (Sid === "LookAround") expect(arn).to.equal("*");
          else
            expect(arn, Sid).to.match(
              /^arn:aws:(s3:::[a-z]|ssm:\*::p|ec2:\*::image|[a-z0-9]+:[a-z0-9*-]*:123456789012:)/,
            );
        }
      }
    });

    it(`that of the ${name} fits a role for all ${REGIONS.length} regions`, () => {
      const everywhere = environmentPolicy(name, settingsOf({ regions: REGIONS }), ACCOUNT);
      expect(charactersOf(everywhere)).to.be.at.most(MAX_CHARACTERS.inline);
    });
  }

  it("let only the operator change buckets, rules, tables and the replication role", () => {
    for (const name of ["stager", "reader", "worker"] as const) {
      const { Statement } = environmentPolicy(name, settingsOf(), ACCOUNT);
      const actions = Statement.flatMap(({ Action }) => Action);
      expect(
        actions.filter((action) => /^s3:(Put.*Configuration|.*Bucket$|PutBucket)|Table$/.test(action)),
      ).to.deep.equal(name === "worker" ? ["s3:ListBucket"] : ["s3:ListBucket", "dynamodb:DescribeTable"]);
      expect(JSON.stringify(Statement)).not.to.contain("role/spawn-replication-");
    }
  });

  it("let readers and workers write nothing but counters", () => {
    for (const name of ["reader", "worker"] as const) {
      const { Statement } = environmentPolicy(name, settingsOf(), ACCOUNT);
      const writes = Statement.filter(({ Action }) =>
        [Action].flat().some((action) => !/:(Get|List|Describe|BatchGet|Query|Scan)/.test(action)),
      );
      expect(writes.map(({ Sid, Action }) => [Sid, Action])).to.deep.equal([
        ["CountDownloads", ["dynamodb:UpdateItem"]],
      ]);
    }
  });

  it("let previewers read the environment and write nothing", () => {
    const { Statement } = environmentPolicy("previewer", settingsOf(), ACCOUNT);
    expect(Statement.map(({ Sid }) => Sid)).to.deep.equal([
      ...["SeeBuckets", "ReadEntries", "SeeAccessPoints", "ReadTables", "SeeReplicationRole", "LookAround"],
    ]);
    for (const { Action, Sid } of Statement)
      for (const action of [Action].flat())
        expect(action, Sid).to.match(/^[a-z0-9]+:(Get|List|Describe|BatchGet|Query|Scan)/);
  });

  it("let stagers of an AWS account make roles only with the boundary of the settings", () => {
    const rolesOf = (values: Readonly<Record<string, unknown>>) =>
      environmentPolicy("stager", settingsOf(values), ACCOUNT).Statement.filter(({ Action }) =>
        [Action]
          .flat()
          .some((action) => /CreateRole|PutRolePolicy|AttachRolePolicy|PassRole|Boundary/.test(action)),
      );
    expect(rolesOf({})).to.deep.equal([]);
    const arn = "arn:aws:iam::123456789012:policy/spawn-workers";
    const [makes, passes] = rolesOf({ workersBoundary: arn });
    expect(makes?.Condition).to.deep.equal({ ArnEquals: { "iam:PermissionsBoundary": arn } });
    expect(passes?.Condition).to.deep.equal({
      StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" },
    });
  });

  it("support the partitions of AWS", () => {
    expect(["eu-west-1", "cn-north-1", "us-gov-west-1"].map(partitionOf)).to.deep.equal([
      ...["aws", "aws-cn", "aws-us-gov"],
    ]);
  });

  it("give rights on the state where that is in a bucket", () => {
    expect(stateStatements("s3://acme-state/spawn/?region=us-east-1", "us-east-1")).to.deep.equal([
      {
        Sid: "KeepState",
        Effect: "Allow",
        Action: ["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        Resource: [
          "arn:aws:s3:::acme-state",
          "arn:aws:s3:::acme-state/spawn/.pulumi/*",
          "arn:aws:s3:::acme-state/spawn/.spawn/*",
        ],
      },
    ]);
    expect(stateReads("s3://acme-state?region=us-east-1", "us-east-1")).to.deep.equal([
      {
        Sid: "ReadState",
        Effect: "Allow",
        Action: ["s3:ListBucket", "s3:GetObject"],
        Resource: ["arn:aws:s3:::acme-state", "arn:aws:s3:::acme-state/.pulumi/*"],
      },
    ]);
    for (const url of [undefined, "file:///state", "https://api.pulumi.com"]) {
      expect(stateStatements(url, "us-east-1")).to.deep.equal([]);
      expect(stateReads(url, "us-east-1")).to.deep.equal([]);
    }
  });
});
