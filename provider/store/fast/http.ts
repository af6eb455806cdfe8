import { buildConnector, Client, type Dispatcher, errors } from "undici";
import { authorizationFor, type HttpProxy } from "../../../connection/proxy.ts";
import type { Server } from "../../../connection/request-handler.ts";
import { KIB, MIB } from "../../../staging/units.ts";
import { AbortCallbacks } from "../../flow/abort-callbacks.ts";
import type { Bandwidth } from "../../flow/bandwidth.ts";
import { Semaphore } from "../../flow/semaphore.ts";
import { FileBody } from "../file-body.ts";
import type { Body } from "../object-store.ts";
import { tunnelThrough } from "./tunnel.ts";

/** An HTTP request. */
export interface WireRequest {
  readonly method: "GET" | "PUT" | "HEAD";
  /** With the query. */
  readonly path: string;
  /** Names and values alternate. They include `host` and the body's `content-length`. */
  readonly headers: string[];
  readonly body: Body | undefined;
  /** Whether the server is known to compare the body with its CRC32. */
  readonly isChecked: boolean;
  /** The bandwidth limit of the body. */
  readonly bandwidth?: Bandwidth | undefined;
}

export interface Response {
  readonly status: number;
  /** Names in lower case. The values of a repeated name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface HttpOptions {
  /** Maximum concurrent connections to one server. Further requests wait. */
  readonly most: number;
  readonly connectTimeoutMs: number;
  /** Milliseconds without a byte after which a connection fails. */
  readonly stallTimeoutMs: number;
  /** The authorities that certificates of servers are verified against, in PEM. @default Node's own authorities */
  readonly ca?: readonly string[] | undefined;
  /** The proxy of a server. @default none */
  readonly proxyOf?: ((server: Server) => HttpProxy | undefined) | undefined;
}

/** Milliseconds after which an idle connection is not used again: network devices lose its state. */
const LONGEST_IDLE_MS = 30_000;
/** Milliseconds without data after which the system sends TCP keep-alive probes. */
const KEEP_ALIVE_MS = 1_000;
const MAX_HEADER_BYTES = 64 * KIB;
/** A page of 1,000 keys of 1,024 bytes, with three characters for each byte, and the other fields. */
const MAX_BODY_BYTES = 4 * MIB;
/** Larger bodies are sent in pieces, so that a slow connection does not count as stalled. */
const PIECE_BYTES = 512 * KIB;

/** The characters of a header's value. Any other one could end the line and begin another header. */
const VISIBLE = /^[\t\x20-\x7e]*$/;

/** Sends requests over HTTP/1.1 and keeps the connections open. Does not retry. */
export class Http {
  readonly #options: HttpOptions;
  readonly #servers = new Map<string, Connections>();
  readonly #aborts = new AbortCallbacks();

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /**
   * @throws Error named TimeoutError if the connection stalls, AbortError if the signal aborts; other errors if the
   * connection breaks or the response is malformed
   */
  async exchange(server: Server, request: WireRequest, signal: AbortSignal): Promise<Response> {
    for (let at = 0; at < request.headers.length; at += 2) {
      if (VISIBLE.test(request.headers[at + 1] ?? "")) continue;
      throw new Error(`the header ${request.headers[at]} cannot be sent`);
    }
    if (signal.aborted) throw aborted();
    const { body, isChecked, bandwidth } = request;
    if (!(body instanceof FileBody) && bandwidth === undefined) {
      return this.#dispatch(server, request, inPieces(body), signal);
    }
    const exchange = async (): Promise<Response> => {
      // File reads and waits for bandwidth must stop when the request ends.
      const ended = new AbortController();
      const stop = AbortSignal.any([signal, ended.signal]);
      try {
        return await this.#dispatch(server, request, bytesOf(body, isChecked, bandwidth, stop), signal);
      } finally {
        ended.abort(aborted());
      }
    };
    // Acquires memory before a connection, so a request with a connection never waits for memory.
    return body instanceof FileBody ? body.withMemory(exchange, signal) : exchange();
  }

  async close(): Promise<void> {
    const idle = [...this.#servers.values()].flatMap((server) => server.idle.splice(0));
    await Promise.all(idle.map((connection) => connection.destroy()));
  }

  async #dispatch(
    server: Server,
    request: WireRequest,
    body: WireBody,
    signal: AbortSignal,
  ): Promise<Response> {
    const { idle, limit, open, forward } = this.#connectionsTo(server);
    if (!limit.tryAcquire()) {
      await limit.acquire(signal).catch(() => {
        throw aborted();
      });
    }
    // The most recently used one: the others may be closed after a long idle time.
    const connection = idle.pop() ?? open();
    try {
      return await this.#send(connection, forward(request), body, signal);
    } finally {
      if (!connection.destroyed) idle.push(connection);
      limit.release();
    }
  }

