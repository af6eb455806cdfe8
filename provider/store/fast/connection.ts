import type { Socket } from "node:net";
import type { Bandwidth } from "../../transfer/flow/bandwidth.ts";
import { FileBody, type Write } from "../file-body.ts";
import { type Response, ResponseReader } from "./response.ts";

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
  /** The limit that the body keeps to. */
  readonly bandwidth?: Bandwidth | undefined;
}

export interface ConnectionLimits {
  /** Milliseconds after which a connection is given up that does not come about. */
  readonly connectTimeoutMs: number;
  /** Milliseconds after which a connection is given up on which nothing moves. */
  readonly stallTimeoutMs: number;
}

/** Milliseconds after which a connection on which nothing went is not used again. */
const LONGEST_IDLE_MS = 30_000;
/** Milliseconds of nothing after which the system asks whether the other end is there. */
const KEEP_ALIVE_MS = 1_000;

/** An exchange that is under way. */
interface Exchange {
  readonly reader: ResponseReader;
  readonly settle: (outcome: Response | Error) => void;
}

/** One connection, which carries one exchange at a time. */
export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionLimits;
  #current: Exchange | undefined;
  #isConnected = false;
  #isSending = false;
  /** On the clock of `performance.now()`. */
  #usedAt = 0;
  #isBroken = false;

  constructor(socket: Socket, options: ConnectionLimits) {
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
    const { method, body, isChecked, bandwidth } = request;
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
      if (body instanceof FileBody || (body !== undefined && bandwidth !== undefined)) {
        const send = (write: Write) =>
          body instanceof FileBody ? body.send(write, isChecked, signal) : write(body);
        const sending = this.#sendBody(head, send, bandwidth, signal);
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

  /** Writes a body as fast as the connection and the limit take it. A connection that was destroyed may never call back. */
  async #sendBody(
    head: string,
    send: (write: Write) => Promise<void>,
    bandwidth: Bandwidth | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    let close = (): void => {};
    const closed = new Promise<never>((_resolve, reject) => {
      close = () => reject(hangUp());
      this.#socket.once("close", close);
    });
    closed.catch(() => undefined); // told to whoever writes
    const write = (piece: Uint8Array): Promise<void> => {
      const written = new Promise<void>((resolve, reject) => {
        this.#socket.write(piece, (error) => (error == null ? resolve() : reject(error)));
      });
      return Promise.race([written, closed]);
    };
    this.#isSending = true;
    try {
      this.#socket.write(head, "latin1");
      if (bandwidth === undefined) await send(write);
      else await bandwidth.paced(write, signal, send);
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

const isSuccess = ({ status }: Response): boolean => status < 300;

/** An error under the name that the SDK gives to its kind. */
const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

export const aborted = (): Error => named("AbortError", "aborted");

const hangUp = (): Error => Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" });
