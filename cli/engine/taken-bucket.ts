import { UserError } from "../../staging/errors.ts";
import { shellQuoted } from "../../staging/shell.ts";

const BUCKET = /S3 Bucket \((?<bucket>[^)\s]+)\)/;

/**
 * What S3 says when it makes no bucket of a name; undefined for any other error. The survey before an update refuses names that are
 * taken, so this is a name that was taken meanwhile, or that S3 has not freed yet.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
 */
export function explainTakenBucket(text: string, stack: string): UserError | undefined {
  const bucket = BUCKET.exec(text)?.groups?.["bucket"];
  const name = bucket === undefined ? "a bucket's name" : `the name of the bucket ${bucket}`;
  const environment = stack.split(".")[0] ?? stack;
  const file = `Pulumi.${environment}.yaml`;
  const own = `Set spawn:bucketPrefix (or spawn:buckets) in ${file} to a name of your own, then: spawn environment up --environment ${environment}`;
  if (/BucketAlreadyExists|BucketAlreadyOwnedByYou/.test(text)) {
    const head = bucket === undefined ? "" : ` (aws s3api head-bucket --bucket ${shellQuoted(bucket)})`;
    return new UserError(`${name} is taken`, {
      why: "Names of buckets are global in AWS: another account has a bucket of this name, or yours has one that this stack did not make.",
      fix: `${own}. If it is yours${head}: add its region to spawn:adopt.`,
    });
  }
  if (/CreateBucket|creating S3 Bucket/.test(text) && /OperationAborted/.test(text)) {
    return new UserError(`${name} is not free yet`, {
      why: "A bucket of this name was deleted a short time ago; S3 frees the name within some hours.",
      fix: `Run the command again later. Or: ${own}`,
    });
  }
  if (/TooManyBuckets/.test(text)) {
    return new UserError(`${name} cannot be used: the account may have no more buckets`, {
      why: "S3 allows 10,000 buckets in an account, unless the quota was changed.",
      fix: "Delete buckets that are not needed, or ask for more: https://console.aws.amazon.com/servicequotas/home/services/s3/quotas",
    });
  }
  return undefined;
}
