import { ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { statusOf } from "../../connection/errors/failure.ts";
import { kindOf } from "../../connection/errors/kinds.ts";

const HEADS: ReadonlySet<string> = new Set(["HeadObjectCommand", "HeadBucketCommand"]);

/**
 * An answer to a HEAD has no body, so S3 cannot say there that a token has expired: it is a bare 400, as a bad key is a bare
 * 403. Then a request that is answered with a text is sent to the same bucket, and its error is thrown where it is about
 * the credentials.
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
        const told = await errorOfListing(client, Bucket);
        throw kindOf(told) === "expired" || kindOf(told) === "not accepted" ? told : error;
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
