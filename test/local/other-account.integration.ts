import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import {
  CreateAccessPointCommand,
  PutAccessPointPolicyCommand,
  type S3ControlClient,
} from "@aws-sdk/client-s3-control";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { expect } from "chai";
import { makeS3ControlClient } from "../../cli/clients/s3-control.ts";
import { bucketPolicy as bucketPolicyOf } from "../../components/bucket-policy.ts";
import { keysOfAccount } from "../../local/cloud/keys.ts";
import { parseAccountId } from "../../staging/accounts.ts";
import { policyOf, type RoleCloud, type Statement } from "./role-cloud.ts";
import { outcomeOf, Roles } from "./roles.ts";

const OWNER = "000000000000";
const READER = "111122223333";
const STRANGER = "444455556666";
const BUCKET = "shared-data";
const POINT = `arn:aws:s3:us-east-1:${OWNER}:accesspoint/entry`;

describe("another account on the local cloud", () => {
  let owner: RoleCloud;
  let other: RoleCloud;
  let control: S3ControlClient;
  let alias = "";
  const roles = Roles.forSuite(async ({ cloud, root }) => {
    owner = root;
    other = roles.open(keysOfAccount(cloud.keys, READER));
    control = makeS3ControlClient({
      endpoint: cloud.endpoint,
      region: "us-east-1",
      credentials: owner.credentials,
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler(),
    });
    await owner.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    for (const Key of ["stage-1/a", "stage-2/a"])
      await owner.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: "data" }));
    const made = await control.send(
      new CreateAccessPointCommand({ AccountId: OWNER, Name: "entry", Bucket: BUCKET }),
    );
    alias = made.Alias ?? "";
  });
  after(() => control?.destroy());

  /** The worker of a sweep in the other account, with these permissions. */
  async function worker(name: string, statements: readonly Statement[]): Promise<RoleCloud> {
    return roles.open(await other.assume(await other.role(name, statements)));
  }
  const bucketPolicy = (statements: readonly Statement[]) =>
    owner.s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: policyOf(statements) }));
  const get = ({ s3 }: RoleCloud, Bucket: string, Key: string) =>
    outcomeOf(s3.send(new GetObjectCommand({ Bucket, Key })));

  it("cannot assume a role of this account that trusts EC2", async () => {
    const arn = await owner.role("mine", []);
    expect(await outcomeOf(other.assume(arn))).to.equal("AccessDenied");
    expect(await outcomeOf(owner.assume(arn))).to.equal("");
  });

  it("reads from a bucket only if both its own policy and the bucket's allow it", async () => {
    const allowed = await worker("reader", [
      {
        ...{
          Effect: "Allow",
          Action: ["s3:GetObject", "s3:PutObject"],
          Resource: `arn:aws:s3:::${BUCKET}/*`,
        },
        Condition: { StringEquals: { "aws:ResourceAccount": OWNER } },
      },
    ]);
    const elsewhere = await worker("elsewhere", [
      {
        ...{ Effect: "Allow", Action: "s3:GetObject", Resource: `arn:aws:s3:::${BUCKET}/*` },
        Condition: { StringEquals: { "aws:ResourceAccount": READER } },
      },
    ]);
    const none = await worker("none", []);
    expect(await get(allowed, BUCKET, "stage-1/a")).to.equal("AccessDenied");
    await bucketPolicy([
      {
        ...{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${READER}:root` } },
        ...{ Action: "s3:GetObject", Resource: `arn:aws:s3:::${BUCKET}/stage-1/*` },
      },
    ]);
    expect(await get(allowed, BUCKET, "stage-1/a")).to.equal("");
    expect(await get(allowed, BUCKET, "stage-2/a")).to.equal("AccessDenied");
    expect(await get(elsewhere, BUCKET, "stage-1/a")).to.equal("AccessDenied");
    expect(await get(none, BUCKET, "stage-1/a")).to.equal("AccessDenied");
    const put = new PutObjectCommand({ Bucket: BUCKET, Key: "stage-1/a", Body: "forged" });
    expect(await outcomeOf(allowed.s3.send(put))).to.equal("AccessDenied");
    // The root of the other account has no policy of its own.
    expect(await get(other, BUCKET, "stage-1/a")).to.equal("");
    expect(await get(other, BUCKET, "stage-2/a")).to.equal("AccessDenied");
    // A policy that names one role applies to that role only.
    await bucketPolicy([
      {
        ...{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${READER}:role/reader` } },
        ...{ Action: "s3:GetObject", Resource: `arn:aws:s3:::${BUCKET}/*` },
      },
    ]);
    expect(await get(allowed, BUCKET, "stage-2/a")).to.equal("");
    expect(await get(other, BUCKET, "stage-2/a")).to.equal("AccessDenied");
  });

  it("reads by a bucket's name the objects whose tag names its account, and lists what the bucket's policy allows", async () => {
    const reader = await worker("tagged", [
      { Effect: "Allow", Action: "s3:GetObject", Resource: `arn:aws:s3:::${BUCKET}/stage-*` },
      { Effect: "Allow", Action: "s3:ListBucket", Resource: `arn:aws:s3:::${BUCKET}` },
    ]);
    const stranger = roles.open(keysOfAccount(roles.cloud.keys, STRANGER));
    const key = "stage-abc123def456/a";
    const tagged = (Tagging?: string, Bucket = BUCKET, Key = key) =>
      owner.s3.send(new PutObjectCommand({ Bucket, Key, Body: "data", Tagging }));
    const policy = (readers: string[]) =>
      owner.s3.send(
        new PutBucketPolicyCommand({
          Bucket: BUCKET,
          Policy: bucketPolicyOf({
            ...{ bucket: BUCKET, accountId: OWNER, cloud: "local" },
            readers: readers.map(parseAccountId),
          }),
        }),
      );
    const list = ({ s3 }: RoleCloud, Prefix?: string) =>
      outcomeOf(s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix })));
    const tag = (...accounts: string[]) => `spawn%3Areaders=${accounts.join("%2F")}`;
    await policy([READER]);
    await tagged();
    expect(await get(reader, BUCKET, key), "no tag").to.equal("AccessDenied");
    await tagged(tag(STRANGER));
    expect(await get(reader, BUCKET, key), "a tag for another").to.equal("AccessDenied");
    expect(await get(stranger, BUCKET, key), "not in spawn:readers").to.equal("AccessDenied");
    await tagged(tag(STRANGER, READER));
    expect(await get(reader, BUCKET, key)).to.equal("");
    expect(await outcomeOf(reader.s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key })))).to.equal("");
    expect(await get(other, BUCKET, key), "the root of its account").to.equal("");
    expect(await get(stranger, BUCKET, key)).to.equal("AccessDenied");
    await tagged(tag(READER), BUCKET, "stage-000000000000/a");
    await tagged(undefined, BUCKET, "stage-000000000000/b");
    expect(await get(reader, BUCKET, "stage-000000000000/b"), "another object").to.equal("AccessDenied");
    expect(await list(reader, "stage-abc123def456/")).to.equal("");
    expect(await list(reader, "stage-abc123def456/deep/")).to.equal("");
    for (const prefix of [undefined, "stage-", "stage-1/", "payroll/"])
      expect(await list(reader, prefix), prefix).to.equal("AccessDenied");
    expect(await list(stranger, "stage-abc123def456/")).to.equal("AccessDenied");
    const put = new PutObjectTaggingCommand({ Bucket: BUCKET, Key: key, Tagging: { TagSet: [] } });
    expect(await outcomeOf(other.s3.send(put))).to.equal("AccessDenied");
    await owner.s3.send(new PutObjectTaggingCommand({ Bucket: BUCKET, Key: key, Tagging: { TagSet: [] } }));
    expect(await get(reader, BUCKET, key), "the tag is gone").to.equal("AccessDenied");
    await tagged(tag(READER));
    await policy([]);
    expect(await get(reader, BUCKET, key), "spawn:readers is empty").to.equal("AccessDenied");
  });

  it("is refused if it expects another owner of the bucket or of a copy's source", async () => {
    const outcomes = (ExpectedBucketOwner: string) => {
      const of = { Key: "stage-1/a", ExpectedBucketOwner };
      const copy = { Bucket: BUCKET, Key: "copy", CopySource: `${BUCKET}/stage-1/a` };
      const requests = [
        owner.s3.send(new GetObjectCommand({ Bucket: BUCKET, ...of })),
        owner.s3.send(new HeadObjectCommand({ Bucket: alias, ...of })),
        owner.s3.send(new CopyObjectCommand({ ...copy, ExpectedSourceBucketOwner: ExpectedBucketOwner })),
      ];
      return Promise.all(requests.map(outcomeOf));
    };
    expect(await outcomes(OWNER)).to.deep.equal(["", "", ""]);
    // A response to HEAD has no body, and so no name of the error.
    expect(await outcomes(READER)).to.deep.equal(["AccessDenied", "Unknown", "AccessDenied"]);
  });

  it("reads through an access point only if its own policy, the point's and the bucket's allow it", async () => {
    const allowed = await worker("by-point", [
      {
        ...{ Effect: "Allow", Action: "s3:GetObject" },
        Resource: `arn:aws:s3:us-east-1:${OWNER}:accesspoint/*/object/stage-1/*`,
        Condition: { StringEquals: { "aws:ResourceAccount": OWNER } },
      },
      {
        ...{
          Effect: "Allow",
          Action: "s3:ListBucket",
          Resource: `arn:aws:s3:us-east-1:${OWNER}:accesspoint/*`,
        },
        Condition: { StringLike: { "s3:prefix": "stage-1/*" } },
      },
    ]);
    const bucketOnly = await worker("by-bucket", [
      { Effect: "Allow", Action: "s3:*", Resource: `arn:aws:s3:::${BUCKET}*` },
    ]);
    const delegation = {
      ...{ Effect: "Allow", Principal: { AWS: "*" }, Action: ["s3:GetObject", "s3:ListBucket"] },
      Resource: [`arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/*`],
      Condition: { StringEquals: { "s3:DataAccessPointAccount": OWNER } },
    };
    const pointPolicy = (prefix: string) =>
      control.send(
        new PutAccessPointPolicyCommand({
          ...{ AccountId: OWNER, Name: "entry" },
          Policy: policyOf([
            {
              ...{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${READER}:root` } },
              ...{ Action: "s3:GetObject", Resource: `${POINT}/object/${prefix}*` },
            },
            {
              ...{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${READER}:root` } },
              ...{ Action: "s3:ListBucket", Resource: POINT },
              Condition: { StringLike: { "s3:prefix": `${prefix}*` } },
            },
          ]),
        }),
      );
    await bucketPolicy([delegation]);
    expect(await get(allowed, alias, "stage-1/a"), "a point without a policy").to.equal("AccessDenied");
    await pointPolicy("stage-1/");
    expect(await get(allowed, alias, "stage-1/a")).to.equal("");
    const head = new HeadObjectCommand({ Bucket: alias, Key: "stage-1/a" });
    expect(await outcomeOf(allowed.s3.send(head))).to.equal("");
    const list = (Prefix: string) =>
      outcomeOf(allowed.s3.send(new ListObjectsV2Command({ Bucket: alias, Prefix })));
    expect(await list("stage-1/")).to.equal("");
    expect(await list("stage-2/")).to.equal("AccessDenied");
    expect(await get(allowed, alias, "stage-2/a")).to.equal("AccessDenied");
    expect(await get(allowed, BUCKET, "stage-1/a"), "past the point").to.equal("AccessDenied");
    expect(await get(bucketOnly, alias, "stage-1/a")).to.equal("AccessDenied");
    expect(await get(other, alias, "stage-1/a"), "the account's root").to.equal("");
    expect(await get(other, alias, "stage-2/a")).to.equal("AccessDenied");
    expect(await get(owner, alias, "stage-2/a"), "the owner").to.equal("");
    const put = new PutObjectCommand({ Bucket: alias, Key: "stage-1/a", Body: "forged" });
    expect(await outcomeOf(other.s3.send(put))).to.equal("AccessDenied");
    await bucketPolicy([
      { ...delegation, Condition: { StringEquals: { "s3:DataAccessPointAccount": READER } } },
    ]);
    expect(await get(allowed, alias, "stage-1/a"), "a bucket that does not delegate").to.equal(
      "AccessDenied",
    );
  });
});
