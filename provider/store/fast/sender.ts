import type { S3Client } from "@aws-sdk/client-s3";
import { Signer, type SigningScope } from "../../../connection/signing.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { type ExpectedOwner, ownerHeaders } from "../expected-owner.ts";
import {
  type Input,
  NEVER,
  type OperationName,
  type Output,
  type RequestSender,
  type SendOptions,
} from "../operations.ts";
import { isRetryable } from "../request-retries.ts";
import { failedAnswer } from "./answers.ts";
import { encodeKey } from "./encoding.ts";
import type { Http, Response } from "./http.ts";
import { FAST_OPERATIONS, type FastRequest } from "./requests.ts";
import { learnRoutes, type Route } from "./routes.ts";

const CRC32_HEADER = "x-amz-checksum-crc32";

interface FastOptions {
  /** Sends the requests that the fast path does not support, and those that failed there. */
  readonly next: RequestSender;
  /** Its credentials sign the requests. Its first request to a bucket shows the route. */
  readonly client: S3Client;
  readonly http: Http;
  /** The account that owns the buckets; each request names it. @default none */
  readonly owner?: ExpectedOwner | undefined;
}

/**
 * Sends the requests that carry the data (uploads, copies, HEADs) directly over HTTP: the SDK's overhead per request
 * costs three times as much CPU as sending 16 KiB. The fast path handles only success. It throws a transient error; after
 * any other result the SDK sends the same request and finds the cause. The SDK also sends the retries.
 */
export function fastSender(options: FastOptions): RequestSender {
  const { next, client } = options;
  const own = { signer: new Signer(), checking: new Set<string>() };
  const fastPath: FastPath = { ...options, ...own, routes: learnRoutes(client) };
  return {
    region: next.region,
    async send(operation, input, sendOptions) {
      const answer =
        sendOptions.isRetry === true ? undefined : await attempt(fastPath, operation, input, sendOptions);
      return answer === undefined ? next.send(operation, input, sendOptions) : answer.output;
    },
  };
}

interface FastPath extends FastOptions {
  readonly routes: ReadonlyMap<string, Route>;
  readonly signer: Signer;
  /** Kinds of uploads for which the server returns the CRC32. S3 returns it after a comparison with the bytes. */
  readonly checking: Set<string>;
}

/**
 * @returns undefined if the request did not succeed
 * @throws a transient error
 */
async function attempt<Name extends OperationName>(
  fastPath: FastPath,
  operation: Name,
  input: Input<Name>,
  { signal = NEVER, bandwidth, anyOwner = false }: SendOptions,
): Promise<{ readonly output: Output<Name> } | undefined> {
  const fast = FAST_OPERATIONS[operation];
  const route = fastPath.routes.get(input.bucket);
  if (fast === undefined || route === undefined || signal.aborted) return undefined;
  const request = fast.request(input);
  if (request === undefined) return undefined;
  const account = await fastPath.owner?.();
  const { source } = request;
  const flags = { toAnyOwner: anyOwner, fromAnyOwner: source?.anyOwner };
  if (account !== undefined)
    Object.assign(request.headers, ownerHeaders(account, source !== undefined, flags));
  const credentials = await fastPath.client.config.credentials();
  const { path, headers } = signRequest(fastPath.signer, request, route, credentials, serverClock.now());
  headers.push("user-agent", route.userAgent);
  const kind = `${input.bucket} ${operation}`;
  const { method, body } = request;
  const wire = { method, path, headers, body, isChecked: fastPath.checking.has(kind), bandwidth };
  const sentAt = serverClock.steady();
  let response: Response;
  try {
    response = await fastPath.http.exchange(route, wire, signal);
  } catch (error) {
    if (isRetryable(error)) throw error;
    return undefined; // the SDK's attempt reports the cause
  }
  const { status } = response;
  serverClock.note(response.headers["date"], sentAt);
  const crc32 = request.headers[CRC32_HEADER];
  const returnedCrc32 = response.headers[CRC32_HEADER];
  if (crc32 !== undefined && returnedCrc32 !== undefined) {
    if (returnedCrc32 !== crc32) return undefined; // the checksum is of other bytes
    if (status === 200) fastPath.checking.add(kind);
  }
  if (status === 429 || status >= 500) {
    const error = failedAnswer(response);
    if (isRetryable(error)) throw error;
  }
  return fast.answer(response);
}

type Credentials = Pick<SigningScope, "accessKeyId" | "secretAccessKey" | "sessionToken">;

/** The signed part of a request, without its body. */
interface SignedRequest {
  /** With the query. */
  readonly path: string;
  /** Names and values alternate. */
  readonly headers: string[];
}

/** Signs a request for a route at the time `now`, and adds the route's host to its headers. */
export function signRequest(
  signer: Signer,
  { method, key, query, headers }: Pick<FastRequest, "method" | "key" | "query" | "headers">,
  { prefix, host, region, service }: Pick<Route, "prefix" | "host" | "region" | "service">,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials,
  now: Date,
): SignedRequest {
  const path = prefix + encodeKey(key);
  headers["host"] = host;
  const scope = { accessKeyId, secretAccessKey, sessionToken, region, service };
  return {
    path: query === "" ? path : `${path}?${query}`,
    headers: signer.headers({ method, path, query, headers }, scope, now),
  };
}
