import { NotFound, type S3Client } from "@aws-sdk/client-s3";
import { serverClock } from "../../../staging/server-clock.ts";
import type { Bandwidth } from "../../transfer/flow/bandwidth.ts";
import { type ExpectedOwner, ownerHeaders } from "../expected-owner.ts";
import { NoAnswerError } from "../no-answer.ts";
import type { AttemptWatch } from "../request-watch.ts";
import { pause } from "../retry.ts";
import type { Connections } from "./connections.ts";
import { type QuickRequest, quickRequest } from "./requests.ts";
import type { Response } from "./response.ts";
import { learnRoutes, type Route } from "./routes.ts";
import { signRequest } from "./sign-request.ts";

interface SendOptions {
  readonly abortSignal?: AbortSignal;
  /** Told of the attempt here; the SDK's it learns from the SDK. */
  readonly watch?: AttemptWatch;
  /** The limit that bodies keep to. */
  readonly bandwidth?: Bandwidth | undefined;
}

const CRC32_HEADER = "x-amz-checksum-crc32";

/** Milliseconds before the SDK asks a server again that is too busy. */
const BUSY_PAUSE_MS = 200;

/**
 * Lets the requests that carry the data (uploads, copies, HEADs) go straight to HTTP: what the SDK does for each costs
 * three times as much CPU as sending 16 KiB. Only success is dealt with here. Whatever else happens, the SDK sends the
 * same command again, with its retries and its errors. What goes through a proxy is left to it.
 */
export function sendQuickly(client: S3Client, connections: Connections, options: QuickOptions = {}): void {
  const { isDirect = () => true, owner } = options;
  const routes = learnRoutes(client, isDirect);
  const way: QuickWay = { client, routes, checking: new Set(), connections, owner };
  const sendBySdk = client.send.bind(client) as (command: object, options?: SendOptions) => Promise<object>;
  const send = async (command: object, sendOptions: SendOptions = {}): Promise<object> => {
    const request = quickRequest(command);
    const route = request && way.routes.get(request.bucket);
    if (request === undefined || route === undefined || sendOptions.abortSignal?.aborted) {
      return sendBySdk(command, sendOptions);
    }
    const account = await way.owner?.();
    if (account !== undefined) {
      Object.assign(request.headers, ownerHeaders((command as { readonly input: object }).input, account));
    }
    const answer = await attempt(way, request, route, sendOptions);
    return answer ?? sendBySdk(command, sendOptions);
  };
  client.send = send as S3Client["send"];
  const destroy = client.destroy.bind(client);
  client.destroy = () => {
    connections.close();
    destroy();
  };
}

export interface QuickOptions {
  /** Whether a server is reached without a proxy. @default every one is */
  readonly isDirect?: (server: Route) => boolean;
  /** The account that owns the buckets; each request names it. @default none */
  readonly owner?: ExpectedOwner | undefined;
}

interface QuickWay {
  readonly client: S3Client;
  readonly connections: Connections;
  readonly routes: ReadonlyMap<string, Route>;
  /** Kinds of uploads whose CRC32 the server says back: S3 does where it has compared it with the bytes. */
  readonly checking: Set<string>;
  readonly owner: ExpectedOwner | undefined;
}

const NEVER = new AbortController().signal;

/**
 * @returns undefined when it did not succeed
 * @throws NoAnswerError when there is no time left for the SDK's attempt
 */
async function attempt(
  way: QuickWay,
  request: QuickRequest,
  route: Route,
  { abortSignal: signal = NEVER, watch, bandwidth }: SendOptions,
): Promise<object | undefined> {
  const credentials = await way.client.config.credentials();
  const { path, headers } = signRequest(request, route, credentials, serverClock.now());
  headers.push("user-agent", route.userAgent);
  const kind = `${request.bucket} ${request.query === "" ? "object" : "part"}`;
  const { method, body } = request;
  const wire = { method, path, headers, body, isChecked: way.checking.has(kind), bandwidth };
  const send = (): Promise<Response> => way.connections.exchange(route, wire, signal);
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
  if (status === 200) {
    const crc32 = request.headers[CRC32_HEADER];
    const told = response.headers[CRC32_HEADER];
    if (crc32 !== undefined && told !== undefined && told !== crc32) return undefined; // of other bytes than these
    if (crc32 !== undefined && told === crc32) way.checking.add(kind);
    return request.answer(response.headers, response.body);
  }
  if (status === 404 && request.method === "HEAD") {
    throw new NotFound({ message: "NotFound", $metadata: { httpStatusCode: 404, attempts: 1 } });
  }
  if (status === 429 || status >= 500) await pause(BUSY_PAUSE_MS * (0.5 + Math.random()), signal);
  return undefined;
}
