import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { stateSettings } from "../../../../../cli/services/environment/state-bucket/settings.ts";
import { STATE_RULE, STATE_SID } from "../../../../../staging/state-bucket.ts";

const BUCKET = "acme-state";

/** A bucket that keeps its policy and its lifecycle rules as S3 does. */
function bucketWith(policy: object | undefined, rules: object[] | undefined) {
  const has = { policy: policy && JSON.stringify(policy), rules };
  const absent = (name: string) => Object.assign(new Error(name), { name });
  const send = async (command: { readonly input: object }): Promise<object> => {
    if (command instanceof PutBucketPolicyCommand) has.policy = command.input.Policy;
    else if (command instanceof PutBucketLifecycleConfigurationCommand)
      has.rules = command.input.LifecycleConfiguration?.Rules;
    else if (command instanceof GetBucketPolicyCommand) {
      if (has.policy === undefined) throw absent("NoSuchBucketPolicy");
      return { Policy: has.policy };
    } else if (command instanceof GetBucketLifecycleConfigurationCommand) {
      if (has.rules === undefined) throw absent("NoSuchLifecycleConfiguration");
      return { Rules: has.rules };
    } else throw new Error(`unexpected: ${command.constructor.name}`);
    return {};
  };
  return { client: { send } as unknown as S3Client, has };
}

const settingOf = (what: RegExp) => {
  const found = stateSettings("aws").find((setting) => what.test(setting.what));
  if (found === undefined) throw new Error(`no setting ${what}`);
  return found;
};

describe("settings of the state bucket", () => {
  it("refuse plain HTTP on AWS, even if the user's own statements allow it", async () => {
    const theirs = { Sid: "Team", Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "*" };
    for (const policy of [undefined, { Version: "2012-10-17", Statement: theirs }]) {
      const { client, has } = bucketWith(policy, undefined);
      const setting = settingOf(/plain HTTP/);
      expect(await setting.isMade(client, BUCKET)).to.equal(false);
      await setting.make(client, BUCKET);
      expect(await setting.isMade(client, BUCKET)).to.equal(true);
      const { Statement } = JSON.parse(has.policy ?? "") as { Statement: Record<string, unknown>[] };
      expect(Statement[0]).to.deep.equal({
        ...{ Sid: STATE_SID, Effect: "Deny", Principal: { AWS: "*" }, Action: "s3:*" },
        Resource: ["arn:aws:s3:::acme-state", "arn:aws:s3:::acme-state/*"],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      });
      expect(Statement.slice(1)).to.deep.equal(policy === undefined ? [] : [theirs]);
    }
    expect(stateSettings("local").map(({ what }) => what)).to.not.include("no plain HTTP");
  });

  it("keep the version and the ID of the user's policy, which affect its meaning", async () => {
    const theirs = { Sid: "Team", Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "*" };
    for (const head of [{ Version: "2008-10-17", Id: "team" }, {}]) {
      const { client, has } = bucketWith({ ...head, Statement: [theirs] }, undefined);
      await settingOf(/plain HTTP/).make(client, BUCKET);
      const { Statement, ...rest } = JSON.parse(has.policy ?? "");
      expect(Statement).to.have.length(2);
      expect(rest).to.deep.equal(head);
    }
  });

  it("delete old versions, and keep the user's own rules", async () => {
    const theirs = { ID: "mine", Status: "Enabled", Filter: { Prefix: "mine/" }, Expiration: { Days: 3 } };
    for (const rules of [undefined, [theirs]]) {
      const { client, has } = bucketWith(undefined, rules);
      const setting = settingOf(/old versions/);
      expect(await setting.isMade(client, BUCKET)).to.equal(false);
      await setting.make(client, BUCKET);
      expect(await setting.isMade(client, BUCKET)).to.equal(true);
      const [ours, ...others] = has.rules ?? [];
      expect(ours).to.deep.include({ ID: STATE_RULE, NoncurrentVersionExpiration: { NoncurrentDays: 90 } });
      expect(others).to.deep.equal(rules ?? []);
    }
  });
});
