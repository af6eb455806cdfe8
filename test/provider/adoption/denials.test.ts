import { expect } from "chai";
import { checkDenials } from "../../../provider/adoption/denials.ts";
import type { UserError } from "../../../staging/errors.ts";
import type { BucketRule } from "../../../staging/resources/bucket-rules.ts";

const BUCKET = "genomes";
const ALL = `arn:aws:s3:::${BUCKET}/*`;
const deny = (more: Record<string, unknown>): BucketRule =>
  ({ Sid: "Mine", Effect: "Deny", Principal: "*", Action: "s3:*", Resource: ALL, ...more }) as BucketRule;
const check = (more: Record<string, unknown>) => checkDenials(BUCKET, [deny(more)]);
const refusal = (more: Record<string, unknown>): UserError => {
  try {
    check(more);
  } catch (error) {
    return error as UserError;
  }
  throw new Error("it is not refused");
};

describe("Deny statements of a bucket's policy", () => {
  it("refuse the bucket if they match every upload, read or deletion", () => {
    expect(refusal({}).message).to.contain("(statement Mine) denies s3:PutObject");
    expect(refusal({ Sid: undefined, Principal: { AWS: ["*"] } }).message).to.contain("(statement 1)");
    expect(refusal({ Action: ["s3:DeleteObject*"] }).message).to.match(
      /denies s3:DeleteObject, s3:DeleteObjectVersion$/,
    );
    expect(refusal({ Action: undefined, NotAction: "s3:GetObject" }).message).to.contain(
      "s3:PutObjectTagging",
    );
    expect(refusal({ Resource: `arn:aws:s3:::${BUCKET}/stage-*` }).fix).to.contain(
      "aws s3api get-bucket-policy",
    );
  });

  it("refuse it if they require an encryption header, which no request has", () => {
    const key = "s3:x-amz-server-side-encryption";
    for (const Condition of [
      { StringNotEquals: { [key]: "aws:kms" } },
      { Null: { [key]: "true" } },
      { Null: { [key]: true } },
      { StringNotLike: { [`${key}-aws-kms-key-id`]: "arn:*" } },
    ]) {
      expect(refusal({ Action: "s3:PutObject", Condition }).why, JSON.stringify(Condition)).to.contain(key);
    }
    expect(
      check({ Action: "s3:PutObject", Condition: { StringNotEqualsIfExists: { [key]: "aws:kms" } } }),
    ).to.have.length(1);
    expect(check({ Action: "s3:PutObject", Condition: { Null: { [key]: "false" } } })).to.have.length(1);
  });

  it("are reported if a condition or the principal decides", () => {
    const [told = "", ...more] = check({ Condition: { StringNotEquals: { "aws:PrincipalOrgID": "o-1" } } });
    expect(more).to.deep.equal([]);
    expect(told).to.contain("statement Mine").and.to.contain("depending on aws:PrincipalOrgID");
    expect(check({ Principal: { AWS: "arn:aws:iam::111111111111:root" } })[0]).to.contain(
      "to some principals",
    );
    expect(
      check({ Principal: undefined, NotPrincipal: { AWS: "arn:aws:iam::111111111111:root" } }),
    ).to.have.length(1);
  });

  it("are ignored if they concern other objects, other actions or plain HTTP", () => {
    for (const more of [
      { Effect: "Allow" },
      { Resource: `arn:aws:s3:::${BUCKET}/secret/*` },
      { Resource: `arn:aws:s3:::${BUCKET}` },
      { Resource: undefined, NotResource: `arn:aws:s3:::${BUCKET}/stage-*` },
      { Action: ["s3:PutObjectAcl", "s3:GetObjectTorrent"] },
      { Action: undefined, NotAction: "s3:*" },
      { Condition: { Bool: { "aws:SecureTransport": "false" } } },
      { Condition: { NumericLessThan: { "s3:TlsVersion": "1.2" } } },
    ]) {
      expect(check(more), JSON.stringify(more)).to.deep.equal([]);
    }
  });
});
