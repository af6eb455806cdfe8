import { GetObjectLockConfigurationCommand } from "@aws-sdk/client-s3";
import { statusOf, undefinedIf } from "../../connection/errors/failure.ts";
import type { DefaultRetention } from "../../staging/object-lock.ts";
import type { SdkClient } from "./sdk-client.ts";

/** The Object Lock settings of a bucket. */
export interface LockConfiguration {
  /** The retention of each new object; undefined if only single objects are locked. */
  readonly retention: DefaultRetention | undefined;
}

/**
 * Reads the Object Lock settings of a bucket.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
 * @returns undefined without Object Lock, and without permission to read it: S3 itself rejects deletions of locked
 * objects
 */
export async function lockConfigurationOf(
  client: SdkClient,
  bucket: string,
  abortSignal?: AbortSignal,
): Promise<LockConfiguration | undefined> {
  const command = new GetObjectLockConfigurationCommand({ Bucket: bucket });
  const response = await undefinedIf(
    // Servers without Object Lock report that it is not implemented.
    (error) => [403, 404, 405, 501].includes(statusOf(error) ?? 0),
    client.send(command, abortSignal === undefined ? {} : { abortSignal }),
  );
  const found = response?.ObjectLockConfiguration;
  return found?.ObjectLockEnabled === "Enabled" ? { retention: found.Rule?.DefaultRetention } : undefined;
}
