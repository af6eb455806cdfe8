import type { S3Client } from "@aws-sdk/client-s3";
import { serverClock } from "../../../staging/server-clock.ts";
import { type ExpectedOwner, OWNER_HEADER, SOURCE_OWNER_HEADER } from "../expected-owner.ts";
import { NEVER } from "../never.ts";
import { NoAnswerError } from "../no-answer.ts";
import type { CopySource } from "../object-store.ts";
import type { Input, OperationName, Output, RequestSender, SendOptions } from "../operations.ts";
import { pause } from "../retry.ts";
import type { Http, Response } from "./http.ts";
import { FAST_OPERATIONS } from "./requests.ts";
import { learnRoutes, type Route } from "./routes.ts";
import { signRequest } from "./sign-request.ts";

const CRC32_HEADER = "x-amz-checksum-crc32";

/** Milliseconds before the SDK asks a server again that is too busy. */
const BUSY_PAUSE_MS = 200;

export interface FastOptions {
  /** Sends what goes another way, and what has failed here. */
  readonly next: RequestSender;
  /** Its credentials sign the requests, and its first request to a bucket tells the way there. */
  readonly client: S3Client;
  readonly http: Http;
  /** Whether a server is reached without a proxy. @default every one is */
  readonly isDirect?: (server: Route) => boolean;
  /** The account that owns the buckets; each request names it. @default none */
  readonly owner?: ExpectedOwner | undefined;
}

/**
 * Sends the requests that carry the data (uploads, copies, HEADs) straight by HTTP: what the SDK does for each costs three times as
 * much CPU as sending 16 KiB. Only success is dealt with here. Whatever else happens, the SDK sends the same request again, with its
 * retries and its errors. What goes through a proxy is left to it.
 */
export function fastSender(options: FastOptions): RequestSender {
  const { next, client, isDirect = () => true } = options;
  const way: FastWay = { ...options, routes: learnRoutes(client, isDirect), checking: new Set() };
  return {
    region: next.region,
    bandwidth: next.bandwidth,
    async send(operation, input, sendOptions) {
      const answer = await attempt(way, operation, input, sendOptions);
      return answer === undefined ? next.send(operation, input, sendOptions) : answer.output;
    },
  };
}

interface FastWay extends FastOptions {
  readonly routes: ReadonlyMap<string, Route>;
  /** Kinds of uploads whose CRC32 the server says back: S3 does where it has compared it with the bytes. */
  readonly checking: Set<string>;
}

/**
 * @returns undefined when it did not succeed
 * @throws NoAnswerError when there is no time left for the SDK's attempt
 */
async function attempt<Name extends OperationName>(
  way: FastWay,
  operation: Name,
  input: Input<Name>,
  { signal = NEVER, watch, bandwidth, anyOwner = false }: SendOptions,
): Promise<{ readonly output: Output<Name> } | undefined> {
  const fast = FAST_OPERATIONS[operation];
  const route = way.routes.get(input.bucket);
  if (fast === undefined || route === undefined || signal.aborted) return undefined;
  const request = fast.request(input);
  const account = await way.owner?.();
  const owned = account === undefined ? {} : ownerHeaders(account, anyOwner, request.source);
  const credentials = await way.client.config.credentials();
  const signable = { ...request, headers: { ...request.headers, ...owned } };
  const { path, headers } = signRequest(signable, route, credentials, serverClock.now());
  headers.push("user-agent", route.userAgent);
  const kind = `${input.bucket} ${operation}`;
  const { method, body } = request;
  const wire = { method, path, headers, body, isChecked: way.checking.has(kind), bandwidth };
  const send = (): Promise<Response> => way.http.exchange(route, wire, signal);
  const sentAt = serverClock.steady();
  let response: Response;
  try {
    response = watch === undefined ? await send() : await watch.attempt(send);
  } catch (error) {
    if (error instanceof NoAnswerError) throw error;
    return undefined; // the SDK's attempt tells what is wrong
  }
  const { status } = response;
  serverClock.note(response.headers["date"], sentAt);
  const crc32 = request.headers[CRC32_HEADER];
  const told = response.headers[CRC32_HEADER];
  if (crc32 !== undefined && told !== undefined) {
    if (told !== crc32) return undefined; // of other bytes than these
    if (status === 200) way.checking.add(kind);
  }
  if (status === 429 || status >= 500) await pause(BUSY_PAUSE_MS * (0.5 + Math.random()), signal);
  return fast.answer(response);
}

/** The headers that name the account which must own the bucket, and the bucket that is copied from. */
export const ownerHeaders = (
  account: string,
  anyOwner: boolean,
  source: CopySource | undefined,
): Record<string, string> => ({
  ...(anyOwner ? {} : { [OWNER_HEADER]: account }),
  ...(source === undefined || source.anyOwner === true ? {} : { [SOURCE_OWNER_HEADER]: account }),
});
