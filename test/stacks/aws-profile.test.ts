import { expect } from "chai";
import { configuredProfile, requireProfile } from "../../stacks/aws-profile.ts";
import { InputError } from "../../staging/errors.ts";

const FILE = "Pulumi.prod.yaml";

describe("aws: in an environment's configuration", () => {
  it("names a profile for every part", () => {
    expect(configuredProfile({ "spawn:cloud": "aws", "aws:region": "us-east-1" }, FILE)).to.equal(undefined);
    expect(configuredProfile({ "aws:profile": "work" }, FILE)).to.deep.equal({
      name: "work",
      source: "aws:profile in Pulumi.prod.yaml",
    });
  });

  it("is refused by name if only one part would use it", () => {
    const keys = [
      "allowedAccountIds",
      "forbiddenAccountIds",
      "assumeRoles",
      "assumeRole",
      "defaultTags",
      "endpoints",
    ];
    for (const key of [
      ...keys,
      "accessKey",
      "secretKey",
      "sharedConfigFiles",
      "customCaBundle",
      "httpsProxy",
      "nonsense",
    ]) {
      expect(() => configuredProfile({ "aws:profile": "work", [`aws:${key}`]: "x" }, FILE), key)
        .to.throw(InputError, `Pulumi.prod.yaml: aws:${key} cannot be used here`)
        .with.property("fix")
        .that.contains("AWS_PROFILE");
    }
  });

  it("must match the shell of plain pulumi, because its plugins see only the variables", () => {
    const profile = configuredProfile({ "aws:profile": "work" }, FILE);
    expect(() => requireProfile(profile, "prod", { AWS_PROFILE: "work" })).to.not.throw();
    expect(() => requireProfile(undefined, "prod", {})).to.not.throw();
    for (const env of [
      {},
      { AWS_PROFILE: "other" },
      { AWS_PROFILE: "work", AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s" },
    ]) {
      expect(() => requireProfile(profile, "prod", env))
        .to.throw(InputError, /other AWS credentials than aws:profile in Pulumi.prod.yaml/)
        .with.property("fix", 'eval "$(spawn env --environment prod)"');
    }
  });
});
