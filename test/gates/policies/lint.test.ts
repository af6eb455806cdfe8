import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../../package-root.ts";
import { POLICIES, SOURCES } from "./documents.ts";
import { type Finding, lint } from "./lint.ts";

/** False findings, and findings about a user's choice. An exception that no longer occurs fails, too. */
const ALLOWED: readonly (Finding & { readonly why: string })[] = [
  ...[
    { policy: "access point", about: "s3:GetObject" },
    { policy: "access point", about: "s3:ListBucket" },
    { policy: "reader of a file", about: "s3:GetObject" },
    { policy: "reader of a directory", about: "s3:GetObject" },
    { policy: "reader of a directory", about: "s3:ListBucket" },
    { policy: "worker with all", about: "s3:ListBucket" },
  ].map((finding) => ({
    ...finding,
    issue: "RESOURCE_MISMATCH",
    why: "parliament knows no access points as resources; AWS's documentation of their policies has these actions on them",
  })),
  ...["replication trust", "worker trust", "pipeline trust"].map((policy) => ({
    policy,
    issue: "MALFORMED",
    about: "Statement contains neither Resource nor NotResource",
    why: "the policy of who may take a role has no resource: it is the role's own",
  })),
  {
    policy: "pipeline trust",
    issue: "UNKNOWN_FEDERATION_SOURCE",
    about: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com",
    why: "parliament knows SAML and Cognito; AWS's documentation of OIDC has this principal",
  },
  // iam-simulate decides the same questions in environment-table.ts.
  ...["operator", "stager", "reader", "previewer"].map((policy) => ({
    ...{ policy, issue: "RESOURCE_MISMATCH", about: "s3:GetObjectAttributes" },
    why: "parliament knows no resource of it; AWS lists objects",
  })),
  ...["operator", "stager"].flatMap((policy) => [
    {
      ...{ policy, issue: "RESOURCE_MISMATCH", about: "ssm:GetParameter" },
      why: "AWS's own parameters have no account",
    },
    {
      ...{ policy, issue: "RESOURCE_MISMATCH", about: "ec2:RunInstances" },
      why: "parliament does not see that ec2:*:account:*/* has all of its resources but the image, which is beside it",
    },
    {
      ...{ policy, issue: "RESOURCE_MISMATCH", about: "ec2:CreateSecurityGroup" },
      why: "the VPC is in a statement of its own, since it has not the tag of what is made",
    },
  ]),
  ...["us-east-1", "us-west-2", "eu-west-1"].flatMap((region) =>
    [
      "DeleteObject not being allowed, but does allow s3:PutBucketPolicy",
      "DeleteObject not being allowed, but does allow s3:PutLifecycleConfiguration",
      "GetObject not being allowed, but does allow s3:PutBucketPolicy",
      "PutObject not being allowed, but does allow s3:PutBucketPolicy",
    ].map((what) => ({
      ...{ policy: "operator", issue: "RESOURCE_POLICY_PRIVILEGE_ESCALATION" },
      about: `Possible resource policy privilege escalation on arn:aws:s3:::spawn-staging-${region} due to s3:${what}`,
      why: "the operator makes the buckets and their policies",
    })),
  ),
  {
    policy: "worker with all",
    issue: "RESOURCE_STAR",
    about: "dynamodb:GetItem, s3:GetObject",
    why: "--iam-policy gives actions on all resources, and docs/security.md says so",
  },
];

const sorted = (findings: readonly Finding[]): string[] =>
  findings.map(({ policy, issue, about }) => `${policy}: ${issue} ${about}`).sort();

describe("parliament", () => {
  it("finds nothing in any generated policy", async () => {
    expect(sorted(await lint(POLICIES))).to.deep.equal(sorted(ALLOWED));
  });

  it("would find the faults of a bad policy", async () => {
    const role = POLICIES["replication role"];
    const found = await lint({
      action: role.replace("s3:ReplicateTags", "s3:ReplicateTag"),
      key: role.replace("aws:ResourceAccount", "s3:prefix"),
      resource: role.replaceAll("/*", ""),
      operator: role.replace("StringEquals", "StringIs"),
    });
    expect(new Set(found.map(({ policy, issue }) => `${policy}: ${issue}`))).to.deep.equal(
      new Set([
        "action: UNKNOWN_ACTION",
        "key: UNKNOWN_CONDITION_FOR_ACTION",
        "resource: RESOURCE_MISMATCH",
        "operator: UNKNOWN_OPERATOR",
      ]),
    );
  });
});

describe("the linted policies", () => {
  it("come from every file that generates one", async () => {
    const files = globSync("{cli,components,provider,staging,stacks}/**/*.ts", { cwd: packageRoot() });
    const texts = await Promise.all(files.map((file) => readFile(join(packageRoot(), file), "utf8")));
    expect(files.filter((_, at) => texts[at]?.includes('"2012-10-17"')).sort()).to.deep.equal(
      [...SOURCES].sort(),
    );
  });
});
