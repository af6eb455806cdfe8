import { expect } from "chai";
import {
  policyNotes,
  printedPolicy,
  sizeNote,
  trustNotes,
} from "../../../../cli/services/environment/policy.ts";
import { parseAccountId } from "../../../../staging/accounts.ts";
import { MAX_CHARACTERS, policyOf } from "../../../../staging/policies/document.ts";
import { environmentSettings } from "../../../components/settings.ts";
import { failureOf } from "../../../support/failure.ts";

const ACCOUNT = parseAccountId("123456789012");
const context = (account?: typeof ACCOUNT, values: Record<string, unknown> = {}) => {
  const asked: string[] = [];
  return {
    asked,
    settings: async () => environmentSettings(values),
    stateUrl: async () => "s3://state?region=us-east-1",
    account: async () => {
      asked.push("account");
      return account;
    },
  };
};
const actionsOf = (policy: ReturnType<typeof policyOf>): string => JSON.stringify(policy.Statement);

describe("the policy of an environment", () => {
  it("names the account of the settings without a request, or that of the credentials", async () => {
    const known = context(undefined, { account: "123456789012", cloud: "aws" });
    expect(actionsOf(await printedPolicy(known, "operator"))).to.contain(ACCOUNT);
    expect(known.asked).to.deep.equal([]);
    expect(actionsOf(await printedPolicy(context(ACCOUNT), "operator"))).to.contain(ACCOUNT);
  });

  it("is refused without an account", async () => {
    expect(await failureOf(printedPolicy(context(), "operator"))).to.include({
      message: "the account of environment dev is not known",
      fix: 'Set spawn:account: "123456789012" in Pulumi.dev.yaml',
    });
  });

  it("allows the state's bucket to users of the engine, and to no reader", async () => {
    for (const [name, has] of [
      ["operator", true],
      ["stager", true],
      ["reader", false],
    ] as const)
      expect(actionsOf(await printedPolicy(context(ACCOUNT), name)).includes(":::state"), name).to.equal(has);
  });

  it("explains how to use one that is too large, and that a stager without a boundary cannot launch", async () => {
    const sized = (size: number) => sizeNote("stager", policyOf([{ Sid: "x".repeat(size) }] as never));
    expect(sized(100)).to.equal(undefined);
    expect(sized(MAX_CHARACTERS.managed)).to.contain("aws iam put-role-policy");
    expect(sized(MAX_CHARACTERS.inline)).to.contain("Divide its statements between two managed policies");
    const notes = await policyNotes(context(ACCOUNT, { cloud: "aws" }), "stager", policyOf([]));
    expect(notes.join()).to.match(
      /The launch of sweeps is left out.*spawn:workersBoundary in Pulumi\.dev\.yaml/,
    );
    expect(await policyNotes(context(), "operator", policyOf([]))).to.deep.equal([]);
  });

  it("warns of a role that changes data, if every branch may assume it", () => {
    const anyBranch = "gitlab:acme/genomes:branch:*";
    for (const name of ["operator", "stager"] as const)
      expect(trustNotes(name, anyBranch).join()).to.contain(`has the permissions of ${name}`);
    expect(trustNotes("previewer", anyBranch)).to.deep.equal([]);
    expect(trustNotes("operator", "gitlab:acme/genomes:branch:main")).to.deep.equal([]);
  });
});
