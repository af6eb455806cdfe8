import type { Connection } from "../connection/connection.ts";
import { causesOf, explainSetup, type Failure } from "../connection/failure.ts";
import { UserError } from "../staging/errors.ts";
import { rightsHint } from "../staging/policies/denial.ts";
import { shellQuoted } from "../staging/shell.ts";

/** Where the failed request went. */
export interface CloudOfError {
  readonly environment: string;
  /** Unknown when the failure came before the settings were read. */
  readonly cloud: "local" | "aws" | undefined;
  /** The connection of the failed request; undefined until it is resolved. */
  readonly connection: Connection | undefined;
}

type Explain = (error: Failure, at: CloudOfError) => UserError;

const silent: Explain = (cause, { connection }) => {
  const endpoint = connection?.endpoints.S3;
  if (connection?.isLocalCloud) {
    return new UserError(`the local cloud is not answering at ${endpoint?.url}`, {
      why: "It was stopped, or it is still starting.",
      fix: "spawn local up, then run the command again",
      cause,
    });
  }
  return new UserError(`${endpoint?.url ?? "AWS"} is not answering`, {
    why: cause.message === "" ? "The connection could not be made." : cause.message,
    fix:
      endpoint === undefined
        ? "Check the network, and whether a proxy is needed (HTTPS_PROXY)."
        : `Check ${endpoint.source} and the network.`,
    cause,
  });
};

const notUp: Explain = (cause, { environment }) =>
  new UserError(`environment ${environment} is not up`, {
    why: "Its table or bucket does not exist.",
    fix: `spawn environment up --environment ${shellQuoted(environment)}`,
    exitCode: 2,
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

const denied: Explain = (cause, { environment }) =>
  new UserError("AWS denied the request", {
    why: textOf(cause),
    fix: rightsHint(textOf(cause), environment),
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

const lacking: Explain = (cause) =>
  new UserError("the server does not have an operation of AWS that this command needs", {
    why: textOf(cause),
    fix: "Use AWS or the local cloud: unset AWS_ENDPOINT_URL and the variables that begin so.",
    cause,
  });

/** An answer to a HEAD has no text: its status is all there is. */
function textOf({ message, $metadata }: Failure): string {
  const status = $metadata?.httpStatusCode;
  const isTextless = message === "" || message === "UnknownError" || message === String(status);
  return isTextless && status !== undefined
    ? `The answer was HTTP status ${status}, without a text.`
    : message;
}

const BY_CODE: Readonly<Record<string, Explain>> = {
  ECONNRESET: silent,
  EPIPE: silent,
  ETIMEDOUT: silent,
  TimeoutError: silent,
  ResourceNotFoundException: notUp,
  NoSuchBucket: notUp,
  NotImplemented: lacking,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  RequestExpired: expired,
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
  const problem = explainSetup(error, at.connection);
  if (problem !== undefined) {
    const { message, why, fix } = problem;
    return new UserError(message, { why, fix, cause: error });
  }
  for (const found of causesOf(error)) {
    for (const code of [found.code, found.name, found.Code]) {
      if (code !== undefined && Object.hasOwn(BY_CODE, code)) return BY_CODE[code]?.(found, at);
    }
  }
  for (const found of causesOf(error)) {
    const explained = explanationOf(found.$metadata?.httpStatusCode)?.(found, at);
    if (explained !== undefined) return explained;
  }
  return undefined;
}
