import { UserError } from "../../../staging/errors.ts";
import type { Billed } from "../../store/request-payer.ts";

const REQUESTER_PAYS =
  "Where the bucket's owner has the requester pay, accept the charges: --request-payer (of a declared entry, requestPayer: true).";

/**
 * The error for a source on S3 that the credentials in use may not read.
 * @param url `s3://` URL of the bucket, object or prefix
 * @param exitCode 2 while nothing has been made yet
 */
export function downloadForbidden(url: string, exitCode: 1 | 2, { requestPayer = false }: Billed): UserError {
  return new UserError("download failed: 403 Forbidden", {
    why: `The credentials in use may not read ${url}.`,
    fix: [
      "See whose they are: aws sts get-caller-identity. They need s3:GetObject on the objects and s3:ListBucket on their bucket,",
      "as the managed policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess gives.",
      ...(requestPayer ? [] : [REQUESTER_PAYS]),
    ].join(" "),
    exitCode,
  });
}
