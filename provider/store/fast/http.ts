import { buildConnector, Client, type Dispatcher, errors } from "undici";
import { KIB, MIB } from "../../../staging/units.ts";
import type { Bandwidth } from "../../transfer/flow/bandwidth.ts";
import { Limit } from "../../transfer/flow/semaphore.ts";
import { FileBody } from "../file-body.ts";
import type { Body } from "../object-store.ts";

/** Where a server is. */
export interface Server {
  /** `https:`, or `http:`. */
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
}

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: "PUT" | "HEAD";
  /** With the query. */
  readonly path: string;
  /** Each name followed by its value; `host` and the body's `content-length` are among them. */
  readonly headers: readonly string[];
  readonly body: Body | undefined;
  /** Whether the server is known to compare the body with its CRC32. */
  readonly isChecked: boolean;
  /** The limit that the body keeps to. */
  readonly bandwidth?: Bandwidth | undefined;
}

export interface Response {
  readonly status: number;
  /** Names in lower case; values of a name that comes more than once are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpOptions {
  /** Connections to one server at the same time; who wants more waits. */
  readonly most: number;
  readonly connectTimeoutMs: number;
  /** Milliseconds after which a connection is given up on which nothing moves. */
  readonly stallTimeoutMs: number;
  /** What certificates of servers are checked against, in PEM. @default Node's own authorities */
  readonly ca?: readonly string[] | undefined;
}

/** Milliseconds after which a connection on which nothing went is not used again: what stands between forgets it. */
const LONGEST_IDLE_MS = 30_000;
/** Milliseconds of nothing after which the system asks whether the other end is there. */
const KEEP_ALIVE_MS = 1_000;
const MAX_HEADER_BYTES = 64 * KIB;
/** Answers are empty or a few lines of XML. */
const MAX_BODY_BYTES = MIB;
/** Larger bodies go in pieces, so that a slow connection is not taken for one that stalls. */
const PIECE_BYTES = 512 * KIB;

/** What stands in a request's head; anything else could end a line and begin another header. */
const VISIBLE = /^[\t\x20-\x7e]*$/;

/** Sends requests by HTTP/1.1, over connections that are kept open. It retries nothing. */
export class Http {
  readonly #options: HttpOptions;
  readonly #servers = new Map<string, Connections>();

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  /**
   * @throws Error named TimeoutError when the connection stalls, AbortError when the signal is aborted; others as the connection
   * breaks, or the answer makes no sense
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
      // Readers and waiters for the limit must stop when the request is over.
      const ended = new AbortController();
      const stop = AbortSignal.any([signal, ended.signal]);
      try {
        return await this.#dispatch(server, request, bytesOf(body, isChecked, bandwidth, stop), signal);
      } finally {
        ended.abort(aborted());
      }
    };
    // Its memory before a connection: who holds one never waits for the other.
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
    const { idle, limit, connect } = this.#connectionsTo(server);
    await limit.take(signal).catch(() => {
      throw aborted();
    });
    // The one that was used last: the others may be closed when they were idle for long.
    const connection = idle.pop() ?? this.#connection(originOf(server), connect);
    try {
      return await send(connection, request, body, signal);
    } finally {
      if (!connection.destroyed) idle.push(connection);
      limit.give();
    }
  }

  #connectionsTo(server: Server): Connections {
    const origin = originOf(server);
    let found = this.#servers.get(origin);
    if (found === undefined) {
      const { most, connectTimeoutMs: timeout, ca } = this.#options;
      const connect = buildConnector({
        ...{ timeout, keepAliveInitialDelay: KEEP_ALIVE_MS },
        ...(ca === undefined ? {} : { ca: [...ca] }),
      });
      found = { idle: [], limit: new Limit(most), connect };
      this.#servers.set(origin, found);
    }
    return found;
  }

  /** Undici's pool would open connections that nothing needs: one after each abort, and one where an answer has just come. */
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
}

/** The connections to one server: a client of undici has one, which it opens again where it was closed. */
interface Connections {
  readonly idle: Client[];
  readonly limit: Limit;
  /** Keeps sessions of TLS, with which a new connection costs no key exchange. */
  readonly connect: buildConnector.connector;
}

const originOf = ({ protocol, hostname, port }: Server): string =>
  `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}`;

type WireBody = Uint8Array | AsyncIterable<Uint8Array> | undefined;

function send(
  connection: Client,
  { method, path, headers }: WireRequest,
  body: WireBody,
  signal: AbortSignal,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    let [status, text] = [0, ""];
    let answered: Record<string, string> = {};
    const abort = (): void => void connection.destroy(aborted());
    const end = (settle: () => void): void => {
      signal.removeEventListener("abort", abort);
      settle();
    };
    signal.addEventListener("abort", abort, { once: true });
    connection.dispatch(
      {
        ...{ method, path, headers: [...headers] },
        // Its documentation has async iterables, which its types lack.
        body: (body ?? null) as Exclude<Dispatcher.DispatchOptions["body"], undefined>,
        // Else it closes the connection after a HEAD.
        reset: false,
      },
      {
        onRequestStart: () => {},
        onResponseStart: (_controller, code, found) => {
          status = code;
          answered = joined(found);
        },
        onResponseData: (_controller, chunk) => {
          text += chunk.toString("utf8");
        },
        onResponseEnd: () => end(() => resolve({ status, headers: answered, body: text })),
        onResponseError: (_controller, error) => end(() => reject(signal.aborted ? aborted() : named(error))),
      },
    );
  });
}

/** A body that is read from a file, or keeps to a limit. */
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

/** Bytes in memory: few go at once. */
function inPieces(body: Uint8Array | undefined): WireBody {
  if (body === undefined || body.length === 0) return undefined;
  return body.length <= PIECE_BYTES ? body : piecesOf(body);
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

function joined(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) found[name] = typeof value === "string" ? value : value.join(", ");
  }
  return found;
}

/** The error under the name or the code that the SDK gives to its kind. */
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