  #connectionsTo(server: Server): Connections {
    const origin = originOf(server);
    let found = this.#servers.get(origin);
    if (found === undefined) {
      found = { idle: [], limit: new Semaphore(this.#options.most), ...this.#routeTo(server, origin) };
      this.#servers.set(origin, found);
    }
    return found;
  }

  /** TLS through a proxy takes a tunnel; without TLS, the proxy gets the whole URL of each request. */
  #routeTo(server: Server, origin: string): Pick<Connections, "open" | "forward"> {
    const { connectTimeoutMs: timeout, ca, proxyOf } = this.#options;
    const options = {
      ...{ timeout, keepAliveInitialDelay: KEEP_ALIVE_MS },
      ...(ca === undefined ? {} : { ca: [...ca] }),
    };
    const proxy = proxyOf?.(server);
    if (proxy === undefined || server.protocol === "https:") {
      // A connector stores TLS sessions, so a new connection needs no key exchange.
      const connect = proxy === undefined ? buildConnector(options) : tunnelThrough(proxy, options);
      return { open: () => this.#connection(origin, connect), forward: (request) => request };
    }
    const connect = buildConnector(options);
    const authorization = authorizationFor(proxy.url);
    const login = authorization === undefined ? [] : ["proxy-authorization", authorization];
    return {
      open: () => this.#connection(proxy.url.origin, connect),
      forward: (request) => ({
        ...request,
        path: `${origin}${request.path}`,
        headers: [...request.headers, ...login],
      }),
    };
  }

  /** Undici's pool would open unneeded connections: one after each abort, and one right after a response. */
  #connection(origin: string, connect: buildConnector.connector): Client {
    const { stallTimeoutMs } = this.#options;
    return new Client(origin, {
      connect,
      headersTimeout: stallTimeoutMs,
      bodyTimeout: stallTimeoutMs,
      keepAliveTimeout: LONGEST_IDLE_MS,
      keepAliveMaxTimeout: LONGEST_IDLE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      maxResponseSize: MAX_BODY_BYTES,
    });
  }

  #send(
    connection: Client,
    { method, path, headers }: WireRequest,
    body: WireBody,
    signal: AbortSignal,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      let status = 0;
      const chunks: Buffer[] = [];
      let responseHeaders: Response["headers"] = {};
      const abort = (): void => void connection.destroy(aborted());
      this.#aborts.add(signal, abort);
      connection.dispatch(
        {
          ...{ method, path, headers },
          // Undici accepts async iterables, but its types omit them.
          body: (body ?? null) as Exclude<Dispatcher.DispatchOptions["body"], undefined>,
          // Otherwise undici closes the connection after a HEAD.
          reset: false,
        },
        {
          onRequestStart: () => {},
          onResponseStart: (_controller, code, received) => {
            status = code;
            responseHeaders = joined(received);
          },
          onResponseData: (_controller, chunk) => {
            chunks.push(chunk);
          },
          onResponseEnd: () => {
            this.#aborts.delete(signal, abort);
            resolve({ status, headers: responseHeaders, body: Buffer.concat(chunks).toString() });
          },
          onResponseError: (_controller, error) => {
            this.#aborts.delete(signal, abort);
            reject(signal.aborted ? aborted() : named(error));
          },
        },
      );
    });
  }
}

/** The connections to one server. A client of undici has one connection, and reopens it if it was closed. */
interface Connections {
  readonly idle: Client[];
  readonly limit: Semaphore;
  open(): Client;
  /** The request as the connection sends it. */
  forward(request: WireRequest): WireRequest;
}

const originOf = ({ protocol, hostname, port }: Server): string =>
  `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}`;

type WireBody = Uint8Array | AsyncIterable<Uint8Array> | undefined;

/** The bytes of a body from a file, or with a bandwidth limit. */
function bytesOf(
  body: Body | undefined,
  isChecked: boolean,
  bandwidth: Bandwidth | undefined,
  signal: AbortSignal,
): WireBody {
  const pieces = body instanceof FileBody ? body.sentPieces(isChecked, signal) : inPieces(body);
  if (bandwidth === undefined || pieces === undefined) return pieces;
  return bandwidth.paced(pieces instanceof Uint8Array ? [pieces] : pieces, signal);
}

/** Bytes in memory, in pieces if there are many. */
function inPieces(body: Uint8Array | undefined): WireBody {
  if (body === undefined || body.length === 0) return undefined;
  return body.length <= PIECE_BYTES ? body : piecesOf(body);
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

type Received = Readonly<Record<string, string | string[] | undefined>>;

function joined(headers: Received): Response["headers"] {
  if (areSingle(headers)) return headers;
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) found[name] = typeof value === "string" ? value : value.join(", ");
  }
  return found;
}

function areSingle(headers: Received): headers is Response["headers"] {
  for (const name in headers) if (typeof headers[name] !== "string") return false;
  return true;
}

/** The error with the name or the code that the SDK uses for its kind. */
function named(error: Error): Error {
  if (error instanceof errors.ConnectTimeoutError) {
    return stalled("the connection does not come about", error);
  }
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return stalled("the connection stalls", error);
  }
  if (error instanceof errors.SocketError) {
    return Object.assign(new Error(error.message, { cause: error }), { code: "ECONNRESET" });
  }
  return error;
}

const stalled = (message: string, cause: Error): Error =>
  Object.assign(new Error(message, { cause }), { name: "TimeoutError" });

const aborted = (): Error => Object.assign(new Error("aborted"), { name: "AbortError" });
