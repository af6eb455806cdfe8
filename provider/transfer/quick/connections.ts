import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import { FileBody } from "../file-body.ts";
import { type Response, ResponseReader } from "./response.ts";

/** Where a server is. */
export interface Server {
  /** `https:`, or `http:`. */
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
}

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Each name followed by its value; `host` and the body's `content-length` are among them. */
  readonly headers: readonly string[];
  readonly body: Uint8Array | FileBody | undefined;
  /** Whether the server is known to compare the body with its CRC32. */
  readonly isChecked: boolean;
}

export interface ConnectionOptions {
  /** Connections to one server at the same time; who wants more waits. */
  readonly most: number;
  /** Milliseconds after which a connection is given up that does not come about. */
  readonly connectTimeoutMs: number;
  /** Milliseconds after which a connection is given up on which nothing moves. */
  readonly stallTimeoutMs: number;
}

/** Milliseconds after which a connection on which nothing went is not used again. */
const LONGEST_IDLE_MS = 30_000;
/** Milliseconds of nothing after which the system asks whether the other end is there. */
const KEEP_ALIVE_MS = 1_000;

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

/** An exchange that is under way. */
interface Exchange {
  readonly reader: ResponseReader;
  readonly settle: (outcome: Response | Error) => void;
}

/** One connection, which carries one exchange at a time. */
class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  #current: Exchange | undefined;
  #isConnected = false;
  #isSending = false;
  /** On the clock of `performance.now()`. */
  #usedAt = 0;
  #isBroken = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    const secure = "encrypted" in socket ? "secureConnect" : "connect";
    socket.setTimeout(options.connectTimeoutMs);
    socket.once(secure, () => {
      this.#isConnected = true;
      // Not before, and not as options, which TLS does not take.
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      socket.setTimeout(this.#current === undefined ? 0 : options.stallTimeoutMs);
    });
    socket.on("timeout", () => this.#end(named("TimeoutError", this.#stalled())));
    socket.on("error", (error) => this.#end(error));
    socket.on("end", () => this.#ended());
    socket.on("close", () => this.#end(hangUp()));
    socket.on("data", (piece: Buffer) => this.#take(piece));
  }

  /** Whether it can carry another exchange. */
  get isFree(): boolean {
    return !this.#isBroken && this.#current === undefined;
  }

  /** Whether it is likely to be open at its other end, too: what stands between forgets connections on which nothing goes. */
  get isFresh(): boolean {
    return this.isFree && performance.now() - this.#usedAt < LONGEST_IDLE_MS;
  }

  async exchange(request: WireRequest, head: string, signal: AbortSignal): Promise<Response> {
    const { method, body, isChecked } = request;
    const socket = this.#socket;
    const answered = new Promise<Response>((resolve, reject) => {
      const settle = (outcome: Response | Error): void => {
        this.#current = undefined;
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      this.#current = { reader: new ResponseReader(method), settle };
    });
    const abort = (): void => this.#end(aborted());
    signal.addEventListener("abort", abort, { once: true });
    if (this.#isConnected) socket.setTimeout(this.#options.stallTimeoutMs);
    socket.ref();
    try {
      if (body instanceof FileBody) {
        const sending = this.#sendFile(head, body, isChecked, signal);
        const [answer, sent] = await Promise.allSettled([answered, sending]);
        if (answer.status === "rejected") throw answer.reason;
        // An answer that came before the end of the body is an error's, which the answer tells best.
        if (sent.status === "rejected" && isSuccess(answer.value)) throw sent.reason;
        return this.#useAgain(answer.value);
      }
      socket.cork();
      socket.write(head, "latin1");
      if (body !== undefined && body.length > 0) socket.write(body);
      socket.uncork();
      return this.#useAgain(await answered);
    } finally {
      signal.removeEventListener("abort", abort);
      this.#usedAt = performance.now();
      if (!this.#isBroken) {
        socket.setTimeout(0);
        // The process may end while nothing is asked.
        socket.unref();
      }
    }
  }

  destroy(): void {
    this.#end(hangUp());
  }

  /** Ends the connection after an answer that leaves it unfit for the next request. */
  #useAgain(answer: Response): Response {
    if (!answer.keepAlive || this.#socket.writableLength > 0) this.#break();
    return answer;
  }

  /** Writes the file as fast as the connection takes it. A connection that was destroyed may never call back. */
  async #sendFile(head: string, body: FileBody, isChecked: boolean, signal: AbortSignal): Promise<void> {
    let close = (): void => {};
    const closed = new Promise<never>((_resolve, reject) => {
      close = () => reject(hangUp());
      this.#socket.once("close", close);
    });
    closed.catch(() => undefined); // told to whoever writes
    const write = (piece: Buffer): Promise<void> => {
      const written = new Promise<void>((resolve, reject) => {
        this.#socket.write(piece, (error) => (error == null ? resolve() : reject(error)));
      });
      return Promise.race([written, closed]);
    };
    this.#isSending = true;
    try {
      this.#socket.write(head, "latin1");
      await body.send(write, isChecked, signal);
    } catch (error) {
      this.#end(error as Error);
      throw error;
    } finally {
      this.#isSending = false;
      this.#socket.off("close", close);
    }
  }

  #take(piece: Buffer): void {
    const current = this.#current;
    if (current === undefined) {
      this.#break();
      return;
    }
    try {
      const response = current.reader.take(piece);
      if (response === undefined) return;
      // Nobody wants the rest of a body that was refused already.
      if (this.#isSending && !isSuccess(response)) this.#break();
      current.settle(response);
    } catch (error) {
      this.#end(error as Error);
    }
  }

  #ended(): void {
    const response = this.#current?.reader.end();
    this.#break();
    if (response !== undefined) this.#current?.settle(response);
    else this.#end(hangUp());
  }

  /** Ends the connection, and with `error` what was under way. */
  #end(error: Error): void {
    this.#break();
    this.#current?.settle(error);
  }

  #break(): void {
    this.#isBroken = true;
    this.#socket.destroy();
  }

  #stalled(): string {
    return this.#isConnected ? "the connection stalls" : "the connection does not come about";
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

const isSuccess = ({ status }: Response): boolean => status < 300;

/** An error under the name that the SDK gives to its kind. */
const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

const aborted = (): Error => named("AbortError", "aborted");

const hangUp = (): Error => Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" });
