import {
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { ListRolesCommand } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { expect } from "chai";
import { ensureCloud, stopCloud } from "../../local/cloud/cloud.ts";
import { spawnPaths } from "../../local/paths.ts";
import { createSweepsTable } from "../support/tables.ts";
import { policyOf, type RoleCloud } from "./role-cloud.ts";
import { outcomeOf, Roles } from "./roles.ts";
import { send, signed } from "./signed-request.ts";

const ACCOUNT = "000000000000";
const BUCKET = "roles-data";
const TABLE = "sweeps";
const TABLE_ARN = `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/${TABLE}`;
const OWN = { sweep_id: { S: "own" }, item: { S: "index#000001" } };
const OTHER = { sweep_id: { S: "other" }, item: { S: "index#000001" } };

/** The permissions of a worker of the sweep "own". */
const WORKER = [
  {
    Effect: "Allow",
    Action: "s3:GetObject",
    Resource: `arn:aws:s3:::${BUCKET}/stage-1/*`,
    Condition: { StringEquals: { "aws:ResourceAccount": ACCOUNT } },
  },
  {
    Effect: "Allow",
    Action: "s3:ListBucket",
    Resource: `arn:aws:s3:::${BUCKET}`,
    Condition: { StringLike: { "s3:prefix": "stage-1/*" } },
  },
  {
    Effect: "Allow",
    Action: ["s3:PutObject", "s3:PutObjectTagging"],
    Resource: `arn:aws:s3:::${BUCKET}/own/logs/*`,
    Condition: { StringEquals: { "s3:RequestObjectTag/ttl": "30" } },
  },
  {
    Effect: "Allow",
    Action: [
      ...["GetItem", "PutItem", "UpdateItem", "Query", "ConditionCheckItem", "BatchGetItem"],
      "BatchWriteItem",
    ].map((name) => `dynamodb:${name}`),
    Resource: TABLE_ARN,
    Condition: { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["own"] } },
  },
  {
    Effect: "Allow",
    Action: "autoscaling:TerminateInstanceInAutoScalingGroup",
    Resource: `arn:aws:autoscaling:*:${ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/own`,
  },
];

