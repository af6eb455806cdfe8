import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { TEST_INVALID_CERTIFICATE, TEST_INVALID_KEY } from "./tls.ts";

interface ConnectProxyOptions {
  /** The required `USER:PASSWORD`. */
  readonly login?: string;
  /** The status of its responses, in place of a connection. */
  readonly refuses?: number;
}

/**
 * An HTTP proxy by CONNECT in front of a plain HTTP server. Names that end in `.test.invalid` lead to that server, by TLS with a
 * certificate of the test authority; no name server knows them, so only the proxy can reach it.
 */
export class ConnectProxy {
  /** Requested hosts, such as `aws.test.invalid:443`, and URLs of requests without TLS. */
  readonly asked: string[] = [];
  readonly #proxy: Server;
  readonly #tls: TlsServer;
  readonly #sockets = new Set<Socket>();
  readonly #options: ConnectProxyOptions;

  private constructor(target: URL, options: ConnectProxyOptions) {
    this.#options = options;
    // A client that does not trust the certificate ends the handshake.
    this.#tls = createTlsServer({ key: TEST_INVALID_KEY, cert: TEST_INVALID_CERTIFICATE }, (client) => {
      this.#join(client, connect(Number(target.port), target.hostname));
    });
    this.#proxy = createServer((request, response) => {
      this.asked.push(request.url ?? "");
      response.writeHead(this.#refusal(request) ?? 501).end();
    });
    this.#proxy.on("connect", (request: IncomingMessage, client: Socket) => this.#connect(request, client));
  }

  /** @param target the server, such as `http://127.0.0.1:4566` */
  static async start(target: string, options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(new URL(target), options);
    for (const server of [proxy.#proxy, proxy.#tls]) {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    }
    return proxy;
  }

  /** With the login, as in a proxy variable. */
  get url(): string {
    const { login } = this.#options;
    return `http://${login === undefined ? "" : `${login}@`}127.0.0.1:${portOf(this.#proxy)}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#proxy.closeAllConnections();
    await Promise.all(
      [this.#proxy, this.#tls].map((server) => new Promise((resolve) => server.close(resolve))),
    );
  }

  #connect(request: IncomingMessage, client: Socket): void {
    this.asked.push(request.url ?? "");
    // A refused client often disconnects before it has read the whole response.
    client.on("error", () => client.destroy());
    const refusal = this.#refusal(request);
    if (refusal !== undefined || !/\.test\.invalid:\d+$/.test(request.url ?? "")) {
      client.end(`HTTP/1.1 ${refusal ?? 502} Refused\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    this.#join(client, connect(portOf(this.#tls), "127.0.0.1"));
  }

  #refusal({ headers }: IncomingMessage): number | undefined {
    const { login, refuses } = this.#options;
    const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
    return wanted !== undefined && headers["proxy-authorization"] !== wanted ? 407 : refuses;
  }

  #join(one: Socket, other: Socket): void {
    for (const [socket, twin] of [
      [one, other],
      [other, one],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => twin.destroy()).on("close", () => twin.destroy());
      socket.pipe(twin);
    }
  }
}

const portOf = (server: Server | TlsServer): number => (server.address() as AddressInfo).port;
