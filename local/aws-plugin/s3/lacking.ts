import { resolveConnection } from "../../../connection/connection.ts";
import type { Call } from "../sdk/call.ts";
import { isAwsError } from "../sdk/errors.ts";

/*
 * An S3 server that the user has put in the local cloud's place need not have all that AWS has. What it lacks stays in the state as it
 * was declared, a warning says so, and what depends on it says what it does instead (provider/store/capabilities.ts).
 */

/** S3's code for what a server does not have: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export const LACKING = "NotImplemented";

/** Settings of which a warning was given, in this process. */
const told = new Set<string>();

/**
 * The answer to a request for a setting of a bucket, or that of `instead` where the server has no such setting. A warning names the setting once.
 * @param title of the setting, such as "lifecycle of the bucket"
 * @param codes by which the server says that it does not have it, beside {@link LACKING}
 */
export async function unlessLacking<T>(
  title: string,
  codes: readonly string[],
  { context }: Call,
  request: Promise<T>,
  instead: () => T | Promise<T>,
): Promise<T> {
  try {
    return await request;
  } catch (error) {
    const lacks = isAwsError(error, LACKING) || (isOtherServer() && isAwsError(error, ...codes));
    if (!lacks) throw error;
    if (!told.has(title)) {
      told.add(title);
      context.log("warning", `This S3 server lacks the ${title}: what is declared of it has no effect.`);
    }
    return instead();
  }
}

/** Whether the server is another than the local cloud, so that what it does not tell it may have forgotten. */
export const isOtherServer = (): boolean => !resolveConnection().isLocalCloud;