describe("roles on the local cloud", () => {
  let worker: RoleCloud;
  const roles = Roles.forSuite(async ({ root }) => {
    await root.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    for (const Key of ["stage-1/a", "stage-2/a"])
      await root.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: "data" }));
    await createSweepsTable(root.dynamodb, TABLE);
    for (const Item of [OWN, OTHER]) await root.dynamodb.send(new PutItemCommand({ TableName: TABLE, Item }));
    worker = await roles.make("worker", WORKER);
  });

  /** Sends the requests. Those with these names succeed, and each other one has an error of this name. */
  async function expectOnly(
    allowed: readonly string[],
    requests: Readonly<Record<string, () => Promise<unknown>>>,
    refusal = "AccessDenied",
  ): Promise<void> {
    for (const [name, request] of Object.entries(requests))
      expect(await outcomeOf(request()), name).to.equal(allowed.includes(name) ? "" : refusal);
  }

  it("identify the owner of their credentials", async () => {
    const { Arn, Account } = await worker.sts.send(new GetCallerIdentityCommand({}));
    expect(Arn).to.equal(`arn:aws:sts::${ACCOUNT}:assumed-role/worker/i-0123`);
    expect(Account).to.equal(ACCOUNT);
  });

  it("apply their policies in S3, by prefix, owner and tags", async () => {
    const get = (Key: string) => () => worker.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    const list = (Prefix?: string) => () =>
      worker.s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix }));
    const put = (Key: string, Tagging?: string) => () =>
      worker.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: "log", Tagging }));
    const tag = (Value: string) => () =>
      worker.s3.send(
        new PutObjectTaggingCommand({
          Bucket: BUCKET,
          Key: "own/logs/1/1.log",
          Tagging: { TagSet: [{ Key: "ttl", Value }] },
        }),
      );
    await expectOnly(["own", "list", "log", "tag"], {
      own: get("stage-1/a"),
      other: get("stage-2/a"),
      list: list("stage-1/"),
      listAll: list(),
      listOther: list("stage-2/"),
      log: put("own/logs/1/1.log", "ttl=30"),
      logOtherTag: put("own/logs/1/1.log", "ttl=31"),
      logNoTag: put("own/logs/1/1.log"),
      logElsewhere: put("stage-1/a", "ttl=30"),
      tag: tag("30"),
      tagOther: tag("31"),
      remove: () => worker.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: "stage-1/a" })),
      buckets: () => worker.s3.send(new CreateBucketCommand({ Bucket: "another" })),
    });
    const head = await send(
      roles.cloud.endpoint,
      signed(roles.cloud.endpoint, worker.credentials, "s3", {
        path: `/${BUCKET}/stage-2/a`,
        query: "Action=ListBucket",
        headers: { "x-amz-security-token": worker.credentials.sessionToken ?? "" },
      }),
    );
    expect(head.status, "the action is not what a parameter says").to.equal(403);
  });

  it("access the items of their own sweep only", async () => {
    const { dynamodb } = worker;
    const named = { TableName: TABLE };
    const update = (Key: typeof OWN) => ({
      ...named,
      Key,
      UpdateExpression: "SET #s = :s",
      ExpressionAttributeNames: { "#s": "state" },
      ExpressionAttributeValues: { ":s": { S: "done" } },
    });
    const query = (id: string) => () =>
      dynamodb.send(
        new QueryCommand({
          ...named,
          KeyConditionExpression: "#k = :k AND begins_with(#i, :i)",
          ExpressionAttributeNames: { "#k": "sweep_id", "#i": "item" },
          ExpressionAttributeValues: { ":k": { S: id }, ":i": { S: "index#" } },
        }),
      );
    const transact = (first: typeof OWN, second: typeof OWN) => () =>
      dynamodb.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Update: update(first) },
            {
              ConditionCheck: {
                ...named,
                Key: { ...second, item: { S: "region#us-east-1" } },
                ConditionExpression: "attribute_not_exists(sweep_id)",
              },
            },
          ],
        }),
      );
    const own = ["get", "put", "update", "query", "transact", "batch"];
    const requests = {
      get: () => dynamodb.send(new GetItemCommand({ ...named, Key: OWN })),
      getOther: () => dynamodb.send(new GetItemCommand({ ...named, Key: OTHER })),
      put: () => dynamodb.send(new PutItemCommand({ ...named, Item: OWN })),
      putOther: () => dynamodb.send(new PutItemCommand({ ...named, Item: OTHER })),
      update: () => dynamodb.send(new UpdateItemCommand(update(OWN))),
      updateOther: () => dynamodb.send(new UpdateItemCommand(update(OTHER))),
      query: query("own"),
      queryOther: query("other"),
      transact: transact(OWN, OWN),
      transactOther: transact(OTHER, OWN),
      transactCheck: transact(OWN, OTHER),
      transactDelete: () =>
        dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [{ Delete: { ...named, Key: OWN } }] })),
      batch: () => dynamodb.send(new BatchGetItemCommand({ RequestItems: { [TABLE]: { Keys: [OWN] } } })),
      batchBoth: () =>
        dynamodb.send(new BatchGetItemCommand({ RequestItems: { [TABLE]: { Keys: [OWN, OTHER] } } })),
      writeBoth: () =>
        dynamodb.send(
          new BatchWriteItemCommand({
            RequestItems: {
              [TABLE]: [{ PutRequest: { Item: OWN } }, { DeleteRequest: { Key: OTHER } }],
            },
          }),
        ),
      scan: () => dynamodb.send(new ScanCommand(named)),
    };
    await expectOnly(own, requests, "AccessDeniedException");
  });

  it("access the attributes that their policy names, also in a transaction", async () => {
    const counter = await roles.make("counter", [
      {
        Effect: "Allow",
        Action: "dynamodb:UpdateItem",
        Resource: TABLE_ARN,
        Condition: {
          "ForAllValues:StringEquals": {
            "dynamodb:LeadingKeys": ["own"],
            "dynamodb:Attributes": ["sweep_id", "item", "count"],
          },
          StringEqualsIfExists: { "dynamodb:ReturnValues": ["NONE", "UPDATED_NEW"] },
        },
      },
    ]);
    const add = (attribute: string, more = {}) => ({
      TableName: TABLE,
      Key: OWN,
      UpdateExpression: "ADD #c :one",
      ConditionExpression: "attribute_exists(sweep_id)",
      ExpressionAttributeNames: { "#c": attribute },
      ExpressionAttributeValues: { ":one": { N: "1" } },
      ...more,
    });
    const update =
      (attribute: string, more = {}) =>
      () =>
        counter.dynamodb.send(new UpdateItemCommand(add(attribute, more)));
    const transact = (attribute: string) => () =>
      counter.dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [{ Update: add(attribute) }] }));
    const requests = {
      count: update("count"),
      secret: update("secret"),
      condition: update("count", { ConditionExpression: "attribute_not_exists(secret)" }),
      updated: update("count", { ReturnValues: "UPDATED_NEW" }),
      all: update("count", { ReturnValues: "ALL_NEW" }),
      transact: transact("count"),
      transactSecret: transact("secret"),
    };
    await expectOnly(["count", "updated", "transact"], requests, "AccessDeniedException");
  });

  it("treat escaped wildcards of a policy as characters", async () => {
    const literal = await roles.make("literal", [
      { Effect: "Allow", Action: "s3:PutObject", Resource: `arn:aws:s3:::${BUCKET}/a\${*}b\${$}/*` },
    ]);
    const put = (Key: string) => () =>
      literal.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: "x" }));
    await expectOnly(["exact"], { exact: put("a*b$/c"), other: put("axxb$/c"), less: put("a*b/c") });
  });

  it("let a worker end itself, and change no other group's member or capacity", async () => {
    await roles.aws.group("own", { DesiredCapacity: 1 });
    await roles.aws.group("other", { DesiredCapacity: 1 });
    const [own = ""] = await roles.aws.ids("own");
    const [other = ""] = await roles.aws.ids("other");
    const end = (InstanceId: string) => () =>
      worker.groups.send(
        new TerminateInstanceInAutoScalingGroupCommand({ InstanceId, ShouldDecrementDesiredCapacity: true }),
      );
    const resize = (AutoScalingGroupName: string) => () =>
      worker.groups.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity: 3 }));
    await expectOnly(["end"], {
      end: end(own),
      endOther: end(other),
      endUnknown: end("i-00000000000000000"),
      resize: resize("own"),
      resizeOther: resize("other"),
      describe: () => worker.groups.send(new DescribeAutoScalingGroupsCommand({})),
      create: () =>
        worker.groups.send(
          new CreateAutoScalingGroupCommand({ AutoScalingGroupName: "new", MinSize: 0, MaxSize: 1 }),
        ),
      roles: () => worker.iam.send(new ListRolesCommand({})),
    });
    const ofEc2 = {
      instances: () => worker.ec2.send(new DescribeInstancesCommand({})),
      terminate: () => worker.ec2.send(new TerminateInstancesCommand({ InstanceIds: [other] })),
    };
    await expectOnly([], ofEc2, "UnauthorizedOperation");
    expect(await roles.aws.ids("other")).to.deep.equal([other]);
  });

  it("respect tags of groups, managed policies and a bucket's own denial", async () => {
    const tagged = await roles.make("tagged", [
      {
        Effect: "Allow",
        Action: "autoscaling:SetDesiredCapacity",
        Resource: "*",
        Condition: { StringEquals: { "aws:ResourceTag/spawn:sweep": "own" } },
      },
    ]);
    const resize = (AutoScalingGroupName: string) => () =>
      tagged.groups.send(new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity: 1 }));
    const reader = await roles.make("reader", [], ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]);
    await roles.root.s3.send(new CreateBucketCommand({ Bucket: "guarded" }));
    await roles.root.s3.send(new PutObjectCommand({ Bucket: "guarded", Key: "a", Body: "a" }));
    await roles.root.s3.send(
      new PutBucketPolicyCommand({
        Bucket: "guarded",
        Policy: policyOf([
          {
            Effect: "Deny",
            Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/reader` },
            Action: "s3:GetObject",
            Resource: "arn:aws:s3:::guarded/*",
          },
        ]),
      }),
    );
    const get = (Bucket: string, Key: string) => () => reader.s3.send(new GetObjectCommand({ Bucket, Key }));
    await expectOnly(["resize", "read", "root"], {
      resize: resize("own"),
      resizeOther: resize("other"),
      read: get(BUCKET, "stage-2/a"),
      write: () => reader.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "x", Body: "x" })),
      guarded: get("guarded", "a"),
      root: () => roles.root.s3.send(new GetObjectCommand({ Bucket: "guarded", Key: "a" })),
    });
  });

  it("refuse credentials with a missing or wrong token, a wrong secret, or an unknown key", async () => {
    const { accessKeyId, secretAccessKey, sessionToken = "" } = worker.credentials;
    const forged = {
      "without token": { accessKeyId, secretAccessKey },
      "other token": { accessKeyId, secretAccessKey, sessionToken: `${sessionToken}x` },
      "other secret": { accessKeyId, secretAccessKey: roles.cloud.keys.secretAccessKey, sessionToken },
      "unknown id": { accessKeyId: "ASIAAAAAAAAAAAAAAAAA", secretAccessKey, sessionToken },
    };
    for (const [what, credentials] of Object.entries(forged)) {
      const client = roles.open(credentials);
      const requests = {
        s3: () => client.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: "stage-1/a" })),
        dynamodb: () => client.dynamodb.send(new GetItemCommand({ TableName: TABLE, Key: OWN })),
        groups: () => client.groups.send(new DescribeAutoScalingGroupsCommand({})),
        ec2: () => client.ec2.send(new DescribeInstancesCommand({})),
        sts: () => client.sts.send(new GetCallerIdentityCommand({})),
      };
      for (const [service, request] of Object.entries(requests))
        expect(await outcomeOf(request()), `${what} ${service}`).to.not.equal("");
    }
  });

  it("keep their credentials across a restart, and use their current policy", async () => {
    const paths = spawnPaths(roles.cloud.env);
    await stopCloud({ paths });
    await ensureCloud({ paths });
    const get = (Key: string) => () => worker.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    await expectOnly(["own"], { own: get("stage-1/a"), other: get("stage-2/a") });
  });
});
