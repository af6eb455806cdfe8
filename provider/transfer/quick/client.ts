import { type Agent, type IncomingMessage, request as requestHttp } from "node:http";
import { type Agent as HttpsAgent, request as requestHttps } from "node:https";
import { NotFound, type S3Client } from "@aws-sdk/client-s3";
import { NoAnswerError } from "../no-answer.ts";
import type { AttemptWatch } from "../request-watch.ts";
import { pause } from "../retry.ts";
import { type QuickRequest, quickRequest } from "./requests.ts";
import { encodeKey, learnRoutes, type Route } from "./routes.ts";
import { signatureHeaders } from "./signing.ts";

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

/** Milliseconds before the SDK asks a server again that is too busy. */
const BUSY_PAUSE_MS = 200;

/**
 * Lets the requests that carry the data (uploads, copies, HEADs) go straight to HTTP: what the SDK does for each costs
 * three times as much CPU as sending 16 KiB. Only success is dealt with here. Whatever else happens, the SDK sends the
 * same command again, with its retries, its correction of the clock and its errors.
 */
export function sendQuickly(client: S3Client, options: QuickOptions): void {
  const routes = learnRoutes(client);
  const sendBySdk = client.send.bind(client) as (command: object, options?: SendOptions) => Promise<object>;
  const send = async (command: object, sendOptions: SendOptions = {}): Promise<object> => {
    const request = quickRequest(command);
    const route = request && routes.get(request.bucket);
    if (request === undefined || route === undefined || sendOptions.abortSignal?.aborted) {
      return sendBySdk(command, sendOptions);
    }
    const answer = await attempt(client, request, route, options, sendOptions);
    return answer ?? sendBySdk(command, sendOptions);
  };
  client.send = send as S3Client["send"];
}

/**
 * @returns undefined when it did not succeed
 * @throws NoAnswerError when there is no time left for the SDK's attempt
 */
async function attempt(
  client: S3Client,
  request: QuickRequest,
  route: Route,
  options: QuickOptions,
  { abortSignal: signal, watch }: SendOptions,
): Promise<object | undefined> {
  const headers = await signed(client, request, route);
  const send = (): Promise<Response> => exchange(request, route, headers, options, signal);
  let response: Response;
  try {
    response = watch === undefined ? await send() : await watch.attempt(send);
  } catch (error) {
    if (error instanceof NoAnswerError) throw error;
    return undefined; // the SDK's attempt tells what is wrong
  }
  const { message, body } = response;
  if (message.statusCode === 200) return request.answer(message.headers, body);
  if (message.statusCode === 404 && request.method === "HEAD") {
    throw new NotFound({ message: "NotFound", $metadata: { httpStatusCode: 404, attempts: 1 } });
  }
  const isBusy = message.statusCode === 429 || (message.statusCode ?? 0) >= 500;
  if (isBusy) await pause(BUSY_PAUSE_MS * (0.5 + Math.random()), signal ?? new AbortController().signal);
  return undefined;
}

async function signed(
  client: S3Client,
  request: QuickRequest,
  route: Route,
): Promise<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
  const headers = { ...request.headers, host: route.host };
  const added = signatureHeaders(
    { method: request.method, path: route.prefix + encodeKey(request.key), query: request.query, headers },
    { accessKeyId, secretAccessKey, sessionToken, region: route.region, service: route.service },
    new Date(Date.now() + client.config.systemClockOffset),
  );
  return { ...headers, ...added, "user-agent": route.userAgent };
}

interface Response {
  readonly message: IncomingMessage;
  readonly body: string;
}

function exchange(
  { method, key, query, body }: QuickRequest,
  route: Route,
  headers: Record<string, string>,
  { httpAgent, httpsAgent, stallTimeoutMs }: QuickOptions,
  signal: AbortSignal | undefined,
): Promise<Response> {
  return new Promise((resolve, reject) => {
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
    signal?.addEventListener("abort", abort, { once: true });
    const settle = (): void => signal?.removeEventListener("abort", abort);
    sent.on("timeout", () => sent.destroy(named("TimeoutError", "the connection stalls")));
    sent.on("error", (error) => {
      settle();
      reject(error);
    });
    sent.on("response", (message) => {
      let text = "";
      message.setEncoding("utf8");
      message.on("data", (chunk: string) => (text += chunk));
      message.on("error", (error) => {
        settle();
        reject(error);
      });
      message.on("end", () => {
        settle();
        resolve({ message, body: text });
      });
    });
    sent.end(body);
  });
}

/** An error under the name that the SDK gives to its kind. */
const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });
