import { ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { statusOf } from "../../connection/errors/failure.ts";
import { kindOf } from "../../connection/errors/kinds.ts";
import { isRetryable } from "./request-retries.ts";

const HEADS: ReadonlySet<string> = new Set(["HeadObjectCommand", "HeadBucketCommand"]);

/**
 * Finds the cause of a failed HEAD. Its response has no body, so an expired token is only a 400, and a bad key only a
 * 403. A listing of the same bucket returns the error's text; its error is thrown if it concerns the credentials, or if a
 * retry may show the cause.
 */
export function tellWhyHeadsFail(client: S3Client): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        const status = statusOf(error) ?? 0;
        if (!HEADS.has(context.commandName ?? "") || (status !== 400 && status !== 403)) throw error;
        const { Bucket } = args.input as { Bucket?: string };
        const listingError = await errorOfListing(client, Bucket);
        const kind = kindOf(listingError);
        throw kind === "expired" || kind === "not accepted" || isRetryable(listingError)
          ? listingError
          : error;
      }
    },
    { step: "initialize", name: "tellWhyHeadsFail" },
  );
}

async function errorOfListing(client: S3Client, Bucket: string | undefined): Promise<unknown> {
  try {
    await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }));
    return undefined;
  } catch (error) {
    return error;
  }
}
