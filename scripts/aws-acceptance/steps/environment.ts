import { hash } from "node:crypto";
import { DescribeContinuousBackupsCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyStatusCommand,
  GetPublicAccessBlockCommand,
  PutBucketLifecycleConfigurationCommand,
} from "@aws-sdk/client-s3";
import { UserError } from "../../../staging/errors.ts";
import { plainClient, statusOfPlainHttp } from "../plain-http.ts";
import { ENVIRONMENT, type Run, type Seen } from "../run.ts";
import { compared, type Step } from "../step.ts";

const USERS_RULE = "users-own";

/** A user's bucket, with a rule of the old form (`Prefix` in place of `Filter`). */
async function makeOwnBucket(run: Run): Promise<void> {
  const region = run.settings.regions[2];
  const client = await run.s3(region);
  const Bucket = run.ownBucket;
  const constraint = { LocationConstraint: region as BucketLocationConstraint };
  await client
    .send(
      new CreateBucketCommand({
        Bucket,
        ...(region === "us-east-1" ? {} : { CreateBucketConfiguration: constraint }),
      }),
    )
    .catch((error: unknown) => {
      if (!(error instanceof Error) || error.name !== "BucketAlreadyOwnedByYou") throw error;
    });
  const Rules = [{ ID: USERS_RULE, Status: "Enabled" as const, Prefix: "mine/", Expiration: { Days: 30 } }];
  await client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
  );
}

async function usersRule(run: Run): Promise<string> {
  const client = await run.s3(run.settings.regions[2]);
  const { Rules = [] } = await client.send(
    new GetBucketLifecycleConfigurationCommand({ Bucket: run.ownBucket }),
  );
  return JSON.stringify(Rules.find(({ ID }) => ID === USERS_RULE) ?? null);
}

const UP = "spawn environment up (twice), pulumi refresh --preview-only";

/** Creates the state's bucket and the environment, which all other steps need. */
export const environment: Step = {
  name: "the environment",
  points: ["state-bucket", "official-plugin", "users-rules", "bucket-policy", "point-in-time-recovery"],
  usd: 0.02,
  minutes: 8,
  run: async (run) => [
    ...(await makeEnvironment(run)),
    await bucketPolicy(run),
    await pointInTimeRecovery(run),
  ],
};

async function makeEnvironment(run: Run): Promise<Seen[]> {
  await makeOwnBucket(run);
  const before = await usersRule(run);
  const made = await run.result("environment", "bootstrap", "--yes");
  const again = await run.result("environment", "bootstrap", "--yes");
  const first = await run.succeed("environment", "up", "--yes");
  const second = await run.result("environment", "up", "--yes");
  const changed = Object.keys((second["changes"] ?? {}) as object).filter((op) => op !== "same");
  const drift = await run.command("bash", [
    "-c",
    `eval "$('${process.execPath}' '${run.settings.project}/bin/spawn' env)" && cd '${run.settings.project}' && pulumi refresh --preview-only --expect-no-changes --non-interactive --stack ${ENVIRONMENT}`,
  ]);
  const after = await usersRule(run);
  return [
    compared(
      "state-bucket",
      "spawn environment bootstrap (twice), then spawn environment up",
      "the bucket is made once, and the engine keeps the state in it",
      `made: ${made["created"]}; again: ${again["created"]}, missing: ${JSON.stringify(again["settings"])}`,
      again["created"] === false && JSON.stringify(again["settings"]) === "[]",
    ),
    compared(
      "official-plugin",
      UP,
      "the second update and a refresh change nothing",
      `${first.seconds.toFixed(0)} s; second update: ${changed.join(", ") || "no change"}; refresh: exit code ${drift.code}`,
      changed.length === 0 && drift.code === 0,
    ),
    compared(
      "users-rules",
      "a lifecycle rule of the old form before and after environment up",
      `the rule as it was: ${before}`,
      after,
      before === after,
    ),
  ];
}

async function bucketPolicy(run: Run): Promise<Seen> {
  const [region] = run.settings.regions;
  const client = await run.s3(region);
  const Bucket = run.bucketOf(region);
  const { PolicyStatus } = await client.send(new GetBucketPolicyStatusCommand({ Bucket }));
  const { PublicAccessBlockConfiguration: block = {} } = await client.send(
    new GetPublicAccessBlockCommand({ Bucket }),
  );
  const plain =
    run.settings.cloud === "local" ? undefined : await statusOfPlainHttp(plainClient(region), Bucket);
  return compared(
    "bucket-policy",
    `GetBucketPolicyStatus and GetPublicAccessBlock of ${Bucket}; a signed HeadBucket by http://…`,
    "not public, all four blocks, and plain HTTP is refused (403)",
    `public: ${PolicyStatus?.IsPublic}; blocks: ${Object.values(block).filter(Boolean).length}; plain HTTP: ${plain ?? "not asked"}`,
    PolicyStatus?.IsPublic === false && Object.values(block).every(Boolean) && (plain ?? 403) === 403,
  );
}

async function pointInTimeRecovery(run: Run): Promise<Seen> {
  const [region] = run.settings.regions;
  const client = new DynamoDBClient(await run.clientOf(region));
  const TableName = `${run.prefix}-staging-${ENVIRONMENT}`;
  const answer = await client.send(new DescribeContinuousBackupsCommand({ TableName }));
  const status =
    answer.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus ?? "none";
  return compared(
    "point-in-time-recovery",
    `DescribeContinuousBackups ${TableName}`,
    "ENABLED",
    status,
    status === "ENABLED",
  );
}

/** The SHA-256 of the staged data, to compare downloads with. */
export const sha256 = (bytes: Uint8Array): string => hash("sha256", bytes);

/** @throws UserError if the text is not an ID */
export function idIn(text: string, kind: "stage" | "sweep"): string {
  const id = text.trim();
  if (id.startsWith(`${kind}-`)) return id;
  throw new UserError(`"${id}" is no ${kind} ID`);
}
