import { type Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { type Agent as HttpsAgent, request as requestHttps } from "node:https";
import { NotFound, type S3Client } from "@aws-sdk/client-s3";
import { FileBody } from "../file-body.ts";
import { NoAnswerError } from "../no-answer.ts";
import type { AttemptWatch } from "../request-watch.ts";
import { pause } from "../retry.ts";
import { type QuickRequest, quickRequest } from "./requests.ts";
import { encodeKey, learnRoutes, type Route } from "./routes.ts";
import { signedHeaders } from "./signing.ts";

export interface QuickOptions {
  readonly httpAgent: Agent;
  readonly httpsAgent: HttpsAgent;
  /** Milliseconds after which a connection on which nothing moves is given up. */
  readonly stallTimeoutMs: number;
}

interface SendOptions {
  readonly abortSignal?: AbortSignal;
  /** Told of the attempt here; the SDK's it learns from the SDK. */
  readonly watch?: AttemptWatch;
}

const CRC32_HEADER = "x-amz-checksum-crc32";

/** Milliseconds before the SDK asks a server again that is too busy. */
const BUSY_PAUSE_MS = 200;

/**
 * Lets the requests that carry the data (uploads, copies, HEADs) go straight to HTTP: what the SDK does for each costs
 * three times as much CPU as sending 16 KiB. Only success is dealt with here. Whatever else happens, the SDK sends the
 * same command again, with its retries, its correction of the clock and its errors.
 */
export function sendQuickly(client: S3Client, options: QuickOptions): void {
  const way: QuickWay = { client, routes: learnRoutes(client), checking: new Set(), ...options };
  const sendBySdk = client.send.bind(client) as (command: object, options?: SendOptions) => Promise<object>;
  const send = async (command: object, sendOptions: SendOptions = {}): Promise<object> => {
    const request = quickRequest(command);
    const route = request && way.routes.get(request.bucket);
    if (request === undefined || route === undefined || sendOptions.abortSignal?.aborted) {
      return sendBySdk(command, sendOptions);
    }
    const answer = await attempt(way, request, route, sendOptions);
    return answer ?? sendBySdk(command, sendOptions);
  };
  client.send = send as S3Client["send"];
}

interface QuickWay extends QuickOptions {
  readonly client: S3Client;
  readonly routes: ReadonlyMap<string, Route>;
  /** Kinds of uploads whose CRC32 the server has said back, so that it has compared it with the bytes. */
  readonly checking: Set<string>;
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
  { abortSignal: signal = NEVER, watch }: SendOptions,
): Promise<object | undefined> {
  const headers = await signed(way.client, request, route);
  const kind = `${request.bucket} ${request.query === "" ? "object" : "part"}`;
  const send = (): Promise<Response> =>
    exchange({ request, route, headers, isChecked: way.checking.has(kind) }, way, signal);
  let response: Response;
  try {
    response = watch === undefined ? await send() : await watch.attempt(send);
  } catch (error) {
    if (error instanceof NoAnswerError) throw error;
    return undefined; // the SDK's attempt tells what is wrong
  }
  const { message, body } = response;
  if (message.statusCode === 200) {
    const crc32 = request.headers[CRC32_HEADER];
    if (crc32 !== undefined && message.headers[CRC32_HEADER] === crc32) way.checking.add(kind);
    return request.answer(message.headers, body);
  }
  if (message.statusCode === 404 && request.method === "HEAD") {
    throw new NotFound({ message: "NotFound", $metadata: { httpStatusCode: 404, attempts: 1 } });
  }
  const isBusy = message.statusCode === 429 || (message.statusCode ?? 0) >= 500;
  if (isBusy) await pause(BUSY_PAUSE_MS * (0.5 + Math.random()), signal);
  return undefined;
}

async function signed(client: S3Client, request: QuickRequest, route: Route): Promise<string[]> {
  const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
  request.headers["host"] = route.host;
  const headers = signedHeaders(
    {
      method: request.method,
      path: route.prefix + encodeKey(request.key),
      query: request.query,
      headers: request.headers,
    },
    { accessKeyId, secretAccessKey, sessionToken, region: route.region, service: route.service },
    new Date(Date.now() + client.config.systemClockOffset),
  );
  headers.push("user-agent", route.userAgent);
  return headers;
}

interface Response {
  readonly message: IncomingMessage;
  readonly body: string;
}

interface Exchange {
  readonly request: QuickRequest;
  readonly route: Route;
  /** Each name followed by its value. */
  readonly headers: readonly string[];
  /** Whether the server is known to compare the body with its CRC32. */
  readonly isChecked: boolean;
}

async function exchange(
  { request: { method, key, query, body }, route, headers, isChecked }: Exchange,
  { httpAgent, httpsAgent, stallTimeoutMs }: QuickOptions,
  signal: AbortSignal,
): Promise<Response> {
  const path = route.prefix + encodeKey(key) + (query === "" ? "" : `?${query}`);
  const target = {
    method,
    hostname: route.hostname,
    port: route.port,
    path,
    headers,
    timeout: stallTimeoutMs,
  };
  const sent =
    route.protocol === "https:"
      ? requestHttps({ ...target, agent: httpsAgent })
      : requestHttp({ ...target, agent: httpAgent });
  const abort = (): void => {
    sent.destroy(named("AbortError", "aborted"));
  };
  signal.addEventListener("abort", abort, { once: true });
  try {
    const answered = answerTo(sent);
    if (!(body instanceof FileBody)) {
      sent.end(body);
      return await answered;
    }
    const [answer, sending] = await Promise.allSettled([answered, sendFile(body, sent, isChecked, signal)]);
    if (answer.status === "rejected") throw answer.reason;
    // An answer that came before the end of the body is an error's, which the answer tells best.
    if (sending.status === "rejected" && answer.value.message.statusCode === 200) throw sending.reason;
    return answer.value;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function answerTo(sent: ClientRequest): Promise<Response> {
  return new Promise((resolve, reject) => {
    sent.on("timeout", () => sent.destroy(named("TimeoutError", "the connection stalls")));
    sent.on("error", reject);
    sent.on("response", (message) => {
      const chunks: Buffer[] = [];
      message.on("data", (chunk: Buffer) => chunks.push(chunk));
      message.on("error", reject);
      message.on("end", () => {
        resolve({ message, body: chunks.length === 0 ? "" : Buffer.concat(chunks).toString() });
        // Nobody wants the rest of a body that was answered already.
        if (!sent.writableEnded) sent.destroy();
      });
    });
  });
}

/** Writes the file as fast as the connection takes it. A request that was destroyed may never call back, but it closes. */
async function sendFile(
  body: FileBody,
  sent: ClientRequest,
  isChecked: boolean,
  signal: AbortSignal,
): Promise<void> {
  const closed = new Promise<never>((_resolve, reject) => {
    sent.on("close", () => reject(new Error("the connection was closed")));
  });
  closed.catch(() => undefined); // told to whoever writes
  const write = (piece: Buffer): Promise<void> => {
    const written = new Promise<void>((resolve, reject) => {
      sent.write(piece, (error) => (error == null ? resolve() : reject(error)));
    });
    return Promise.race([written, closed]);
  };
  try {
    await body.send(write, isChecked, signal);
    sent.end();
  } catch (error) {
    sent.destroy(error as Error);
    throw error;
  }
}

/** An error under the name that the SDK gives to its kind. */
const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });
