import { expect } from "chai";
import { parseAccountId } from "../../../staging/accounts.ts";
import { InputError } from "../../../staging/errors.ts";
import { trustPolicy } from "../../../staging/policies/trust.ts";

const ACCOUNT = parseAccountId("123456789012");
const HUB = "token.actions.githubusercontent.com";

describe("the trust policy of a pipeline's role", () => {
  it("names one environment of one GitHub repository", () => {
    expect(trustPolicy("github:acme/genomes:environment:spawn-up", ACCOUNT, "aws")).to.deep.equal({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/${HUB}` },
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: {
            StringEquals: {
              [`${HUB}:aud`]: "sts.amazonaws.com",
              [`${HUB}:sub`]: "repo:acme/genomes:environment:spawn-up",
            },
          },
        },
      ],
    });
  });

  it("takes the immutable IDs of GitHub's owner and repository", () => {
    const [{ Condition }] = trustPolicy("github:acme@12/genomes@345:environment:e", ACCOUNT, "aws").Statement;
    expect(Condition["StringEquals"]).to.include({
      [`${HUB}:sub`]: "repo:acme@12/genomes@345:environment:e",
    });
  });

  it("names one branch, or every branch, of one GitLab project", () => {
    const conditionOf = (who: string) => trustPolicy(who, ACCOUNT, "aws-us-gov").Statement[0].Condition;
    expect(conditionOf("gitlab:acme/data/genomes:branch:main")).to.deep.equal({
      StringEquals: {
        "gitlab.com:aud": "https://gitlab.com",
        "gitlab.com:sub": "project_path:acme/data/genomes:ref_type:branch:ref:main",
      },
    });
    expect(conditionOf("gitlab:acme/genomes:branch:*")).to.deep.equal({
      StringEquals: { "gitlab.com:aud": "https://gitlab.com" },
      StringLike: { "gitlab.com:sub": "project_path:acme/genomes:ref_type:branch:ref:*" },
    });
  });

  for (const who of [
    "",
    "acme/genomes",
    "github:acme/genomes",
    "github:acme/*:environment:spawn-up",
    "github:acme/genomes:environment:*",
    "github:acme/genomes:environment:a:b",
    "github:acme/genomes:ref:refs/heads/main",
    "gitlab:genomes:branch:main",
    "gitlab:acme/*:branch:main",
    "gitlab:acme/genomes:branch:?",
  ]) {
    it(`refuses ${JSON.stringify(who)}, which names no pipeline`, () => {
      expect(() => trustPolicy(who, ACCOUNT, "aws")).to.throw(InputError, "names no pipeline");
    });
  }
});
