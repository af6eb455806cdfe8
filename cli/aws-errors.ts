import { UserError } from "../staging/errors.ts";

/** Where the failed request went. */
export interface CloudOfError {
  readonly environment: string;
  /** Unknown when the failure came before the settings were read. */
  readonly cloud: "local" | "aws" | undefined;
  /** The endpoint, unless it is AWS's own. */
  readonly endpoint: string | undefined;
}

interface AwsError extends Error {
  readonly code?: string;
  readonly Code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

type Explain = (error: AwsError, at: CloudOfError) => UserError;

const refused: Explain = (cause, { cloud, endpoint }) =>
  cloud === "local"
    ? new UserError(`the local cloud is not answering${endpoint === undefined ? "" : ` at ${endpoint}`}`, {
        why: "It was stopped, or it is still starting.",
        fix: "spawn local up, then run the command again",
        cause,
      })
    : new UserError(`${endpoint ?? "AWS"} is not answering`, {
        why: cause.message === "" ? "The connection could not be made." : cause.message,
        fix: endpoint === undefined ? "Check the network." : "Check AWS_ENDPOINT_URL and the network.",
        cause,
      });

const notUp: Explain = (cause, { environment }) =>
  new UserError(`environment ${environment} is not up`, {
    why: "Its table or bucket does not exist.",
    fix: `spawn environment up --environment ${environment}`,
    exitCode: 2,
    cause,
  });

const noCredentials: Explain = (cause) =>
  new UserError("AWS credentials are missing", {
    why: cause.message,
    fix: "aws configure, or aws sso login where your organisation uses it",
    cause,
  });

const expired: Explain = (cause) =>
  new UserError("the AWS credentials have expired", {
    why: cause.message,
    fix: "aws sso login, or renew them where they come from, then run the command again",
    cause,
  });

const badCredentials: Explain = (cause) =>
  new UserError("AWS does not accept the credentials", {
    why: cause.message,
    fix: "Check AWS_PROFILE and the keys (aws sts get-caller-identity), then run the command again.",
    cause,
  });

const denied: Explain = (cause) =>
  new UserError("AWS denied the request", {
    why: textOf(cause),
    fix: "Ask who administers the account for the permission, or choose another AWS_PROFILE.",
    cause,
  });

const throttled: Explain = (cause) =>
  new UserError("AWS is limiting the rate of requests", {
    why: textOf(cause),
    fix: "Wait a minute, then run the command again.",
    cause,
  });

const wrongClock: Explain = (cause) =>
  new UserError("AWS does not accept the time of this machine", {
    why: cause.message,
    fix: "Set its clock, then run the command again.",
    cause,
  });

const broken: Explain = (cause) =>
  new UserError("AWS has a problem of its own", {
    why: textOf(cause),
    fix: "Wait a minute, then run the command again.",
    cause,
  });

/** An answer to a HEAD has no text: its status is all there is. */
function textOf({ message, $metadata }: AwsError): string {
  const status = $metadata?.httpStatusCode;
  const isTextless = message === "" || message === "UnknownError" || message === String(status);
  return isTextless && status !== undefined
    ? `The answer was HTTP status ${status}, without a text.`
    : message;
}

const BY_CODE: Readonly<Record<string, Explain>> = {
  ECONNREFUSED: refused,
  ECONNRESET: refused,
  EHOSTUNREACH: refused,
  ENETUNREACH: refused,
  ENOTFOUND: refused,
  EAI_AGAIN: refused,
  ETIMEDOUT: refused,
  TimeoutError: refused,
  ResourceNotFoundException: notUp,
  NoSuchBucket: notUp,
  CredentialsProviderError: noCredentials,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  RequestExpired: expired,
  TokenProviderError: expired,
  InvalidAccessKeyId: badCredentials,
  InvalidClientTokenId: badCredentials,
  InvalidToken: badCredentials,
  UnrecognizedClientException: badCredentials,
  InvalidSignatureException: badCredentials,
  SignatureDoesNotMatch: badCredentials,
  AccessDenied: denied,
  AccessDeniedException: denied,
  Forbidden: denied,
  ThrottlingException: throttled,
  ProvisionedThroughputExceededException: throttled,
  RequestLimitExceeded: throttled,
  SlowDown: throttled,
  RequestTimeTooSkewed: wrongClock,
  RequestInTheFuture: wrongClock,
};

/** For errors whose name says nothing. */
function explanationOf(status: number | undefined): Explain | undefined {
  if (status === 403) return denied;
  if (status === 429 || status === 503) return throttled;
  return status !== undefined && status >= 500 ? broken : undefined;
}

/** Turns an error of the AWS SDK, or of the connection below it, into one with a remedy; undefined for any other. */
export function explainAwsError(error: unknown, at: CloudOfError): UserError | undefined {
  for (const found of causes(error)) {
    for (const code of [found.code, found.name, found.Code]) {
      if (code !== undefined && Object.hasOwn(BY_CODE, code)) return BY_CODE[code]?.(found, at);
    }
  }
  for (const found of causes(error)) {
    const explained = explanationOf(found.$metadata?.httpStatusCode)?.(found, at);
    if (explained !== undefined) return explained;
  }
  return undefined;
}

/** The error, what caused it, and the errors that Node collects when it tries several addresses. */
function* causes(error: unknown, depth = 0): Generator<AwsError> {
  if (!(error instanceof Error) || depth > 5) return;
  yield error;
  if (error instanceof AggregateError) for (const inner of error.errors) yield* causes(inner, depth + 1);
  yield* causes(error.cause, depth + 1);
}
