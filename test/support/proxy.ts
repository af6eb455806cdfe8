import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A request as the proxy has seen it. */
export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The region that the request is signed for; "" for one that is not signed. */
  readonly region: string;
  /** Of DynamoDB: such as `PutItem`; "" for S3. */
  readonly operation: string;
  readonly headers: IncomingMessage["headers"];
  /** Bytes of the body that have come through so far. */
  bodyBytes: number;
  /** The server's answer; undefined until there is one, and for a request that was cut. */
  status: number | undefined;
}

/** What happens to a request instead of going straight through. */
export interface Fault {
  /** Milliseconds that it waits first. */
  readonly delayMs?: number;
  /** The connection is cut after so many bytes of the body, before the server has the whole. */
  readonly cutAfter?: number;
  /** The server gets it; the connection is cut in place of its answer. */
  readonly loseAnswer?: boolean;
  /** The proxy answers in the server's place. */
  readonly answer?: { readonly status: number; readonly body?: string };
}

/** A plain HTTP proxy before a local cloud: counts what goes through it, and does damage where it is told to. */
export class TestProxy {
  readonly requests: ProxiedRequest[] = [];
  /** Asked for each request when its head has come. */
  fault: (request: ProxiedRequest) => Fault | undefined = () => undefined;
  /** Called before a server's answer is passed on. */
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

  /** Forgets what it has seen and what it is told to do. */
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
    const { delayMs, cutAfter, loseAnswer, answer } = this.fault(seen) ?? {};
    // A request that is still held when the tests have ended keeps nobody waiting.
    if (delayMs !== undefined) await sleep(delayMs, undefined, { ref: false });
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
    // Who began the request and went away must not leave the server waiting for its rest.
    incoming.on("close", () => {
      if (!incoming.complete) forwarded.destroy();
    });
    incoming.pipe(forwarded);
  }
}
