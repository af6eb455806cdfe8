import { TerminateInstanceInAutoScalingGroupCommand } from "@aws-sdk/client-auto-scaling";
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { parseAccountId } from "../../staging/accounts.ts";
import { workerPolicy } from "../../staging/sweep/worker-policy.ts";
import { environmentSettings } from "../components/settings.ts";
import { copiesIn, dataset, shares, sweepSpec } from "../staging/sweep/sweep-spec.ts";
import { createSweepsTable, createTable } from "../support/tables.ts";
import type { RoleCloud, Statement } from "./role-cloud.ts";
import { outcomeOf, Roles } from "./roles.ts";

const BUCKET = "spawn-staging-us-east-1";
const SWEEPS = "spawn-sweeps-dev";
const USAGE = "spawn-usage-dev";
const SWEEP = "sweep-abc123def456";
const OTHER_SWEEP = "sweep-000000000000";
const ENTRY = "stage-abc123def456";
const OTHER_ENTRY = "stage-000000000000";
const GROUP = `spawn-${SWEEP}`;

const STATEMENTS = (
  JSON.parse(
    workerPolicy(
      sweepSpec({
        regions: shares({ "us-east-1": 4 }),
        datasets: [dataset({ kind: "directory", copies: copiesIn("us-east-1") })],
        results: "s3://results/run/",
      }),
      environmentSettings({ regions: "us-east-1" }),
      parseAccountId("000000000000"),
    ),
  ) as { Statement: (Statement & { readonly Sid: string })[] }
).Statement;

type Request = (worker: RoleCloud) => Promise<unknown>;

const itemOf = (sweep: string, item: string) => ({ sweep_id: { S: sweep }, item: { S: item } });
const get =
  (Key: string): Request =>
  ({ s3 }) =>
    s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
const put =
  (Bucket: string, Key: string, Tagging?: string): Request =>
  ({ s3 }) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body: "x", Tagging }));
const list =
  (Prefix: string): Request =>
  ({ s3 }) =>
    s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix }));
const query =
  (sweep: string): Request =>
  ({ dynamodb }) =>
    dynamodb.send(
      new QueryCommand({
        TableName: SWEEPS,
        KeyConditionExpression: "sweep_id = :id",
        ExpressionAttributeValues: { ":id": { S: sweep } },
      }),
    );
const claim =
  (sweep: string): Request =>
  ({ dynamodb }) =>
    dynamodb.send(
      new UpdateItemCommand({
        TableName: SWEEPS,
        Key: itemOf(sweep, "region#us-east-1"),
        UpdateExpression: "ADD next_ticket :one",
        ExpressionAttributeValues: { ":one": { N: "1" } },
        ReturnValues: "ALL_NEW",
      }),
    );
const getItem =
  (sweep: string): Request =>
  ({ dynamodb }) =>
    dynamodb.send(new GetItemCommand({ TableName: SWEEPS, Key: itemOf(sweep, "meta") }));

/** Counts one more instance of the region, as a worker does: with a marker in the sweeps table. */
const count =
  (sweep: string, entry: string, attribute = "instance_count"): Request =>
  ({ dynamodb }) =>
    dynamodb.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          {
            Update: {
              TableName: SWEEPS,
              Key: itemOf(sweep, `instance#i-0123456789abcdef0#${entry}`),
              UpdateExpression: "SET expires_epoch = :expires",
              ExpressionAttributeValues: { ":expires": { N: "4102444800" } },
            },
          },
          {
            Update: {
              TableName: USAGE,
              Key: { staging_id: { S: entry } },
              UpdateExpression: "ADD #count :one, download_count :one, #region :one",
              ConditionExpression: "attribute_exists(staging_id)",
              ExpressionAttributeNames: { "#count": attribute, "#region": "instances_in_us-east-1" },
              ExpressionAttributeValues: { ":one": { N: "1" } },
            },
          },
        ],
      }),
    );

/** A worker's actions, with the statement that allows each. */
const OWN: Readonly<Record<string, readonly [sid: string, request: Request]>> = {
  "reads the manifest": ["ReadData", get(`${ENTRY}/.spawn-manifest.jsonl`)],
  "lists a directory": ["ListData", list(`${ENTRY}/`)],
  "claims an index": ["ClaimIndices", claim(SWEEP)],
  "reads the sweep": ["ClaimIndices", getItem(SWEEP)],
  "looks for an index": ["ClaimIndices", query(SWEEP)],
  "counts its download": ["CountDownloads", count(SWEEP, ENTRY)],
  "writes a log": ["WriteLogs", put(BUCKET, `${SWEEP}/logs/0/1.log`, "spawn%3Attl-days=30")],
  "writes results": ["WriteResults", put("results", "run/0/out.csv")],
};

