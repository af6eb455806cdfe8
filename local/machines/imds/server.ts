import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type FindOwners, requireOwnPeer } from "../../../connection/peer.ts";
import { messageOf } from "../../../staging/errors.ts";
import { type MetadataSources, metadata } from "./metadata.ts";
import { Tokens } from "./tokens.ts";

interface MetadataOptions {
  readonly sources: MetadataSources;
  /** The user of the machine's processes; all others are refused. */
  readonly user: number;
  /** Extra milliseconds per response, for tests. */
  delay(): Promise<number>;
  onError(text: string): void;
  readonly findOwners?: FindOwners;
}

const TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";

/**
 * The instance metadata service of one machine, version 2 only, on a port of 127.0.0.1. It returns credentials, so it
 * serves only the machine's user, and no web page: requests name it as 127.0.0.1, and a token requires a PUT without
 * proxy headers, as on EC2.
 */
export class MetadataServer {
  readonly #options: MetadataOptions;
  readonly #server: Server;
  readonly #tokens = new Tokens();
  readonly #peers = new WeakMap<Socket, Promise<void>>();
  #port = 0;

  private constructor(options: MetadataOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#answer(request).then(
        (answer) => send(response, answer),
        (error: unknown) => {
          options.onError(`metadata: ${request.method} ${request.url}: ${messageOf(error)}`);
          send(response, { status: 500 });
        },
      );
    });
    this.#server.on("connection", (socket) => {
      const admitted = requireOwnPeer(socket, options.findOwners, options.user);
      admitted.catch(() => undefined); // the awaiting code reports it
      this.#peers.set(socket, admitted);
    });
  }

  static async start(options: MetadataOptions): Promise<MetadataServer> {
    const started = new MetadataServer(options);
    started.#server.listen(0, "127.0.0.1");
    await once(started.#server, "listening");
    started.#port = (started.#server.address() as AddressInfo).port;
    return started;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { headers } = request;
    try {
      await this.#peers.get(request.socket);
    } catch (error) {
      this.#options.onError(`metadata: refused: ${messageOf(error)}`);
      return { status: 403 };
    }
    if (headers.host !== `127.0.0.1:${this.#port}` || headers.origin !== undefined) return { status: 403 };
    await sleep(await this.#options.delay());
    const path = request.url ?? "";
    if (request.method === "PUT" && path === "/latest/api/token") return this.#giveToken(headers);
    if (request.method !== "GET") return { status: 405 };
    const ttl = this.#tokens.secondsLeft(String(headers["x-aws-ec2-metadata-token"] ?? ""));
    if (ttl === undefined) return { status: 401 };
    const text = await metadata(path, this.#options.sources);
    return text === undefined ? { status: 404 } : { status: 200, text, ttl };
  }

  #giveToken(headers: IncomingMessage["headers"]): Answer {
    if (headers["x-forwarded-for"] !== undefined) return { status: 403 };
    const ttl = String(headers[TTL_HEADER] ?? "");
    const text = this.#tokens.make(ttl);
    return text === undefined ? { status: 400 } : { status: 200, text, ttl: Number(ttl) };
  }
}

interface Answer {
  readonly status: number;
  readonly text?: string;
  /** Seconds that the token is valid. */
  readonly ttl?: number;
}

function send(response: ServerResponse, { status, text = "", ttl }: Answer): void {
  response.writeHead(status, {
    "content-type": "text/plain",
    "content-length": Buffer.byteLength(text),
    ...(ttl === undefined ? {} : { [TTL_HEADER]: ttl }),
  });
  response.end(text);
}
