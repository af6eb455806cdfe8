import { settingsFileName } from "../../staging/environment.ts";
import { UserError } from "../../staging/errors.ts";
import { shellQuoted } from "../../staging/shell.ts";
import { environmentOfStack } from "../../staging/stack-name.ts";
import { commandLine } from "../command-line.ts";

const BUCKET = /S3 Bucket \((?<bucket>[^)\s]+)\)/;

/**
 * The error for a bucket name that S3 refuses to create; undefined for other errors. The survey before an update rejects taken names,
 * so this covers names taken since then, and names of deleted buckets.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
 */
export function explainTakenBucket(text: string, stack: string): UserError | undefined {
  const bucket = BUCKET.exec(text)?.groups?.["bucket"];
  const name = bucket === undefined ? "a bucket's name" : `the name of the bucket ${bucket}`;
  const environment = environmentOfStack(stack);
  const file = settingsFileName(environment);
  const own = `Set spawn:bucketPrefix (or spawn:buckets) in ${file} to a name of your own, then: ${commandLine("spawn environment up", environment)}`;
  if (/BucketAlreadyExists|BucketAlreadyOwnedByYou/.test(text)) {
    const head = bucket === undefined ? "" : ` (aws s3api head-bucket --bucket ${shellQuoted(bucket)})`;
    return new UserError(`${name} is taken`, {
      why: "Bucket names are global in AWS. Another account has a bucket with this name, or your account has one that this stack did not create.",
      fix: `${own}. If the bucket is yours${head}: add its region to spawn:adopt.`,
    });
  }
  if (/CreateBucket|creating S3 Bucket/.test(text) && /OperationAborted/.test(text)) {
    return new UserError(`${name} is not available yet`, {
      why: "A bucket with this name was deleted recently. S3 releases the name within hours.",
      fix: `Run the command again later. Or: ${own}`,
    });
  }
  if (/TooManyBuckets/.test(text)) {
    return new UserError(`${name} cannot be used: the account has reached its quota of buckets`, {
      why: "The default quota is 10,000 buckets per account.",
      fix: "Delete unused buckets, or request a higher quota: https://console.aws.amazon.com/servicequotas/home/services/s3/quotas",
    });
  }
  return undefined;
}
