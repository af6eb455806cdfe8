import { connectionOfProcess } from "../../connection/connection.ts";
import { failureOf, nameAndText, requestOf } from "../../connection/errors/failure.ts";
import { type Explanation, explainFailure, sentencesOf } from "../../connection/errors/words.ts";
import { UserError } from "../../staging/errors.ts";
import { inWords, type Words } from "../../staging/option.ts";
import { shellQuoted } from "../../staging/shell.ts";
import { NoAnswerError, regionOf } from "./no-answer.ts";

/** An upload or a replication. The user guide prescribes their error texts. */
export interface Transfer {
  readonly what: "upload" | "replication";
  /** The region of the destination. */
  readonly region: string;
  readonly bucket: string;
}

/** The work that failed: a transfer, or a phrase such as `deleting stage-… in us-west-2`. */
export type Doing = Transfer | string;

/**
 * Converts an AWS error into an error for the user: the work that failed, the cause and the fix.
 * @returns `error` itself if it is a UserError, an abort, or not from AWS
 */
export function explainAwsError(error: unknown, doing: Doing): unknown {
  const { name = "", code = "", $metadata } = failureOf(error);
  if (error instanceof UserError || name === "AbortError" || name === "CallAborted") return error;
  const fail = (why: string, fix?: Words, what = `${describeWork(doing)} failed`): UserError =>
    new UserError(what, { why, ...(fix === undefined ? {} : { fix }), cause: error });

  const found = explainFailure(error, { connection: connectionOfProcess() });
  if (found?.kind === "timeout" || error instanceof NoAnswerError) {
    return fail(whyTimedOut(error, doing), TIMEOUT_FIX, timedOut(doing));
  }
  if (found?.kind === "denied" && typeof doing !== "string") return denialError(found, doing, error);
  if (found !== undefined) return fail(sentencesOf(found), found.fix);
  if ($metadata === undefined && code === "") return error;
  return fail(`${nameAndText(error)}${requestOf(error)}`);
}

/** The error for a transfer that was denied; undefined for any other error. */
export function explainDenial(error: unknown, doing: Transfer): UserError | undefined {
  const found = explainFailure(error, { connection: connectionOfProcess() });
  return found?.kind === "denied" ? denialError(found, doing, error) : undefined;
}

const denialError = (found: Explanation, { what, region, bucket }: Transfer, cause: unknown): UserError =>
  new UserError(`${what} failed: access denied in ${regionOf(cause) ?? region}`, {
    why: sentencesOf(found),
    fix: (spell, command) =>
      `${inWords(found.fix ?? "", spell, command)}. To look at the bucket: aws s3 ls ${shellQuoted(`s3://${bucket}/`)}`,
    cause,
  });

const describeWork = (doing: Doing): string =>
  typeof doing === "string" ? doing : `${doing.what} to ${doing.region} (bucket ${doing.bucket})`;

function timedOut(doing: Doing): string {
  if (typeof doing === "string") return `${doing} failed: connection timeout`;
  const where = doing.what === "replication" ? ` in ${doing.region}` : "";
  return `${doing.what} failed: connection timeout${where}`;
}

function whyTimedOut(error: unknown, doing: Doing): string {
  const place = typeof doing === "string" ? "S3" : `S3 in ${regionOf(error) ?? doing.region}`;
  return error instanceof NoAnswerError
    ? `${place} gave no answer for ${error.seconds} s, on several connections one after another.`
    : "The connection timed out.";
}

const TIMEOUT_FIX: Words = (spell) =>
  `Check the network connection. Where it is slow or comes and goes, give the upload more time (${spell("timeout", 3600)}) and small parts (${spell("multipart", true)}).`;

/** Runs `work` and explains its errors, see {@link explainAwsError}. */
export async function explained<T>(doing: Doing, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explainAwsError(error, doing);
  }
}
