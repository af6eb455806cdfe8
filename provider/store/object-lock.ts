import { GetObjectLockConfigurationCommand, type S3Client } from "@aws-sdk/client-s3";
import { statusOf } from "../../connection/errors/failure.ts";
import type { DefaultRetention } from "../../staging/object-lock.ts";

/** How a bucket's objects are locked. */
export interface LockConfiguration {
  /** What every new object is kept by; undefined where only single objects are locked. */
  readonly retention: DefaultRetention | undefined;
}

/**
 * Reads whether objects of a bucket can be locked.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
 * @returns undefined without Object Lock, and where the credentials may not know it: S3 itself refuses what is locked
 */
export async function lockConfigurationOf(
  client: S3Client,
  bucket: string,
  abortSignal?: AbortSignal,
): Promise<LockConfiguration | undefined> {
  try {
    const { ObjectLockConfiguration: found } = await client.send(
      new GetObjectLockConfigurationCommand({ Bucket: bucket }),
      abortSignal === undefined ? {} : { abortSignal },
    );
    if (found?.ObjectLockEnabled !== "Enabled") return undefined;
    return { retention: found.Rule?.DefaultRetention };
  } catch (error) {
    // Servers that do not know Object Lock say that it is not implemented.
    if ([403, 404, 405, 501].includes(statusOf(error) ?? 0)) return undefined;
    throw error;
  }
}
