import { expect } from "chai";
import { parseIamActions, parseManagedPolicies } from "../../../staging/sweep/iam-options.ts";
import { refusalOf } from "../refusal.ts";

const READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

describe("permissions that a user grants the workers of a sweep", () => {
  it("is actions, one by one or separated by commas, each once", () => {
    expect(parseIamActions(["s3:GetObject", "s3:ListBucket, dynamodb:*", "s3:GetObject"])).to.deep.equal([
      "s3:GetObject",
      "s3:ListBucket",
      "dynamodb:*",
    ]);
    expect(parseIamActions([])).to.deep.equal([]);
  });

  it("is managed policies, separated by commas or repeated", () => {
    const own = "arn:aws:iam::123456789012:policy/team/Results";
    expect(parseManagedPolicies([`${READ_ONLY},${own}`, READ_ONLY])).to.deep.equal([READ_ONLY, own]);
  });

  for (const text of ["GetObject", "*", "s3:Get Object", "s3:*:x", "s3:GetObject;rm"]) {
    it(`is refused as an action: ${text}`, () => {
      expect(refusalOf(() => parseIamActions([text])).message).to.contain("is not an action of IAM");
    });
  }

  it("is refused as an action, with the option for it, if it is a policy", () => {
    expect(refusalOf(() => parseIamActions([READ_ONLY])).fix).to.equal(
      `For a managed policy: --iam-managed-policies ${READ_ONLY}`,
    );
  });

  for (const text of ["AmazonS3ReadOnlyAccess", "arn:aws:iam::aws:role/x", "s3:GetObject"]) {
    it(`is refused as a policy: ${text}`, () => {
      expect(refusalOf(() => parseManagedPolicies([text])).message).to.contain("is not the ARN");
    });
  }

  it("is refused if an item is empty, or there are too many policies", () => {
    expect(refusalOf(() => parseIamActions(["s3:GetObject,"])).message).to.contain("is empty");
    const many = Array.from({ length: 11 }, (_, at) => `${READ_ONLY}${at}`);
    expect(refusalOf(() => parseManagedPolicies(many)).message).to.equal("11 managed policies are too many");
  });
});
