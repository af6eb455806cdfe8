import { DeleteObjectsCommand, ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import { UserError } from "../../../staging/errors.ts";
import type { Call } from "../sdk/call.ts";
import { s3 } from "../sdk/s3.ts";

/** Deletes every version and delete marker of a bucket, page by page (at most 1,000). */
export async function emptyBucket(bucket: string, call: Call): Promise<void> {
  for (;;) {
    // Always the first page, because the previous one is deleted.
    const page = await s3(call).send(new ListObjectVersionsCommand({ Bucket: bucket }));
    const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key,
      VersionId,
    }));
    if (Objects.length === 0) return;
    const { Errors = [] } = await s3(call).send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
    );
    const [first] = Errors;
    if (first) {
      throw new UserError(`${Errors.length} objects of the bucket ${bucket} could not be deleted`, {
        why: `The first is ${first.Key}: ${first.Code}: ${first.Message}`,
      });
    }
  }
}
