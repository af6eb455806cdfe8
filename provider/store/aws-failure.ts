import { messageOf } from "../../staging/errors.ts";

/** What the SDK throws, as far as it is read here. */
export interface ServiceFailure {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: {
    readonly httpStatusCode?: number;
    readonly requestId?: string;
    readonly attempts?: number;
  };
  readonly $response?: {
    readonly statusCode?: number;
    readonly headers?: Readonly<Record<string, string | undefined>>;
  };
}

export const failureOf = (error: unknown): ServiceFailure =>
  typeof error === "object" && error !== null ? (error as ServiceFailure) : {};

/** The name by which AWS knows the error, such as `NoSuchBucket`. */
export const errorName = (error: unknown): string => failureOf(error).name ?? "";

/** The status of AWS's answer; undefined where there was none. */
export const statusOf = (error: unknown): number | undefined =>
  failureOf(error).$metadata?.httpStatusCode ?? failureOf(error).$response?.statusCode;

/** The headers of AWS's answer, names in lower case. */
export const headersOf = (error: unknown): Readonly<Record<string, string | undefined>> =>
  failureOf(error).$response?.headers ?? {};

/** How often the SDK sent the request that failed. */
export const attemptsOf = (error: unknown): number => failureOf(error).$metadata?.attempts ?? 1;

/** Whether the error says that something isn't there. A HEAD has no body, so its error has only the status. */
export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404;
}

/**
 * Whether the server says that it has no such operation. AWS says so of headers that it does not know, too.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export const isNotImplemented = (error: unknown): boolean =>
  errorName(error) === "NotImplemented" || statusOf(error) === 501;

export const isNoSuchBucket = (error: unknown): boolean => errorName(error) === "NoSuchBucket";

const NOT_REACHED = new Set(["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"]);
const BROKEN_OFF = new Set(["ECONNRESET", "EPIPE"]);

/** Whether there was nobody to connect to. */
export const isNotReached = (error: unknown): boolean => NOT_REACHED.has(failureOf(error).code ?? "");

export const isBrokenOff = (error: unknown): boolean => BROKEN_OFF.has(failureOf(error).code ?? "");

/**
 * Whether nothing came back in time, neither a connection nor a byte on it. The SDK names a connection that was reset a
 * time-out, too: that one failed at once, and asking again for as long as nothing answers would be a storm.
 */
export const isStall = (error: unknown): boolean =>
  failureOf(error).code === "ETIMEDOUT" || (errorName(error) === "TimeoutError" && !isBrokenOff(error));

/** Whether there is too much for the server: S3 says so by 503, with SlowDown or another name. */
export const isThrottled = (error: unknown): boolean => [429, 503].includes(statusOf(error) ?? 0);

const EXPIRED = new Set(["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"]);
const NOT_ACCEPTED = new Set([
  "InvalidAccessKeyId",
  "InvalidToken",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
]);

/** What is the matter with the credentials; undefined for errors of another kind. */
export function credentialsProblem(error: unknown): "expired" | "not accepted" | undefined {
  const name = errorName(error);
  if (EXPIRED.has(name)) return "expired";
  return NOT_ACCEPTED.has(name) ? "not accepted" : undefined;
}

/** The SDK's names and messages for an answer without a body, such as that to a HEAD. */
const NAMELESS = new Set(["", "Error", "Unknown", "UnknownError"]);

const isNameless = (error: unknown): boolean =>
  NAMELESS.has(errorName(error)) || errorName(error) === String(statusOf(error));

const DENIED = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "AllAccessDisabled",
  "Forbidden",
  "UnauthorizedAccess",
]);

/**
 * Whether the credentials are good, but not for this. Not every 403 says so: an archived object and a clock that is wrong
 * are answered by it, too. That to a HEAD has no name.
 */
export const isDenied = (error: unknown): boolean =>
  DENIED.has(errorName(error)) || (statusOf(error) === 403 && isNameless(error));

/** `SlowDown: Please reduce your request rate.` */
export function nameAndText(error: unknown): string {
  const { name = "", code = "" } = failureOf(error);
  const known = NAMELESS.has(name) ? code : name;
  return known === "" ? textOf(error) : `${known}: ${textOf(error)}`;
}

/** What AWS said; where it said nothing, the status of its answer, which is all there is. */
export function textOf(error: unknown): string {
  // The SDK adds lines for its own users, such as where to find the raw answer.
  const [text = ""] = messageOf(error).split("\n", 1);
  if (!NAMELESS.has(text)) return text;
  const status = statusOf(error);
  return status === undefined
    ? "no reason was given."
    : `the answer was HTTP status ${status}, without a text.`;
}

/** What a request that is about to be sent again met with, in a few words: `503 SlowDown`. */
export function troubleOf(error: unknown): string {
  if (isStall(error)) return "no answer";
  const status = statusOf(error);
  if (status === undefined) {
    return isNotReached(error) ? `cannot be reached, ${failureOf(error).code}` : "the connection breaks off";
  }
  return isNameless(error) ? String(status) : `${status} ${errorName(error)}`;
}
