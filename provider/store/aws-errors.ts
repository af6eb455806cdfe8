import { connectionOfProcess } from "../../connection/connection.ts";
import { explainSetup } from "../../connection/failure.ts";
import { UserError } from "../../staging/errors.ts";
import { rightsHint } from "../../staging/policies/denial.ts";
import { shellQuoted } from "../../staging/shell.ts";
import {
  credentialsProblem,
  failureOf,
  isBrokenOff,
  isDenied,
  isStall,
  nameAndText,
  statusOf,
  textOf,
} from "./aws-failure.ts";
import { NoAnswerError, regionOf } from "./no-answer.ts";

export {
  attemptsOf,
  errorName,
  headersOf,
  isNoSuchBucket,
  isNotFound,
  isNotImplemented,
  statusOf,
} from "./aws-failure.ts";

/** An upload or a replication, whose errors have the guide's texts. */
export interface Transfer {
  readonly what: "upload" | "replication";
  /** Where the bytes go. */
  readonly region: string;
  readonly bucket: string;
}

/** What was being done: a transfer, or anything else in words, such as `deleting stage-… in us-west-2`. */
export type Doing = Transfer | string;

const AGAIN = "then run the command again.";

/**
 * An error of AWS told to the user: what was being done, what AWS said, and what mends it.
 * Errors that are for the user already, and aborts, stay as they are.
 */
export function explainAwsError(error: unknown, doing: Doing): unknown {
  const { name = "", code = "", $metadata } = failureOf(error);
  if (error instanceof UserError || name === "AbortError" || name === "CallAborted") return error;
  const explain = (why: string, fix?: string, what = `${inWords(doing)} failed`): UserError =>
    new UserError(what, { why, ...(fix === undefined ? {} : { fix }), cause: error });

  const setup = explainSetup(error, connectionOfProcess());
  if (setup !== undefined) return explain(`${capitalized(setup.message)}. ${setup.why}`, setup.fix);
  const credentials = credentialsProblem(error);
  if (credentials !== undefined) return explain(...CREDENTIALS[credentials](textOf(error)));
  if (isStall(error) || error instanceof NoAnswerError) {
    return explain(silence(error, doing), MORE_TIME, timedOut(doing));
  }
  if (isBrokenOff(error)) {
    return explain("The connection broke off again and again.", `Check the network connection, ${AGAIN}`);
  }
  if (name === "NoSuchBucket") return explain("The bucket does not exist.", "spawn environment up");
  if (name === "ResourceNotFoundException") {
    return explain("The table does not exist.", "spawn environment up");
  }
  if (isDenied(error)) {
    return typeof doing === "string"
      ? explain(denial(error), rightsHint(textOf(error)))
      : explainDenial(error, doing);
  }
  if (name === "PermanentRedirect" || statusOf(error) === 301) {
    return explain("The bucket is in another region.", "Check spawn:buckets in Pulumi.<environment>.yaml.");
  }
  if ($metadata === undefined && code === "") return error;
  const request = $metadata?.requestId;
  return explain(`${nameAndText(error)}${request ? ` (request ${request})` : ""}`);
}

/**
 * The error for what the credentials in use may not do; undefined for any other error.
 * @param environment named in the remedy. @default none
 */
export function explainDenial(
  error: unknown,
  { what, region, bucket }: Transfer,
  environment?: string,
): UserError | undefined {
  if (!isDenied(error)) return undefined;
  return new UserError(`${what} failed: access denied in ${regionOf(error) ?? region}`, {
    why: denial(error),
    fix: `${rightsHint(textOf(error), environment)}. To look at the bucket: aws s3 ls ${shellQuoted(`s3://${bucket}/`)}`,
    cause: error,
  });
}

const denial = (error: unknown): string => `Access was denied: ${textOf(error)}`;

const inWords = (doing: Doing): string =>
  typeof doing === "string" ? doing : `${doing.what} to ${doing.region} (bucket ${doing.bucket})`;

type WhyAndFix = [why: string, fix: string];

const CREDENTIALS = {
  expired: (text: string): WhyAndFix => [
    `The AWS credentials have expired: ${text}`,
    `Renew them where they come from, such as by aws sso login, ${AGAIN}`,
  ],
  "not accepted": (text: string): WhyAndFix => [
    `AWS does not accept the credentials: ${text}`,
    `Check AWS_PROFILE and the keys (aws sts get-caller-identity), ${AGAIN}`,
  ],
};

const capitalized = (text: string): string =>
  text.startsWith("http") ? text : text[0]?.toUpperCase() + text.slice(1);

function timedOut(doing: Doing): string {
  if (typeof doing === "string") return `${doing} failed: connection timeout`;
  const where = doing.what === "replication" ? ` in ${doing.region}` : "";
  return `${doing.what} failed: connection timeout${where}`;
}

function silence(error: unknown, doing: Doing): string {
  const place = typeof doing === "string" ? "S3" : `S3 in ${regionOf(error) ?? doing.region}`;
  return error instanceof NoAnswerError
    ? `${place} gave no answer for ${error.seconds} s, on several connections one after another.`
    : "The connection timed out.";
}

const MORE_TIME =
  "Check the network connection. Where it is slow or comes and goes, give spawn stage upload more time and small parts: --timeout 3600 --multipart";

/** Runs `work`; its AWS errors are told as {@link explainAwsError} does. */
export async function explained<T>(doing: Doing, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explainAwsError(error, doing);
  }
}
