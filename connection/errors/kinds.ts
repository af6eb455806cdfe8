import { errorName, failureOf, isNameless, statusOf } from "./failure.ts";

/**
 * The codes of AWS (S3, DynamoDB, IAM, STS, EC2, Auto Scaling), of Node and of undici for each kind of error.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
const CODES = {
  unreachable: ["ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"],
  broken: ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"],
  timeout: [
    "ETIMEDOUT",
    "TimeoutError",
    "UND_ERR_CONNECT_TIMEOUT",
    "UND_ERR_HEADERS_TIMEOUT",
    "UND_ERR_BODY_TIMEOUT",
  ],
  expired: ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"],
  "not accepted": [
    "AuthFailure",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
  ],
  denied: [
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "Forbidden",
    "UnauthorizedAccess",
    "UnauthorizedOperation",
  ],
  clock: ["RequestTimeTooSkewed", "RequestInTheFuture"],
  throttled: [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
  ],
  "no bucket": ["NoSuchBucket"],
  "no table": ["ResourceNotFoundException"],
  "other region": ["PermanentRedirect"],
  "not implemented": ["NotImplemented"],
  "server error": ["InternalError", "InternalFailure", "InternalServerError"],
  // By their status: any other reason for a 403, such as the class of an archived object.
  refused: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ErrorKind = keyof typeof CODES;

/** The codes of a kind, for texts of other programs. */
export const codesOf = (kind: ErrorKind): readonly string[] => CODES[kind];

const KINDS = Object.keys(CODES) as ErrorKind[];
const KIND_OF_CODE: ReadonlyMap<string, ErrorKind> = new Map(
  KINDS.flatMap((kind) => codesOf(kind).map((code) => [code, kind] as const)),
);

/**
 * The kind of an error, not of its causes; undefined for an error of any other kind.
 * The code of the connection comes first: the SDK gives a connection that was reset the name of a time-out.
 */
export function kindOf(error: unknown): ErrorKind | undefined {
  const { code, name, Code } = failureOf(error);
  for (const known of [code, name, Code]) {
    const kind = known === undefined ? undefined : KIND_OF_CODE.get(known);
    if (kind !== undefined) return kind;
  }
  return kindOfStatus(error);
}

function kindOfStatus(error: unknown): ErrorKind | undefined {
  const status = statusOf(error) ?? 0;
  if (status === 301) return "other region";
  // A response to a HEAD has no code: its 403 is a denial. With a code, it is not.
  if (status === 403) return isNameless(error) ? "denied" : "refused";
  if (status === 429 || status === 503) return "throttled";
  if (status === 501) return "not implemented";
  return status >= 500 ? "server error" : undefined;
}

const is = (kind: ErrorKind) => (error: unknown) => kindOf(error) === kind;

/** The credentials are valid, but lack the permission. */
export const isDenied = is("denied");
export const isNoSuchBucket = is("no bucket");
export const isNoSuchTable = is("no table");
/** S3 also refuses unknown headers with this code. */
export const isNotImplemented = is("not implemented");
export const isThrottled = is("throttled");
/** There was nothing to connect to. */
export const isNotReached = is("unreachable");
/** No connection was made in time, or no byte moved on it. A reset is not a stall: it fails at once. */
export const isStall = is("timeout");

/** A response to a HEAD has no code, only the status. */
export const isNotFound = (error: unknown): boolean => statusOf(error) === 404;

/** Why an attempt failed that is retried, in a few words: `503 SlowDown`. */
export function troubleOf(error: unknown): string {
  if (isStall(error)) return "no answer";
  const status = statusOf(error);
  if (status === undefined) {
    return isNotReached(error) ? `cannot be reached, ${failureOf(error).code}` : "the connection breaks off";
  }
  return isNameless(error) ? String(status) : `${status} ${errorName(error)}`;
}
