import { GetBucketTaggingCommand, HeadBucketCommand } from "@aws-sdk/client-s3";
import { errorName, headersOf, statusOf } from "../../../connection/errors/failure.ts";
import { isOfOtherAccount } from "../../../provider/survey/bucket.ts";
import { ENVIRONMENT_TAG } from "../../../staging/environment.ts";
import { InputError, messageOf } from "../../../staging/errors.ts";
import { foreignBucket } from "../../../staging/ownership/account.ts";
import type { Region } from "../../../staging/regions.ts";
import { shellQuoted } from "../../../staging/shell.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";

const LOOK_MS = 5_000;

/** The owner of a bucket: `theirs` was created by the user, `ours` by this environment, `none` does not exist. */
type BucketOwner = "none" | "ours" | "theirs" | "another environment's";

/**
 * Checks whether a bucket exists, and by its tag whether this environment created it.
 * @param patience milliseconds
 * @throws InputError if S3 does not respond in time (it names --adopt and --no-adopt), or if the bucket is in another region or account
 */
export async function findBucketOwner(
  context: Pick<Context, "account" | "anyBucketsS3" | "environmentName">,
  region: Region,
  bucket: string,
  patience = LOOK_MS,
): Promise<BucketOwner> {
  // Not part of the time: the first use of the local cloud sets it up.
  const client = await context.anyBucketsS3(region);
  const abortSignal = AbortSignal.timeout(patience);
  try {
    const head = await client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal });
    if (head.BucketRegion !== undefined && head.BucketRegion !== region) {
      throw elsewhere(bucket, region, head.BucketRegion, context.environmentName);
    }
    const { TagSet = [] } = await client.send(new GetBucketTaggingCommand({ Bucket: bucket }), {
      abortSignal,
    });
    const tag = TagSet.find(({ Key }) => Key === ENVIRONMENT_TAG);
    if (tag === undefined) return "theirs";
    return tag.Value === context.environmentName ? "ours" : "another environment's";
  } catch (error) {
    if (error instanceof InputError) throw error;
    const status = statusOf(error);
    const told = headersOf(error)["x-amz-bucket-region"];
    if (errorName(error) === "NoSuchTagSet") return "theirs";
    if (status === 404) return "none";
    const account = status === 403 ? await context.account() : undefined;
    if (account !== undefined && (await isOfOtherAccount(bucket, client, { abortSignal })))
      throw foreign(bucket, region, account, context.environmentName);
    if (status === 301 || (told !== undefined && told !== region))
      throw elsewhere(bucket, region, told, context.environmentName);
    throw new InputError(`the bucket ${bucket} cannot be looked at`, {
      why: abortSignal.aborted
        ? `S3 did not answer within ${patience / 1000} s.`
        : status === 403
          ? "Access was denied: it is another account's, or the credentials may not look at it."
          : `${messageOf(error)}.`,
      fix: "Say whose it is: --adopt for one that you made yourself, --no-adopt for one that spawn is to make.",
    });
  }
}

const foreign = (bucket: string, region: Region, account: string, environment: string): InputError =>
  foreignBucket(bucket, region, account, {
    named: "Names of buckets are global in AWS. Its owner could read, change or delete data staged there.",
    fix: `${commandLine(`spawn config set staging.bucket.${region} NAME`, environment)}, with a bucket of your account or a name of your own`,
  });

function elsewhere(
  bucket: string,
  region: Region,
  found: string | undefined,
  environment: string,
): InputError {
  return new InputError(`the bucket ${bucket} is not in ${region}`, {
    why: `It is in ${found ?? "another region"}; instances in ${region} need one in their own.`,
    ...(found === undefined
      ? {}
      : { fix: commandLine(`spawn config set staging.bucket.${shellQuoted(found)} ${bucket}`, environment) }),
  });
}
