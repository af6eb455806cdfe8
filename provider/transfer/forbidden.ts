import { UserError } from "../../staging/errors.ts";

/**
 * The error for a source on S3 that the credentials in use may not read.
 * @param url `s3://` URL of the bucket, object or prefix
 * @param exitCode 2 while nothing has been made yet
 */
export function downloadForbidden(url: string, exitCode: 1 | 2): UserError {
  return new UserError("download failed: 403 Forbidden", {
    why: `The credentials in use may not read ${url}.`,
    fix: [
      "See whose they are: aws sts get-caller-identity. They need s3:GetObject on the objects and s3:ListBucket on their bucket,",
      "as the managed policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess gives.",
    ].join(" "),
    exitCode,
  });
}
