import type { Words } from "../../staging/option.ts";
import { permissionsHint } from "../../staging/policies/denial.ts";
import type { Connection } from "../connection.ts";
import { causesOf, type Failure, nameAndText, requestOf, textOf } from "./failure.ts";
import { type ErrorKind, kindOf } from "./kinds.ts";
import { endpointOf, explainSetup } from "./setup.ts";

/** Where the failed request went, as far as the caller knows. */
interface RequestContext {
  readonly connection: Connection | undefined;
  /** Named as the file to check. */
  readonly environment?: string;
}

/** The cause of a failed request, and its fix. */
export interface Explanation {
  readonly kind: ErrorKind | "setup";
  /** A clause without a period: `the AWS credentials have expired`. */
  readonly message: string;
  /** Sentences about the cause. */
  readonly why?: string;
  /** The text of AWS. */
  readonly said?: string;
  readonly fix?: Words;
}

const AGAIN = "then run the command again.";

export const EXPIRED = {
  message: "the AWS credentials have expired",
  fix: `Renew them, for example with aws sso login, ${AGAIN}`,
};

export const NOT_ACCEPTED = {
  message: "AWS does not accept the credentials",
  fix: `Check AWS_PROFILE and the keys (aws sts get-caller-identity), ${AGAIN}`,
};

const UP: Words = (_spell, command) => command("spawn environment up");

type Cause = Omit<Explanation, "kind">;

const WORDS: Readonly<Record<ErrorKind, (error: Failure, context: RequestContext) => Cause>> = {
  unreachable: (error, context) => silence(error, context, "The connection could not be made."),
  timeout: (error, context) => silence(error, context, "The connection timed out."),
  broken: (error, context) => silence(error, context, "The connection broke off again and again."),
  expired: (error) => ({ ...EXPIRED, said: textOf(error) }),
  "not accepted": (error) => ({ ...NOT_ACCEPTED, said: textOf(error) }),
  denied: (error) => ({
    message: "access was denied",
    said: textOf(error),
    fix: (_spell, command) => permissionsHint(textOf(error), command),
  }),
  clock: (error) => ({
    message: "AWS does not accept the time of this machine",
    said: textOf(error),
    fix: `Set its clock, ${AGAIN}`,
  }),
  throttled: (error) => ({
    message: "AWS is limiting the rate of requests",
    said: `${nameAndText(error)}${requestOf(error)}`,
    fix: `Wait a minute, ${AGAIN}`,
  }),
  "server error": (error) => ({
    message: "AWS has a problem of its own",
    said: `${nameAndText(error)}${requestOf(error)}`,
    fix: `Wait a minute, ${AGAIN}`,
  }),
  "not implemented": (error) => ({
    message: "the server does not have an operation of AWS that this command needs",
    said: textOf(error),
    fix: "Use AWS or the local cloud: unset AWS_ENDPOINT_URL and the variables that begin so.",
  }),
  "no bucket": () => ({ message: "the bucket does not exist", fix: UP }),
  "no table": () => ({ message: "the table does not exist", fix: UP }),
  "other region": (_, { environment = "<environment>" }) => ({
    message: "the bucket is in another region",
    fix: `Check spawn:buckets in Pulumi.${environment}.yaml.`,
  }),
  refused: (error) => ({
    message: "AWS refused the request",
    said: `${nameAndText(error)}${requestOf(error)}`,
  }),
};

/**
 * The cause and the fix of a failed request to AWS. The user's set-up comes first, then the error, then its causes.
 * @returns undefined for any other error
 */
export function explainFailure(error: unknown, context: RequestContext): Explanation | undefined {
  const setup = explainSetup(error, context.connection);
  if (setup !== undefined) return { kind: "setup", ...setup };
  for (const found of causesOf(error)) {
    const kind = kindOf(found);
    if (kind !== undefined) return { kind, ...WORDS[kind](found, context) };
  }
  return undefined;
}

/** The message, the cause and what AWS said, as sentences. */
export function sentencesOf({ message, why, said }: Explanation): string {
  const first = message.startsWith("http") ? message : capitalized(message);
  if (said !== undefined) return `${first}: ${said}`;
  return why === undefined ? `${first}.` : `${first}. ${why}`;
}

/** The sentences below the message; undefined where the message says everything. */
export const detailOf = ({ why, said }: Explanation): string | undefined =>
  why ?? (said === undefined ? undefined : capitalized(said));

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function silence(error: Failure, { connection }: RequestContext, why: string): Cause {
  if (connection?.isLocalCloud) {
    return {
      message: `the local cloud is not answering at ${connection.endpoints.S3?.url}`,
      why: "It was stopped, or it is still starting.",
      fix: "spawn local up, then run the command again",
    };
  }
  const endpoint = endpointOf(error, connection);
  return {
    message: `${endpoint?.url ?? "AWS"} is not answering`,
    why,
    fix:
      endpoint === undefined
        ? "Check the network, and whether a proxy is needed (HTTPS_PROXY)."
        : `Check ${endpoint.source} and the network.`,
  };
}
