import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A request that the proxy received. */
export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The region of the request's signature; "" without one. */
  readonly region: string;
  /** For DynamoDB: such as `PutItem`; "" for S3. */
  readonly operation: string;
  readonly headers: IncomingMessage["headers"];
  /** Bytes of the body that have arrived so far. */
  bodyBytes: number;
  /** The status of the server's response; undefined before it, and for a cut request. */
  status: number | undefined;
}

/** A fault of a request. */
export interface Fault {
  /** Delay in milliseconds. */
  readonly delayMs?: number;
  /** The proxy holds the request until this resolves. */
  readonly until?: Promise<void>;
  /** The connection is cut after this many bytes of the body, before the server has all. */
  readonly cutAfter?: number;
  /** The server receives the request; the connection is cut instead of its response. */
  readonly loseAnswer?: boolean;
  /** The proxy responds in the server's place. */
  readonly answer?: { readonly status: number; readonly body?: string };
}

/** A plain HTTP proxy in front of a local cloud: counts requests and injects faults. */
export class TestProxy {
  readonly requests: ProxiedRequest[] = [];
  /** Chooses the fault of each request when its head has arrived. */
  fault: (request: ProxiedRequest) => Fault | undefined = () => undefined;
  /** Called before a server's response is forwarded. */
  onAnswer: (request: ProxiedRequest) => Promise<void> = async () => {};
  readonly #target: URL;
  readonly #server: Server;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, outgoing) => {
      this.#pass(incoming, outgoing).catch((error: Error) => outgoing.destroy(error));
    });
  }

  static async start(target: string): Promise<TestProxy> {
    const proxy = new TestProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Forgets its requests and its faults. */
  reset(): void {
    this.requests.length = 0;
    this.fault = () => undefined;
    this.onAnswer = async () => {};
  }

  /** Bytes of the bodies of the requests that match. */
  bytesOf(matches: (request: ProxiedRequest) => boolean): number {
    return this.requests.filter(matches).reduce((total, { bodyBytes }) => total + bodyBytes, 0);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", this.#target);
    const seen: ProxiedRequest = {
      method: incoming.method ?? "",
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      region: /Credential=[^/]+\/\d+\/([^/]+)\//.exec(incoming.headers.authorization ?? "")?.[1] ?? "",
      operation: String(incoming.headers["x-amz-target"] ?? "").replace(/^.*\./, ""),
      headers: incoming.headers,
      bodyBytes: 0,
      status: undefined,
    };
    this.requests.push(seen);
    const { delayMs, until, cutAfter, loseAnswer, answer } = this.fault(seen) ?? {};
    // A request that is still held after the tests ends without a wait.
    if (delayMs !== undefined) await sleep(delayMs, undefined, { ref: false });
    await until;
    incoming.on("data", (chunk: Buffer) => {
      seen.bodyBytes += chunk.length;
      if (cutAfter !== undefined && seen.bodyBytes >= cutAfter) incoming.socket.destroy();
    });
    if (answer !== undefined) {
      incoming.resume().on("end", () => outgoing.writeHead(answer.status).end(answer.body));
      return;
    }
    const { hostname, port } = this.#target;
    const { method, headers, url: path } = incoming;
    const forwarded = request({ hostname, port, method, path, headers }, (answered) => {
      seen.status = answered.statusCode;
      if (loseAnswer === true) {
        answered.resume().on("end", () => incoming.socket.destroy());
        return;
      }
      const passOn = (): void => {
        outgoing.writeHead(answered.statusCode ?? 502, answered.headers);
        answered.pipe(outgoing);
      };
      this.onAnswer(seen).then(passOn, (error: Error) => outgoing.destroy(error));
    });
    forwarded.on("error", (error) => outgoing.destroy(error));
    // The server must not wait for the rest of a request whose client disconnected.
    incoming.on("close", () => {
      if (!incoming.complete) forwarded.destroy();
    });
    incoming.pipe(forwarded);
  }
}
