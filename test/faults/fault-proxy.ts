import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { type Operation, operationOf } from "./operations.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request that a fault can change. */
export interface Exchange {
  readonly operation: Operation;
  readonly method: string;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** The request's body, complete. */
  body(): Promise<Buffer>;
  /** Sends the request to the cloud, each time that it is called. */
  forward(body: Buffer): Promise<Answer>;
  reply(answer: Answer): void;
  /** Closes every connection, and refuses new ones for this time. */
  outage(milliseconds: number): void;
}

type Interceptor = (exchange: Exchange) => Promise<void>;

/** The exchange without a fault. */
export const passOn: Interceptor = async (exchange) =>
  exchange.reply(await exchange.forward(await exchange.body()));

/** A proxy in front of an emulator, whose interceptor decides about each request. */
export class FaultProxy {
  readonly #target: { readonly hostname: string; readonly port: string };
  #server = createServer();
  #port = 0;
  #outage: NodeJS.Timeout | undefined;
  #recovery: Promise<void> = Promise.resolve();
  #interceptor: Interceptor = passOn;
  readonly #errors: unknown[] = [];

  private constructor(target: string) {
    this.#target = new URL(target);
  }

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await proxy.#listen();
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Errors of the proxy itself or of its interceptor since the last call: faults of the test, not of the program. */
  takeErrors(): unknown[] {
    return this.#errors.splice(0);
  }

  intercept(interceptor: Interceptor): void {
    this.#interceptor = interceptor;
  }

  /** Stops all faults: ends hanging requests, and listens again after an outage. */
  async heal(): Promise<void> {
    this.#interceptor = passOn;
    clearTimeout(this.#outage);
    await this.#recovery;
    this.#server.closeAllConnections();
    if (!this.#server.listening) await this.#listen();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#outage);
    await this.#recovery;
    const { listening } = this.#server;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    if (listening) await closed;
  }

  async #listen(): Promise<void> {
    this.#server = createServer((incoming, outgoing) => void this.#handle(incoming, outgoing));
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject).listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    // A request that the client aborts is no error here.
    outgoing.on("error", () => undefined);
    let body: Promise<Buffer> | undefined;
    try {
      await this.#interceptor({
        operation: operationOf(incoming),
        method: incoming.method ?? "",
        incoming,
        outgoing,
        body: () => {
          body ??= buffer(incoming);
          return body;
        },
        forward: (bytes) => this.#forward(incoming, bytes),
        reply: (answer) => send(outgoing, answer),
        outage: (milliseconds) => this.#startOutage(milliseconds),
      });
    } catch (error) {
      // The client disconnected while its request was read or answered: it retries or has failed.
      if (!incoming.complete || outgoing.destroyed) return;
      this.#errors.push(error);
      outgoing.destroy();
    }
  }

  #forward(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    const { hostname, port } = this.#target;
    const { method, url: path, headers } = incoming;
    return new Promise((resolve, reject) => {
      const forwarded = request({ hostname, port, method, path, headers }, (answer) => {
        buffer(answer).then(
          (bytes) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }),
          reject,
        );
      });
      forwarded.once("error", reject);
      forwarded.end(body);
    });
  }

  #startOutage(milliseconds: number): void {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    this.#outage = setTimeout(() => {
      this.#recovery = this.#listen().catch((error: unknown) => void this.#errors.push(error));
    }, milliseconds);
  }
}

/** Sends a Content-Length, so that a client notices missing bytes. */
export function headersOf({ headers, body }: Answer, method: string): IncomingHttpHeaders {
  const { "transfer-encoding": _chunked, connection: _connection, ...kept } = headers;
  return method === "HEAD" || kept["content-length"] !== undefined
    ? kept
    : { ...kept, "content-length": String(body.length) };
}

function send(outgoing: ServerResponse, answer: Answer): void {
  outgoing.writeHead(answer.status, headersOf(answer, outgoing.req.method ?? ""));
  outgoing.end(answer.body);
}