/** Actions that the role must deny. */
const FOREIGN: Readonly<Record<string, Request>> = {
  "reads other data": get(`${OTHER_ENTRY}/a`),
  "lists other data": list(`${OTHER_ENTRY}/`),
  "lists the bucket": list(""),
  "deletes its data": ({ s3 }) => s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: `${ENTRY}/a` })),
  "changes its data": put(BUCKET, `${ENTRY}/a`),
  "writes another sweep's log": put(BUCKET, `${OTHER_SWEEP}/logs/0/1.log`),
  "writes other results": put("results", "other/0/out.csv"),
  "claims another sweep's index": claim(OTHER_SWEEP),
  "reads another sweep": getItem(OTHER_SWEEP),
  "looks for another sweep's indices": query(OTHER_SWEEP),
  "reads all sweeps": ({ dynamodb }) => dynamodb.send(new ScanCommand({ TableName: SWEEPS })),
  "deletes an item": ({ dynamodb }) =>
    dynamodb.send(new DeleteItemCommand({ TableName: SWEEPS, Key: itemOf(SWEEP, "meta") })),
  "counts other downloads": count(SWEEP, OTHER_ENTRY),
  "changes the ledger": count(SWEEP, ENTRY, "closed_at"),
  "reads the ledger": ({ dynamodb }) =>
    dynamodb.send(new GetItemCommand({ TableName: USAGE, Key: { staging_id: { S: ENTRY } } })),
  "looks at instances": ({ ec2 }) => ec2.send(new DescribeInstancesCommand({})),
  "ends instances by EC2": ({ ec2 }) =>
    ec2.send(new TerminateInstancesCommand({ InstanceIds: ["i-0123456789abcdef0"] })),
};

describe("the role of workers on the local cloud", () => {
  const outcome = (request: Request, worker: RoleCloud): Promise<string> => outcomeOf(request(worker));
  const roles = Roles.forSuite(async ({ root: { s3, dynamodb } }) => {
    for (const Bucket of [BUCKET, "results"]) await s3.send(new CreateBucketCommand({ Bucket }));
    for (const Key of [`${ENTRY}/.spawn-manifest.jsonl`, `${ENTRY}/a`, `${OTHER_ENTRY}/a`])
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: "data" }));
    await createSweepsTable(dynamodb, SWEEPS);
    await createTable(dynamodb, USAGE, ["staging_id"]);
    for (const sweep of [SWEEP, OTHER_SWEEP])
      await dynamodb.send(new PutItemCommand({ TableName: SWEEPS, Item: itemOf(sweep, "meta") }));
    for (const id of [ENTRY, OTHER_ENTRY])
      await dynamodb.send(new PutItemCommand({ TableName: USAGE, Item: { staging_id: { S: id } } }));
  });

  describe("permits a worker's work:", () => {
    let worker: RoleCloud;
    before(async () => {
      worker = await roles.make("worker", STATEMENTS);
    });
    for (const [what, [, request]] of Object.entries(OWN)) {
      it(`it ${what}`, async () => {
        expect(await outcome(request, worker)).to.equal("");
      });
    }
    for (const [what, request] of Object.entries(FOREIGN)) {
      it(`it never ${what}`, async () => {
        expect(await outcome(request, worker)).to.be.oneOf([
          ...["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"],
        ]);
      });
    }

    it("it leaves its own group, and terminates no other group's instance", async () => {
      await roles.aws.group(GROUP, { DesiredCapacity: 1 });
      await roles.aws.group("another", { DesiredCapacity: 1 });
      const leave =
        (InstanceId = ""): Request =>
        ({ groups }) =>
          groups.send(
            new TerminateInstanceInAutoScalingGroupCommand({
              InstanceId,
              ShouldDecrementDesiredCapacity: true,
            }),
          );
      const [own] = await roles.aws.settled(GROUP, 1);
      const [other] = await roles.aws.settled("another", 1);
      expect(await outcome(leave(other), worker)).to.equal("AccessDenied");
      expect(await outcome(leave(own), worker)).to.equal("");
    });
  });

  describe("has no statement too many:", () => {
    for (const { Sid } of STATEMENTS.filter((one) => one.Sid !== "LeaveGroup")) {
      it(`without ${Sid}, a worker cannot do its work`, async () => {
        const worker = await roles.make(
          `without-${Sid}`,
          STATEMENTS.filter((one) => one.Sid !== Sid),
        );
        for (const [what, [sid, request]] of Object.entries(OWN)) {
          // A download is counted with a marker among the items of the sweep.
          const needs = what === "counts its download" ? ["CountDownloads", "ClaimIndices"] : [sid];
          expect((await outcome(request, worker)) === "", what).to.equal(!needs.includes(Sid));
        }
      });
    }
  });
});
