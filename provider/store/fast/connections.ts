import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import { FileBody } from "../file-body.ts";
import { aborted, Connection, type ConnectionLimits, type WireRequest } from "./connection.ts";
import type { Response } from "./response.ts";

/** Where a server is. */
export interface Server {
  /** `https:`, or `http:`. */
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
}

export interface ConnectionOptions extends ConnectionLimits {
  /** Connections to one server at the same time; who wants more waits. */
  readonly most: number;
  /** What certificates of servers are checked against, in PEM. @default Node's own authorities */
  readonly ca?: readonly string[] | undefined;
}

/** What stands in a request's head; anything else could end a line and begin another header. */
const VISIBLE = /^[\t\x20-\x7e]*$/;

/**
 * Connections to servers, kept open and used again. They know just as much of HTTP/1.1 as requests with data need: those of Node's own
 * client cost twice as much CPU, undici's half as much again (docs/benchmarks-http.md). What they do not know ends in an error, and
 * who asked sends the request in another way.
 */
export class Connections {
  readonly #options: ConnectionOptions;
  readonly #servers = new Map<string, ServerConnections>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /**
   * Sends a request once.
   * @throws Error named TimeoutError when the connection stalls, AbortError when the signal is aborted; others as the connection breaks
   */
  async exchange(server: Server, request: WireRequest, signal: AbortSignal): Promise<Response> {
    const key = `${server.protocol}//${server.hostname}:${server.port ?? ""}`;
    const connections = this.#servers.get(key) ?? new ServerConnections(server, this.#options);
    this.#servers.set(key, connections);
    const send = (): Promise<Response> => connections.exchange(request, signal);
    // Its memory before a connection: who holds one never waits for the other, and no head is sent before its body can be.
    return request.body instanceof FileBody ? request.body.withMemory(send, signal) : send();
  }

  /** Closes the connections on which nothing is being sent. */
  close(): void {
    for (const server of this.#servers.values()) server.close();
  }
}

class ServerConnections {
  readonly #server: Server;
  readonly #options: ConnectionOptions;
  /** The one that was used last at the end: it is the least likely to have been closed meanwhile. */
  readonly #idle: Connection[] = [];
  readonly #waiting: (() => void)[] = [];
  #open = 0;
  /** Of TLS: a new connection that goes on with it costs the server and us no key exchange. */
  #session: Buffer | undefined;

  constructor(server: Server, options: ConnectionOptions) {
    this.#server = server;
    this.#options = options;
  }

  async exchange(request: WireRequest, signal: AbortSignal): Promise<Response> {
    const head = headOf(request);
    while (this.#idle.length === 0 && this.#open >= this.#options.most) await this.#turn(signal);
    if (signal.aborted) {
      this.#waiting.shift()?.(); // the turn is for another one
      throw aborted();
    }
    const connection = this.#takeIdle() ?? this.#connect();
    try {
      return await connection.exchange(request, head, signal);
    } finally {
      // The end of a broken one wakes the next by itself.
      if (connection.isFree) {
        this.#idle.push(connection);
        this.#waiting.shift()?.();
      }
    }
  }

  #takeIdle(): Connection | undefined {
    for (let found = this.#idle.pop(); found !== undefined; found = this.#idle.pop()) {
      if (found.isFresh) return found;
      found.destroy();
    }
    return undefined;
  }

  close(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        signal.removeEventListener("abort", abort);
        resolve();
      };
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(aborted());
      };
      if (signal.aborted) {
        reject(aborted());
        return;
      }
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.push(turn);
    });
  }

  #connect(): Connection {
    const socket = this.#socket();
    this.#open += 1;
    const connection = new Connection(socket, this.#options);
    socket.once("close", () => {
      this.#open -= 1;
      const at = this.#idle.indexOf(connection);
      if (at >= 0) this.#idle.splice(at, 1);
      this.#waiting.shift()?.();
    });
    return connection;
  }

  #socket(): Socket {
    const { protocol, hostname, port } = this.#server;
    // An IPv6 address stands in brackets in URLs.
    const host = hostname.replace(/^\[(.*)\]$/, "$1");
    const options = {
      host,
      port: port ?? (protocol === "https:" ? 443 : 80),
    };
    if (protocol !== "https:") return connectPlain(options);
    const socket = connectSecure({
      ...options,
      ALPNProtocols: ["http/1.1"],
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(this.#session === undefined ? {} : { session: this.#session }),
      ...(this.#options.ca === undefined ? {} : { ca: [...this.#options.ca] }),
    });
    socket.on("session", (session: Buffer) => {
      this.#session = session;
    });
    // It may be the session that the server does not want any more.
    socket.on("error", () => {
      this.#session = undefined;
    });
    return socket;
  }
}

/** @throws Error when something in it is not for a request's head */
function headOf({ method, path, headers }: WireRequest): string {
  let head = `${method} ${path} HTTP/1.1\r\n`;
  for (let at = 0; at < headers.length; at += 2) {
    const value = headers[at + 1] ?? "";
    if (!VISIBLE.test(value)) throw new Error(`the header ${headers[at]} cannot be sent`);
    head += `${headers[at]}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}
