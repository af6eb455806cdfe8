import { GetBucketTaggingCommand, HeadBucketCommand } from "@aws-sdk/client-s3";
import { isAbsent } from "../../connection/errors/absent.ts";
import { headersOf, statusOf, undefinedIf } from "../../connection/errors/failure.ts";
import { isDenied, isNotFound } from "../../connection/errors/kinds.ts";
import { ENVIRONMENT_TAG } from "../../staging/environment.ts";
import { UserError } from "../../staging/errors.ts";
import type { Target } from "../rules/configuration.ts";
import { retryOnNewBucket } from "../rules/spreading.ts";
import { explained } from "../store/explain.ts";
import type { Settling } from "../store/retry.ts";
import { isOfOtherAccount } from "../survey/bucket.ts";

/** @throws UserError unless the bucket exists in that region, is readable, and belongs to this account and to no environment */
export async function requireBucket(
  { client, bucket, signal }: Target,
  region: string,
  spreading: Settling,
): Promise<void> {
  const options = { abortSignal: signal };
  const doing = `adopting the bucket ${bucket} in ${region}`;
  try {
    const { BucketRegion } = await client.send(new HeadBucketCommand({ Bucket: bucket }), options);
    if (BucketRegion !== undefined && BucketRegion !== region) throw elsewhere(bucket, region, BucketRegion);
  } catch (error) {
    if (isNotFound(error)) throw missing(bucket, region, error);
    if (statusOf(error) === 301)
      throw elsewhere(bucket, region, headersOf(error)["x-amz-bucket-region"], error);
    if (isDenied(error) && (await isOfOtherAccount(bucket, client, options)))
      throw foreign(bucket, region, error);
    await explained(doing, () => Promise.reject(error));
  }
  const readTags = () => client.send(new GetBucketTaggingCommand({ Bucket: bucket }), options);
  const tagging = await explained(doing, () =>
    undefinedIf(isAbsent, retryOnNewBucket(readTags, { spreading, signal })),
  );
  const owner = tagging?.TagSet?.find(({ Key }) => Key === ENVIRONMENT_TAG)?.Value;
  if (owner !== undefined) throw managed(bucket, region, owner);
}

function missing(bucket: string, region: string, cause: unknown): UserError {
  return new UserError(`there is no bucket ${bucket}, which is to be adopted in ${region}`, {
    why: "A bucket of your own is never made by spawn.",
    fix: `aws s3 mb s3://${bucket} --region ${region}, or let spawn make it: remove ${region} from spawn:adopt.`,
    cause,
  });
}

function elsewhere(bucket: string, region: string, actual: string | undefined, cause?: unknown): UserError {
  return new UserError(`the bucket ${bucket} is not in ${region}`, {
    why: actual === undefined ? "It is in another region." : `It is in ${actual}.`,
    fix: `Use it as the bucket of ${actual ?? "its own region"}, or make another one: aws s3 mb s3://NAME --region ${region}`,
    cause,
  });
}

function foreign(bucket: string, region: string, cause: unknown): UserError {
  return new UserError(`the bucket ${bucket} cannot be adopted: it belongs to another account`, {
    why: "Names of buckets are global in AWS. Its owner could read, change or delete data staged there.",
    fix: `Set spawn:buckets in Pulumi.<environment>.yaml to a bucket of your account in ${region}. To see its buckets: aws s3 ls`,
    cause,
  });
}

/** The environment that created the bucket would remove spawn's rules and then delete it. */
function managed(bucket: string, region: string, environment: string): UserError {
  return new UserError(`the bucket ${bucket} cannot be adopted: environment ${environment} made it`, {
    why: `It has the tag ${ENVIRONMENT_TAG}=${environment}, and who made a bucket deletes it.`,
    fix: `Remove ${region} from spawn:adopt, or adopt another bucket.`,
  });
}
