import { type BucketLocationConstraint, CreateBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { isPropagating } from "../../../../provider/rules/spreading.ts";
import { DEFAULT_SPREADING, withRetry } from "../../../../provider/store/retry.ts";
import { InputError, UserError } from "../../../../staging/errors.ts";
import { type StatePlace, stateUrlOfBucket } from "../../../../staging/state-bucket.ts";
import { commandLine } from "../../../command-line.ts";
import type { Context } from "../../../context.ts";
import { isStateBucketThere } from "./look.ts";
import { type BootstrapOptions, otherName, placeFor, type StateOwner } from "./place.ts";
import { type StateSetting, stateSettings } from "./settings.ts";

/** A setting does not show yet. */
class Late extends Error {
  override readonly name = "Late";
}

/** Whether the bucket exists, and which settings are missing. */
export interface BootstrapPlan extends StateOwner {
  readonly place: StatePlace;
  readonly url: string;
  readonly isThere: boolean;
  readonly missing: readonly StateSetting[];
  readonly client: S3Client;
}

/**
 * Plans the creation of the bucket. Changes nothing.
 * @throws InputError if the credentials are of another account than the environment, or the bucket cannot be used
 */
export async function planBootstrap(
  context: Pick<Context, "account" | "anyBucketsS3" | "settings" | "stateUrl">,
  options: BootstrapOptions,
): Promise<BootstrapPlan> {
  const settings = await context.settings();
  const account = await context.account();
  if (account === undefined) {
    throw new InputError("the server in place of AWS has no accounts", {
      why: "The name of the bucket has the account, and each request names it.",
      fix: `Make a bucket yourself, then: ${commandLine("spawn config set backend.url 's3://BUCKET?region=REGION'", settings.name)}`,
    });
  }
  const place = placeFor({ settings, account }, options, await context.stateUrl());
  const { bucket, region } = place;
  if ([...settings.buckets.values()].includes(bucket)) {
    throw new InputError(`${bucket} is a bucket of staged data of the environment ${settings.name}`, {
      why: "The state of the stacks must not be among data that expire.",
      fix: otherName(settings.name),
    });
  }
  const client = await context.anyBucketsS3(region);
  const isThere = await isStateBucketThere(client, place, { settings, account });
  const all = stateSettings(settings.cloud);
  const missing = isThere ? await missingOf(client, bucket, all) : all;
  return { settings, account, place, url: stateUrlOfBucket(place), isThere, missing, client };
}

async function missingOf(
  client: S3Client,
  bucket: string,
  settings: readonly StateSetting[],
): Promise<StateSetting[]> {
  const made = await Promise.all(settings.map((setting) => setting.isMade(client, bucket)));
  return settings.filter((_setting, index) => made[index] === false);
}

/**
 * Creates the bucket and its settings, and verifies them. After an interruption it can run again.
 * @param spreading retries until S3 knows the bucket and shows a setting
 * @throws UserError if S3 does not show a setting afterwards
 */
export async function makeStateBucket(
  plan: Pick<BootstrapPlan, "settings" | "client" | "place" | "isThere" | "missing">,
  spreading = DEFAULT_SPREADING,
): Promise<void> {
  const { settings, client, place, isThere, missing } = plan;
  const { bucket, region } = place;
  const { signal } = new AbortController();
  if (!isThere) await create(client, place, settings.name);
  for (const setting of missing) {
    const retries = { ...spreading, signal, retryable: isPropagating };
    await withRetry(() => setting.make(client, bucket), retries);
  }
  const assertMade = async (): Promise<void> => {
    const [late] = await missingOf(client, bucket, missing);
    if (late !== undefined) throw new Late(late.what);
  };
  try {
    const retryable = (error: unknown): boolean => error instanceof Late || isPropagating(error);
    await withRetry(assertMade, { ...spreading, signal, retryable });
  } catch (error) {
    if (!(error instanceof Late)) throw error;
    throw new UserError(`the bucket ${bucket} did not take a setting: ${error.message}`, {
      why: `S3 in ${region} does not show it after some minutes.`,
      fix: "Run the command again.",
    });
  }
}

/** The response to a creation has no owner; every later request names the expected one. */
async function create(client: S3Client, { bucket, region }: StatePlace, environment: string): Promise<void> {
  // us-east-1 is the only region without a location constraint: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
  const location = { LocationConstraint: region as BucketLocationConstraint };
  try {
    await client.send(
      new CreateBucketCommand({
        Bucket: bucket,
        ...(region === "us-east-1" ? {} : { CreateBucketConfiguration: location }),
      }),
    );
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.name === "BucketAlreadyOwnedByYou") return;
    if (error.name !== "BucketAlreadyExists") throw error;
    throw new InputError(`the bucket name ${bucket} is taken`, {
      why: "Names of buckets are global in AWS, and another account has this one.",
      fix: otherName(environment),
    });
  }
}
