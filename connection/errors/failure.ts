import { messageOf } from "../../staging/errors.ts";

/** An error of the AWS SDK, or of the connection below it. */
export interface Failure extends Error {
  readonly code?: string;
  readonly Code?: string;
  readonly hostname?: string;
  readonly address?: string;
  readonly port?: number;
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

export const failureOf = (error: unknown): Partial<Failure> =>
  typeof error === "object" && error !== null ? error : {};

/** The error, its causes, and the errors that Node collects when it tries several addresses. */
export function* causesOf(error: unknown, depth = 0): Generator<Failure> {
  if (!(error instanceof Error) || depth > 5) return;
  yield error;
  if (error instanceof AggregateError) for (const inner of error.errors) yield* causesOf(inner, depth + 1);
  yield* causesOf(error.cause, depth + 1);
}

/** AWS's code for the error, such as `NoSuchBucket`. */
export const errorName = (error: unknown): string => failureOf(error).name ?? "";

/** The response; undefined after an error that `isExpected` accepts. */
export async function undefinedIf<T>(
  isExpected: (error: unknown) => boolean,
  response: Promise<T>,
): Promise<T | undefined> {
  try {
    return await response;
  } catch (error) {
    if (isExpected(error)) return undefined;
    throw error;
  }
}

/** The HTTP status of the response; undefined if there was none. */
export const statusOf = (error: unknown): number | undefined =>
  failureOf(error).$metadata?.httpStatusCode ?? failureOf(error).$response?.statusCode;

/** The headers of the response, names in lower case. */
export const headersOf = (error: unknown): Readonly<Record<string, string | undefined>> =>
  failureOf(error).$response?.headers ?? {};

/** How many times the request that failed was sent. */
export const attemptsOf = (error: unknown): number => failureOf(error).$metadata?.attempts ?? 1;

/** The SDK's names and messages for a response without a body, such as that to a HEAD. */
const NAMELESS: ReadonlySet<string> = new Set(["", "Error", "Unknown", "UnknownError"]);

/** Whether the response had no error code. */
export const isNameless = (error: unknown): boolean =>
  NAMELESS.has(errorName(error)) || errorName(error) === String(statusOf(error));

/** The message of AWS; the status of the response if it had no message. */
export function textOf(error: unknown): string {
  // The SDK appends lines for developers.
  const [text = ""] = messageOf(error).trim().split("\n", 1);
  const status = statusOf(error);
  if (!NAMELESS.has(text) && text !== String(status)) return text;
  return status === undefined
    ? "no reason was given."
    : `the answer was HTTP status ${status}, without a text.`;
}

/** `SlowDown: Please reduce your request rate.` */
export function nameAndText(error: unknown): string {
  const known = isNameless(error) ? (failureOf(error).code ?? "") : errorName(error);
  return known === "" ? textOf(error) : `${known}: ${textOf(error)}`;
}

/** ` (request ABC123)`, which AWS's support asks for; empty if the response had no id. */
export function requestOf(error: unknown): string {
  const id = failureOf(error).$metadata?.requestId;
  return id === undefined ? "" : ` (request ${id})`;
}
