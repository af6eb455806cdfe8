import { expect } from "chai";
import { accessPointPolicy } from "../../components/access-points.ts";
import { adoptedPolicyStatements, bucketPolicy } from "../../components/bucket-policy.ts";
import { replicationPermissions, replicationTrustPolicy } from "../../components/replication-policy.ts";
import { parseAccountId } from "../../staging/accounts.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { parseRegion } from "../../staging/regions.ts";
import { type Policy, policyOf, type Request, verdict } from "../support/policy.ts";

const [OWNER, READER, STRANGER] = ["123456789012", "210987654321", "111111111111"] as const;
const BUCKET = "spawn-staging-us-east-1";
const ID = "stage-abc123def456";
const OTHER_ID = "stage-000000000000";
const POINT = `arn:aws:s3:us-east-1:${OWNER}:accesspoint/spawn-${ID}`;

const TLS = { "aws:SecureTransport": "true" };
const PLAIN = { "aws:SecureTransport": "false" };
/** The worst case: the account's own policies allow its users everything. */
const EVERYTHING: Policy = {
  Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
};
const POINTS_POLICY = policyOf(
  accessPointPolicy(
    {
      namePrefix: "spawn",
      stagingId: parseStagingId(ID),
      region: parseRegion("us-east-1"),
      cloud: "aws",
      accounts: [parseAccountId(READER)],
    },
    OWNER,
  ),
);
/** Without `spawn:readers`; test/gates/policies/ tests it with that setting. */
const SHARING = { bucket: BUCKET, accountId: OWNER, cloud: "aws" as const, readers: [] };
const BUCKETS: Readonly<Record<string, Policy>> = {
  "a bucket that spawn made": policyOf(bucketPolicy(SHARING)),
  "a bucket that the user made": {
    Statement: adoptedPolicyStatements(SHARING) as unknown as Policy["Statement"],
  },
};

interface Asked {
  readonly account: string;
  readonly action: string;
  /** For an object; a listing has none. */
  readonly key?: string;
  readonly context?: Readonly<Record<string, string>>;
  /** The account of the access point. @default the owner's */
  readonly pointOwner?: string;
}

/** Through an access point: its policy, the bucket's, and that of the reader's own account must all allow it. */
function byAccessPoint(bucket: Policy, asked: Asked, own: Policy = EVERYTHING): boolean {
  const { account, action, key, context = TLS, pointOwner = OWNER } = asked;
  const point: Request = {
    ...{ account, action },
    resource: key === undefined ? POINT : `${POINT}/object/${key}`,
    context,
  };
  const onBucket: Request = {
    ...{ account, action },
    resource: `arn:aws:s3:::${BUCKET}${key === undefined ? "" : `/${key}`}`,
    context: { ...context, "s3:DataAccessPointAccount": pointOwner },
  };
  const verdicts = [verdict(own, point), verdict(POINTS_POLICY, point), verdict(bucket, onBucket)];
  return verdicts.every((one) => one === "allow");
}

/** By the bucket's name, from another account: its own policies and the bucket's must allow it. */
function byName(bucket: Policy, { account, action, key, context = TLS }: Asked): boolean {
  const resource = `arn:aws:s3:::${BUCKET}${key === undefined ? "" : `/${key}`}`;
  const request = { account, action, resource, context };
  return [verdict(EVERYTHING, request), verdict(bucket, request)].every((one) => one === "allow");
}

const list = (prefix?: string) => ({
  action: "s3:ListBucket",
  context: { ...TLS, ...(prefix === undefined ? {} : { "s3:prefix": prefix }) },
});

for (const [what, bucket] of Object.entries(BUCKETS)) {
  describe(`a compromised reader account, with an entry in ${what}`, () => {
    for (const [can, asked] of Object.entries({
      "read the entry's objects": { action: "s3:GetObject", key: `${ID}/data/a` },
      "list the entry": list(`${ID}/`),
      "list a folder of the entry": list(`${ID}/data/`),
    })) {
      it(`can ${can}`, () => {
        expect(byAccessPoint(bucket, { account: READER, ...asked })).to.equal(true);
      });

      it(`is the only one that can ${can}`, () => {
        expect(byAccessPoint(bucket, { account: STRANGER, ...asked })).to.equal(false);
      });

      it(`cannot ${can} over plain HTTP`, () => {
        const context = { ...("context" in asked ? asked.context : {}), ...PLAIN };
        expect(byAccessPoint(bucket, { account: READER, ...asked, context })).to.equal(false);
      });

      it(`cannot ${can} by the bucket's name, or by an access point of its own`, () => {
        expect(byName(bucket, { account: READER, ...asked })).to.equal(false);
        const onBucket: Request = {
          ...{ account: READER, action: asked.action },
          resource: `arn:aws:s3:::${BUCKET}${"key" in asked ? `/${asked.key}` : ""}`,
          context: { ...TLS, "s3:DataAccessPointAccount": READER },
        };
        expect(verdict(bucket, onBucket)).to.equal("none");
      });
    }

    for (const [cannot, asked] of Object.entries({
      "read another entry": { action: "s3:GetObject", key: `${OTHER_ID}/data` },
      "read a key that only begins like the entry": { action: "s3:GetObject", key: `${ID}x/data` },
      "read what else is in the bucket": { action: "s3:GetObject", key: "private/data" },
      "read an older version": { action: "s3:GetObjectVersion", key: `${ID}/data` },
      "list the whole bucket": list(),
      "list with an empty prefix": list(""),
      "list every entry": list("stage-"),
      "list another entry": list(`${OTHER_ID}/`),
      "list versions": { ...list(`${ID}/`), action: "s3:ListBucketVersions" },
      "write an object": { action: "s3:PutObject", key: `${ID}/data` },
      "delete an object": { action: "s3:DeleteObject", key: `${ID}/data` },
      "delete a version": { action: "s3:DeleteObjectVersion", key: `${ID}/data` },
      "change the tags, and so the TTL": { action: "s3:PutObjectTagging", key: `${ID}/data` },
      "abort an upload": { action: "s3:AbortMultipartUpload", key: `${ID}/data` },
      "read the bucket's policy": { action: "s3:GetBucketPolicy" },
    })) {
      it(`cannot ${cannot}`, () => {
        expect(byAccessPoint(bucket, { account: READER, ...asked })).to.equal(false);
        expect(byName(bucket, { account: READER, ...asked })).to.equal(false);
      });
    }
  });
}

