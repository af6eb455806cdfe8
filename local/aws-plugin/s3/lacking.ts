import { resolveConnection } from "../../../connection/connection.ts";
import type { Call } from "../sdk/call.ts";
import { isAwsError } from "../sdk/errors.ts";

/**
 * An S3 server in place of the local cloud need not support all features of AWS. An unsupported setting stays in the
 * state as declared, and a warning reports it; code that depends on it states its fallback
 * (provider/rules/capabilities.ts).
 */

/** S3's code for an unsupported feature: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export const LACKING = "NotImplemented";

/**
 * The response to a request for a setting of a bucket, or that of `instead` if the server does not support the
 * setting. Warns once per setting.
 * @param title of the setting, such as "lifecycle of the bucket"
 * @param codes further error codes for an unsupported setting, in addition to {@link LACKING}
 */
export async function unlessLacking<T>(
  title: string,
  codes: readonly string[],
  { context, server }: Call,
  request: Promise<T>,
  instead: () => T | Promise<T>,
): Promise<T> {
  try {
    return await request;
  } catch (error) {
    const lacks = isAwsError(error, LACKING) || (isOtherServer() && isAwsError(error, ...codes));
    if (!lacks) throw error;
    server.warnOnce(context, `This S3 server does not support the ${title}: its declaration has no effect.`);
    return instead();
  }
}

/** Whether the server is not the local cloud, so that it may have dropped values that it does not return. */
export const isOtherServer = (): boolean => !resolveConnection().isLocalCloud;
