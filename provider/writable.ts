import { HeadBucketCommand } from "@aws-sdk/client-s3";
import { type Dependencies, showProgress } from "./deps.ts";
import type { CallContext } from "./plugin/types.ts";
import { explained } from "./store/explain.ts";
import { pause } from "./store/retry.ts";

const REPORT_MS = 5_000;

/**
 * Waits until a bucket may be written, saying so. AWS asks for 15 minutes after versioning was first enabled.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/manage-versioning-examples.html
 */
export async function waitUntilWritable(
  target: { readonly region: string; readonly bucket: string; readonly writableAt?: string },
  deps: Dependencies,
  context: CallContext,
): Promise<void> {
  if (target.writableAt === undefined) return;
  // Its answer tells the server's time: by a clock that is ahead the wait would be left out.
  await explained(`looking at the bucket ${target.bucket}`, () =>
    deps.s3
      .of(target.region)
      .send(new HeadBucketCommand({ Bucket: target.bucket }), { abortSignal: context.signal }),
  );
  const until = new Date(target.writableAt).getTime();
  for (let left = until - deps.now().getTime(); left > 0; left = until - deps.now().getTime()) {
    const text = `Waiting until ${target.writableAt}: versioning of ${target.bucket} was enabled shortly before`;
    const progress = {
      phase: "wait",
      region: target.region,
      done: 0,
      total: 0,
      objectsDone: 0,
      objectsTotal: 0,
    } as const;
    showProgress(context, text, { ...progress, finished: false });
    await pause(Math.min(left, REPORT_MS), context.signal);
  }
}