describe("a stolen instance role", () => {
  /** For an instance in the own account, from the guide. There IAM decides, and the bucket's policy only denies. */
  const role: Policy = {
    Statement: [
      { Effect: "Allow", Action: ["s3:GetObject"], Resource: `arn:aws:s3:::spawn-staging-*/${ID}/*` },
    ],
  };
  const can = (action: string, key?: string, context = TLS as Readonly<Record<string, string>>): boolean => {
    const resource = `arn:aws:s3:::${BUCKET}${key === undefined ? "" : `/${key}`}`;
    const request = { account: OWNER, action, resource, context };
    const verdicts = [role, ...Object.values(BUCKETS)].map((policy) => verdict(policy, request));
    return verdicts.includes("allow") && !verdicts.includes("deny");
  };

  it("reads the objects of its entry", () => {
    expect(can("s3:GetObject", `${ID}/data`)).to.equal(true);
  });

  for (const [what, action, key, context] of [
    ["another entry", "s3:GetObject", `${OTHER_ID}/data`, TLS],
    ["its entry over plain HTTP", "s3:GetObject", `${ID}/data`, PLAIN],
    ["the names in the bucket", "s3:ListBucket", undefined, { ...TLS, "s3:prefix": `${ID}/` }],
    ["a write", "s3:PutObject", `${ID}/data`, TLS],
    ["a deletion", "s3:DeleteObject", `${ID}/data`, TLS],
    ["a change of the TTL", "s3:PutObjectTagging", `${ID}/data`, TLS],
    ["a change of the bucket's policy", "s3:PutBucketPolicy", undefined, TLS],
  ] as const) {
    it(`does not get ${what}`, () => {
      expect(can(action, key, context)).to.equal(false);
    });
  }
});

describe("the replication role", () => {
  const buckets = [BUCKET, "spawn-staging-us-west-2"];
  const role = policyOf(replicationPermissions(buckets, OWNER));
  const can = (action: string, bucket: string, key?: string, account: string = OWNER): boolean =>
    verdict(role, {
      ...{ account: OWNER, action },
      resource: `arn:aws:s3:::${bucket}${key === undefined ? "" : `/${key}`}`,
      context: { ...TLS, "aws:ResourceAccount": account },
    }) === "allow";

  it("can be assumed only by S3", () => {
    const { Statement } = policyOf(replicationTrustPolicy());
    expect(Statement.map(({ Principal }) => Principal)).to.deep.equal([{ Service: "s3.amazonaws.com" }]);
  });

  it("replicates between the environment's buckets", () => {
    expect(can("s3:GetObjectVersionForReplication", BUCKET, `${ID}/data`)).to.equal(true);
    expect(can("s3:ReplicateObject", "spawn-staging-us-west-2", `${ID}/data`)).to.equal(true);
  });

  it("neither reads nor writes a bucket of the same name in another account", () => {
    for (const action of ["s3:ReplicateObject", "s3:ReplicateTags", "s3:GetObjectVersionForReplication"]) {
      expect(can(action, "spawn-staging-us-west-2", `${ID}/data`, STRANGER), action).to.equal(false);
    }
    expect(can("s3:ListBucket", BUCKET, undefined, STRANGER)).to.equal(false);
  });

  it("reaches no other bucket, and has no other write or delete permission", () => {
    expect(can("s3:ReplicateObject", "foreign-bucket", "data")).to.equal(false);
    for (const action of ["s3:ReplicateDelete", "s3:DeleteObject", "s3:PutObject", "s3:GetObject"]) {
      expect(can(action, BUCKET, `${ID}/data`), action).to.equal(false);
    }
    for (const action of ["s3:PutReplicationConfiguration", "s3:PutBucketPolicy", "s3:DeleteBucket"]) {
      expect(can(action, BUCKET), action).to.equal(false);
    }
  });
});
