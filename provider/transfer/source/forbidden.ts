import { UserError } from "../../../staging/errors.ts";
import type { Billed } from "../../store/object-store.ts";

/**
 * The error for an S3 source that the credentials have no permission to read.
 * @param url `s3://` URL of the bucket, object or prefix
 * @param exitCode 2 if nothing has been created yet
 */
export function downloadForbidden(url: string, exitCode: 1 | 2, { requestPayer = false }: Billed): UserError {
  return new UserError("download failed: 403 Forbidden", {
    why: `The credentials in use may not read ${url}.`,
    fix: (spell) =>
      [
        "See whose they are: aws sts get-caller-identity. They need s3:GetObject on the objects and s3:ListBucket on their bucket,",
        "as the managed policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess gives.",
        ...(requestPayer
          ? []
          : [
              `Where the bucket's owner has the requester pay, accept the charges: ${spell("requestPayer", true)}.`,
            ]),
      ].join(" "),
    exitCode,
  });
}
