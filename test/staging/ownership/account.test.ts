import { expect } from "chai";
import { accountOfArn, parseAccountId } from "../../../staging/accounts.ts";
import type { EnvironmentSettings } from "../../../staging/environment.ts";
import { parseEnvironmentSettings } from "../../../staging/environment-values.ts";
import { refuseForeignBucket, refuseOtherAccount } from "../../../staging/ownership/account.ts";
import { heldIn } from "../../../staging/ownership/held.ts";
import { refusalOf } from "../refusal.ts";

const [OURS, THEIRS] = ["123456789012", "210987654321"].map(parseAccountId);

function settings(values: Record<string, unknown> = {}): EnvironmentSettings {
  return parseEnvironmentSettings("prod", { cloud: "aws", regions: "us-east-1", ...values });
}

describe("the account of an environment", () => {
  const tables = (account: string) =>
    heldIn(
      [
        {
          urn: "urn:pulumi:prod::spawn::aws:dynamodb/table:Table::prod-tables-records",
          type: "aws:dynamodb/table:Table",
          properties: {
            name: "spawn-staging-prod",
            region: "us-east-1",
            arn: `arn:aws:dynamodb:us-east-1:${account}:table/spawn-staging-prod`,
          },
        },
      ],
      "aws",
    );

  it("is in the ARNs of the tables that a state of any version holds", () => {
    expect(tables("123456789012").account).to.equal(OURS);
    expect(tables("").account).to.equal(undefined);
    expect(heldIn([], "aws").account).to.equal(undefined);
    for (const arn of [undefined, "", "arn:aws:s3:::bucket", "x", 7]) {
      expect(accountOfArn(arn)).to.equal(undefined);
    }
  });

  it("is refused for credentials of another account, with both in the message", () => {
    const held = refusalOf(() => refuseOtherAccount(settings(), THEIRS, tables("123456789012")));
    const declared = refusalOf(() => refuseOtherAccount(settings({ account: "123456789012" }), THEIRS));
    for (const error of [held, declared]) {
      expect(error.message).to.equal(
        "the environment prod is in account 123456789012, your credentials are of account 210987654321",
      );
      expect(error.exitCode).to.equal(2);
      expect(error.fix).to.contain("AWS_PROFILE");
    }
    expect(declared.why).to.contain("spawn:account in Pulumi.prod.yaml");
  });

  it("is accepted without a contradiction", () => {
    for (const [given, used, held] of [
      [settings(), OURS, tables("123456789012")],
      [settings({ account: "123456789012" }), OURS, tables("123456789012")],
      [settings(), OURS, undefined],
      [settings(), OURS, tables("")],
      [settings({ account: "123456789012" }), undefined, undefined],
      [settings({ cloud: "local" }), THEIRS, tables("123456789012")],
    ] as const) {
      refuseOtherAccount(given, used, held);
    }
  });

  it("is declared as 12 digits, and kept by the settings only where it is declared", () => {
    expect(settings({ account: "012345678901" }).account).to.equal("012345678901");
    expect(settings()).not.to.have.property("account");
    for (const account of ["12345", "1234-5678-9012", 123456789012, "arn:aws:iam::123456789012:root"]) {
      expect(refusalOf(() => settings({ account })).message, String(account)).to.contain("spawn:account");
    }
  });

  it("must own every bucket: a foreign one is refused under the key that names it", () => {
    const bucket = { name: "spawn-staging-us-east-1", region: "us-east-1" };
    const error = refusalOf(() => refuseForeignBucket(settings(), { ...bucket, state: "foreign" }, OURS));
    expect(error.message).to.equal(
      "the bucket spawn-staging-us-east-1 in us-east-1 belongs to another account",
    );
    expect(error.why).to.contain("Your credentials are of account 123456789012");
    expect(error.fix).to.contain("spawn:bucketPrefix in Pulumi.prod.yaml");
    for (const state of ["there", "none", "denied", "elsewhere"] as const) {
      refuseForeignBucket(settings(), { ...bucket, state }, OURS);
    }
  });
});
