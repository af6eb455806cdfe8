import { messageOf, UserError } from "../../staging/errors.ts";
import { endpointOverride } from "./clients.ts";

/** What the SDK throws, as far as it is read here. */
interface ServiceFailure {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: {
    readonly httpStatusCode?: number;
    readonly requestId?: string;
    readonly attempts?: number;
  };
  readonly $response?: { readonly headers?: Readonly<Record<string, string | undefined>> };
}

const NOT_REACHED = new Set(["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"]);
const BROKEN_OFF = new Set(["ECONNRESET", "EPIPE"]);
const NO_CREDENTIALS = new Set([
  "CredentialsProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "TokenRefreshRequired",
]);

const failureOf = (error: unknown): ServiceFailure =>
  typeof error === "object" && error !== null ? (error as ServiceFailure) : {};

/** The name by which AWS knows the error, such as `NoSuchBucket`. */
export const errorName = (error: unknown): string => failureOf(error).name ?? "";

/** The status of AWS's answer; undefined where there was none. */
export const statusOf = (error: unknown): number | undefined => failureOf(error).$metadata?.httpStatusCode;

/** The headers of AWS's answer, names in lower case. */
export const headersOf = (error: unknown): Readonly<Record<string, string | undefined>> =>
  failureOf(error).$response?.headers ?? {};

/** How often the SDK sent the request that failed. */
export const attemptsOf = (error: unknown): number => failureOf(error).$metadata?.attempts ?? 1;

/** Whether the error says that something isn't there. A HEAD has no body, so its error has only the status. */
export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404;
}

export const isNoSuchBucket = (error: unknown): boolean => errorName(error) === "NoSuchBucket";

/**
 * An error of AWS told to the user: what was being done, what AWS said, and what mends it.
 * Errors that are for the user already, and aborts, stay as they are.
 * @param doing such as `upload to us-east-1 (bucket b)`
 */
export function explainAwsError(error: unknown, doing: string): unknown {
  const failure = failureOf(error);
  const name = failure.name ?? "";
  if (error instanceof UserError || name === "AbortError" || name === "CallAborted") return error;
  const explain = (why: string, fix?: string): UserError =>
    new UserError(`${doing} failed`, { why, ...(fix === undefined ? {} : { fix }), cause: error });

  const code = failure.code ?? "";
  if (NOT_REACHED.has(code)) {
    const endpoint = endpointOverride();
    return endpoint === undefined
      ? explain(
          `AWS cannot be reached (${code}).`,
          "Check the network connection, then run the command again.",
        )
      : explain(`The endpoint ${endpoint} cannot be reached (${code}).`, "spawn local up");
  }
  if (BROKEN_OFF.has(code) || code === "ETIMEDOUT" || name === "TimeoutError") {
    return explain(
      BROKEN_OFF.has(code) ? "The connection broke off again and again." : "The connection timed out.",
      "Check the network connection, then run the command again.",
    );
  }
  if (name === "NoSuchBucket") return explain("The bucket does not exist.", "spawn environment up");
  if (name === "ResourceNotFoundException")
    return explain("The table does not exist.", "spawn environment up");
  if (NO_CREDENTIALS.has(name)) {
    return explain(`There are no valid AWS credentials: ${textOf(error)}`, "aws configure");
  }
  if (name === "AccessDenied" || failure.$metadata?.httpStatusCode === 403) {
    return explain(
      `Access was denied: ${textOf(error)}`,
      "Check whose credentials are in use, and what they may do: aws sts get-caller-identity",
    );
  }
  if (name === "PermanentRedirect" || failure.$metadata?.httpStatusCode === 301) {
    return explain("The bucket is in another region.", "Check spawn:buckets in Pulumi.<environment>.yaml.");
  }
  if (failure.$metadata === undefined && code === "") return error;
  const request = failure.$metadata?.requestId;
  return explain(`${nameAndText(error)}${request ? ` (request ${request})` : ""}`);
}

/** The SDK's names and messages for an answer without a body, such as that to a HEAD. */
const NAMELESS = new Set(["", "Error", "Unknown", "UnknownError"]);

/** `SlowDown: Please reduce your request rate.` */
function nameAndText(error: unknown): string {
  const { name = "", code = "" } = failureOf(error);
  const known = NAMELESS.has(name) ? code : name;
  return known === "" ? textOf(error) : `${known}: ${textOf(error)}`;
}

/** What AWS said; where it said nothing, the status of its answer, which is all there is. */
function textOf(error: unknown): string {
  // The SDK adds lines for its own users, such as where to find the raw answer.
  const [text = ""] = messageOf(error).split("\n", 1);
  if (!NAMELESS.has(text)) return text;
  const status = statusOf(error);
  return status === undefined
    ? "no reason was given."
    : `the answer was HTTP status ${status}, without a text.`;
}

/** Runs `work`; its AWS errors are told as {@link explainAwsError} does. */
export async function explained<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explainAwsError(error, doing);
  }
}
