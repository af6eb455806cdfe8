import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { expect } from "chai";
import { Http, type WireRequest } from "../../../../provider/store/fast/http.ts";
import { errorOf } from "../../../support/failure.ts";
import { TLS_CERTIFICATE, TLS_KEY } from "../../../support/tls.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const never = new AbortController().signal;

/** A server that treats each connection as the test says. */
class RawServer {
  readonly sockets: Socket[] = [];
  readonly received: string[] = [];
  onRequest: (socket: Socket, text: string) => void = (socket) => socket.write(OK);
  readonly #server: Server;

  constructor(make: (listener: (socket: Socket) => void) => Server = createServer) {
    this.#server = make((socket) => {
      this.sockets.push(socket);
      socket.on("error", () => undefined); // the client may break the connection
      socket.on("data", (piece) => {
        this.received.push(piece.toString());
        this.onRequest(socket, piece.toString());
      });
    });
  }

  async start(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

describe("Http", () => {
  let server: RawServer;
  let port: number;
  let http: Http;
  beforeEach(async () => {
    server = new RawServer();
    port = await server.start();
    http = new Http({ most: 2, connectTimeoutMs: 60_000, stallTimeoutMs: 60_000 });
  });
  afterEach(async () => {
    http.close();
    await server.stop();
  });

  const request = (more: Partial<WireRequest> = {}): WireRequest => ({
    ...{ method: "PUT", path: "/bucket/key", headers: ["host", "h", "content-length", "5"] },
    ...{ body: Buffer.from("bytes"), isChecked: true },
    ...more,
  });
  const exchange = (more: Partial<WireRequest> = {}, signal: AbortSignal = never) =>
    http.exchange({ protocol: "http:", hostname: "127.0.0.1", port }, request(more), signal);
  const stallAfter = (stallTimeoutMs: number): void => {
    http.close();
    http = new Http({ most: 2, connectTimeoutMs: 60_000, stallTimeoutMs });
  };

  it("sends a request unchanged, and the next one over the same connection", async () => {
    expect(await exchange()).to.include({ status: 200, body: "" });
    await exchange({ method: "HEAD", path: "/bucket/other?a=b", headers: ["host", "h"], body: undefined });
    expect(server.sockets).to.have.length(1);
    expect(server.received).to.deep.equal([
      "PUT /bucket/key HTTP/1.1\r\nhost: h\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nbytes",
      "HEAD /bucket/other?a=b HTTP/1.1\r\nhost: h\r\nconnection: keep-alive\r\n\r\n",
    ]);
  });

  it("opens connections up to its limit, and queues further requests", async () => {
    let [running, most] = [0, 0];
    server.onRequest = async (socket) => {
      running += 1;
      most = Math.max(most, running);
      await sleep(5);
      running -= 1;
      socket.write(OK);
    };
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchange()));
    expect(answers).to.have.length(20);
    expect(most).to.equal(2);
    expect(server.sockets).to.have.length(2);
  });

  it("removes an aborted request from the queue", async () => {
    server.onRequest = (socket) => setTimeout(() => socket.write(OK), 30);
    const controller = new AbortController();
    const running = [exchange(), exchange()];
    const aborted = errorOf(exchange({}, controller.signal));
    const last = exchange();
    controller.abort(new Error("enough"));
    expect((await aborted).name).to.equal("AbortError");
    expect(await last).to.include({ status: 200 });
    await Promise.all(running);
  });

  it("ends an aborted request and its connection", async () => {
    server.onRequest = () => {};
    const controller = new AbortController();
    const aborted = errorOf(exchange({}, controller.signal));
    while (server.received.length === 0) await sleep(2);
    controller.abort();
    expect((await aborted).name).to.equal("AbortError");
    server.onRequest = (socket) => socket.write(OK);
    expect(await exchange()).to.include({ status: 200 });
    expect(server.sockets).to.have.length(2);
  });

  it("times out on a connection without data", async () => {
    server.onRequest = () => {};
    stallAfter(200);
    const started = performance.now();
    const error = await errorOf(exchange());
    expect(error).to.include({ name: "TimeoutError", message: "the connection stalls" });
    expect(performance.now() - started).to.be.at.least(150);
  });

  it("waits for a response in pieces while data arrive", async () => {
    stallAfter(1_000);
    server.onRequest = async (socket) => {
      for (const piece of ["HTTP/1.1 200 OK\r\n", "content-length: 40\r\n\r\n", ..."x".repeat(40)]) {
        socket.write(piece);
        await sleep(50);
      }
    };
    expect(await exchange()).to.include({ status: 200 });
  });

  it("reads a character whose bytes arrive apart", async () => {
    const text = Buffer.from("ü");
    server.onRequest = async (socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
      socket.write(text.subarray(0, 1));
      await sleep(20);
      socket.write(text.subarray(1));
    };
    expect(await exchange()).to.include({ body: "ü" });
  });

  it("times out on a connection that is not established", async () => {
    // It waits for the server's part of the handshake.
    server.onRequest = () => {};
    const error = await errorOf(
      new Http({ most: 1, connectTimeoutMs: 50, stallTimeoutMs: 60_000 }).exchange(
        { protocol: "https:", hostname: "127.0.0.1", port },
        request(),
        never,
      ),
    );
    expect(error).to.include({ name: "TimeoutError", message: "the connection does not come about" });
  });

  it("reports a refused connection, and a broken one", async () => {
    server.onRequest = (socket) => socket.destroy();
    expect(await errorOf(exchange())).to.include({ code: "ECONNRESET" });
    server.onRequest = (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf");
    expect(await errorOf(exchange())).to.include({ code: "ECONNRESET" });
    await server.stop();
    expect(await errorOf(exchange())).to.include({ code: "ECONNREFUSED" });
    server = new RawServer();
    await server.start();
  });

  it("opens a new connection after the server closed the old one", async () => {
    await exchange();
    server.sockets[0]?.end();
    await sleep(20);
    await exchange();
    server.onRequest = (socket) =>
      socket.write(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    await exchange();
    server.onRequest = (socket) => socket.write(OK);
    await exchange();
    expect(server.sockets).to.have.length(3);
  });

  it("opens no second connection while one is idle, and uses none that the server has just closed", async () => {
    await Promise.all([exchange(), exchange()]);
    await exchange();
    expect(server.sockets).to.have.length(2);
    for (const socket of server.sockets) socket.destroy();
    // The closes arrive while the next requests are sent.
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.allSettled([exchange(), exchange()]);
    expect(await exchange()).to.include({ status: 200 });
  });

  it("never mistakes the rest of one response for the next", async () => {
    server.onRequest = (socket) => {
      socket.write(OK);
      setTimeout(() => socket.write("HTTP/1.1 500 Late\r\ncontent-length: 0\r\n\r\n"), 5);
    };
    await exchange();
    await sleep(30);
    server.onRequest = (socket) => socket.write(OK);
    expect(await exchange()).to.include({ status: 200 });
    expect(server.sockets).to.have.length(2);

    server.onRequest = (socket) => socket.write(OK + OK);
    await Promise.allSettled([exchange()]);
    server.onRequest = (socket) => socket.write(OK.replace("200", "201"));
    expect(await exchange()).to.include({ status: 201 });
  });

  it("passes on an error before the body's end, and sends the rest of the body nowhere", async () => {
    server.onRequest = (socket, text) => {
      if (!text.startsWith("PUT")) return;
      socket.pause();
      socket.write("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    };
    const body = Buffer.alloc(32 * 1024 * 1024);
    expect(await exchange({ headers: ["content-length", String(body.length)], body })).to.include({
      status: 403,
    });
    server.onRequest = (socket) => socket.write(OK);
    await exchange();
    expect(server.sockets).to.have.length(2);
  });

  it("sends no header that could start another one", async () => {
    for (const value of ["a\r\nx: y", "a\nb", "ü", "\0"]) {
      const error = await errorOf(exchange({ headers: ["host", "h", "x-amz-tagging", value] }));
      expect(error.message).to.equal("the header x-amz-tagging cannot be sent");
    }
    expect(server.received).to.deep.equal([]);
  });
});

describe("Http over TLS", () => {
  it("verifies the server's certificate, and resumes sessions", async () => {
    let resumed = 0;
    const server = new RawServer((listener) =>
      createTlsServer({ key: TLS_KEY, cert: TLS_CERTIFICATE }, (socket) => {
        if (socket.isSessionReused()) resumed += 1;
        listener(socket);
      }),
    );
    const port = await server.start();
    const at = { protocol: "https:", hostname: "127.0.0.1", port };
    const wire: WireRequest = {
      ...{
        method: "PUT",
        path: "/",
        headers: ["content-length", "1"],
        body: Buffer.from("x"),
        isChecked: true,
      },
    };
    const http = new Http({ most: 1, connectTimeoutMs: 2_000, stallTimeoutMs: 2_000 });
    try {
      const error = await http.exchange(at, wire, never).catch((failure: Error) => failure);
      expect(error).to.include({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
      expect(server.received).to.deep.equal([]);

      process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
      server.onRequest = (socket) =>
        socket.end("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      expect(await http.exchange(at, wire, never)).to.include({ status: 200 });
      expect(await http.exchange(at, wire, never)).to.include({ status: 200 });
      expect(resumed).to.equal(1);
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      http.close();
      await server.stop();
    }
  });
});
