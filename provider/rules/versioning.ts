import { GetBucketVersioningCommand } from "@aws-sdk/client-s3";
import { isNoSuchBucket } from "../../connection/errors/kinds.ts";
import { becomesTrue, type Settling } from "../store/retry.ts";
import type { Target } from "./configuration.ts";

/** `Enabled`, `Suspended`, or `Disabled` if it was never enabled. */
export async function versioningOf({ client, bucket, signal }: Target): Promise<string> {
  const command = new GetBucketVersioningCommand({ Bucket: bucket });
  return (await client.send(command, { abortSignal: signal })).Status ?? "Disabled";
}

/** Whether S3 reports the bucket's versioning as enabled, at the latest when the retries end. */
export const isVersioned = (target: Target, spreading: Settling): Promise<boolean> =>
  becomesTrue(async () => (await versioningOf(target)) === "Enabled", {
    signal: target.signal,
    ...spreading,
    retryable: isNoSuchBucket,
  });
