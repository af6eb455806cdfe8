import { HeadBucketCommand } from "@aws-sdk/client-s3";
import { type Dependencies, showWait } from "./deps.ts";
import type { CallContext } from "./plugin/types.ts";
import { explained } from "./store/explain.ts";
import { pause } from "./store/retry.ts";

const REPORT_INTERVAL_MS = 5_000;

/**
 * Waits until a bucket may be written, and reports the wait. AWS recommends 15 minutes after versioning is first enabled.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/manage-versioning-examples.html
 */
export async function waitUntilWritable(
  target: { readonly region: string; readonly bucket: string; readonly writableAt?: string },
  deps: Dependencies,
  context: CallContext,
): Promise<void> {
  if (target.writableAt === undefined) return;
  // The response sets the clock: with a fast local clock the wait would be skipped.
  await explained(`looking at the bucket ${target.bucket}`, () =>
    deps.s3
      .of(target.region)
      .send(new HeadBucketCommand({ Bucket: target.bucket }), { abortSignal: context.signal }),
  );
  const until = new Date(target.writableAt).getTime();
  const remaining = (): number => until - deps.now().getTime();
  for (let remainingMs = remaining(); remainingMs > 0; remainingMs = remaining()) {
    const text = `Waiting until ${target.writableAt}: versioning of ${target.bucket} was enabled shortly before`;
    showWait(context, text, target.region);
    await pause(Math.min(remainingMs, REPORT_INTERVAL_MS), context.signal);
  }
}
