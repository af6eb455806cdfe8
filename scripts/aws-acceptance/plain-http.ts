import { HeadBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { statusOf } from "../../connection/errors/failure.ts";

/** A client that signs requests normally, without TLS. */
export const plainClient = (region: string): S3Client =>
  new S3Client({ region, endpoint: `http://s3.${region}.amazonaws.com` });

/**
 * The status of a signed request by a user who may read the bucket. Without a signature every private bucket refuses
 * a request, whatever its policy on plain HTTP.
 */
export async function statusOfPlainHttp(client: S3Client, Bucket: string): Promise<number | undefined> {
  try {
    const { $metadata } = await client.send(new HeadBucketCommand({ Bucket }));
    return $metadata.httpStatusCode;
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined) throw error;
    return status;
  }
}
