import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { openAccess } from "../../../../connection/access.ts";
import { resolveConnection } from "../../../../connection/connection.ts";
import { proxySettings } from "../../../../connection/proxy.ts";
import { urlOf } from "../../../../connection/request-handler.ts";
import type { Variables } from "../../../../connection/variables.ts";
import { createS3Clients } from "../../../../provider/store/clients.ts";
import { Http, type WireRequest } from "../../../../provider/store/fast/http.ts";
import { ConnectProxy } from "../../../support/connect-proxy.ts";
import { errorOf } from "../../../support/failure.ts";
import { TEST_AUTHORITY } from "../../../support/tls.ts";

const never = new AbortController().signal;
const TLS_SERVER = { protocol: "https:", hostname: "aws.test.invalid" };
const PLAIN_SERVER = { protocol: "http:", hostname: "aws.test.invalid", port: 9000 };

describe("Http behind a proxy", () => {
  let server: Server;
  let endpoint: string;
  let proxy: ConnectProxy | undefined;
  let http: Http | undefined;
  const received: [path: string | undefined, body: string, login: string | undefined][] = [];
  /** Of each request: whether the SDK sent it. */
  const bySdk: boolean[] = [];
  before(async () => {
    server = createServer(async (request: IncomingMessage, response) => {
      received.push([request.url, await text(request), request.headers["proxy-authorization"]]);
      bySdk.push("amz-sdk-invocation-id" in request.headers);
      response.writeHead(200, { etag: '"e"', "content-length": 0 }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    received.length = 0;
    bySdk.length = 0;
  });
  afterEach(async () => {
    await http?.close();
    await proxy?.stop();
    proxy = undefined;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const httpWith = (env: Variables, ca: readonly string[] = [TEST_AUTHORITY]): Http => {
    const proxies = proxySettings(env);
    const limits = { most: 4, connectTimeoutMs: 60_000, stallTimeoutMs: 60_000 };
    http = new Http({ ...limits, ca, proxyOf: (to) => proxies.of(urlOf(to)) });
    return http;
  };
  const put = (path: string): WireRequest => ({
    ...{ method: "PUT", path, body: Buffer.from("bytes"), isChecked: true },
    headers: ["host", "aws.test.invalid", "content-length", "5"],
  });

  it("tunnels TLS with one CONNECT for each connection, and keeps its login from the server", async () => {
    proxy = await ConnectProxy.start(endpoint, { login: "me:secret" });
    const client = httpWith({ HTTPS_PROXY: proxy.url });
    for (const path of ["/b/1", "/b/2"]) {
      expect((await client.exchange(TLS_SERVER, put(path), never)).status).to.equal(200);
    }
    expect(proxy.asked).to.deep.equal(["aws.test.invalid:443"]);
    expect(received).to.deep.equal([
      ["/b/1", "bytes", undefined],
      ["/b/2", "bytes", undefined],
    ]);
  });

  it("verifies the certificate of the server behind the proxy", async () => {
    proxy = await ConnectProxy.start(endpoint);
    const client = httpWith({ HTTPS_PROXY: proxy.url }, []);
    const error = await errorOf(client.exchange(TLS_SERVER, put("/b/1"), never));
    expect(error)
      .to.have.property("code")
      .that.matches(/CERT|SIGNATURE|ISSUER/);
    expect(received).to.deep.equal([]);
  });

  it("reports the refusal of a proxy", async () => {
    proxy = await ConnectProxy.start(endpoint, { refuses: 403 });
    const client = httpWith({ HTTPS_PROXY: proxy.url });
    const error = await errorOf(client.exchange(TLS_SERVER, put("/b/1"), never));
    expect(error).to.include({ name: "ProxyError", status: 403 });
  });

  it("sends requests without TLS to the proxy, with the whole URL and the login", async () => {
    const client = httpWith({ HTTP_PROXY: endpoint.replace("//", "//me:secret@") });
    expect((await client.exchange(PLAIN_SERVER, put("/b/1"), never)).status).to.equal(200);
    const login = `Basic ${Buffer.from("me:secret").toString("base64")}`;
    expect(received).to.deep.equal([["http://aws.test.invalid:9000/b/1", "bytes", login]]);
  });

  it("carries the requests with data of an object store", async () => {
    proxy = await ConnectProxy.start(endpoint);
    const folder = await mkdtemp(join(tmpdir(), "spawn-proxy-"));
    try {
      await writeFile(join(folder, "ca.pem"), TEST_AUTHORITY);
      const connection = resolveConnection({
        ...{ AWS_ENDPOINT_URL: "https://aws.test.invalid", HTTPS_PROXY: proxy.url },
        ...{
          AWS_ACCESS_KEY_ID: "test",
          AWS_SECRET_ACCESS_KEY: "test",
          AWS_CA_BUNDLE: join(folder, "ca.pem"),
        },
        ...{ AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null" },
      });
      const clients = createS3Clients({ access: await openAccess("library", connection) });
      for (const key of ["1", "2", "3"]) {
        await clients.store("us-east-1").put({ bucket: "b", key, body: Buffer.from("bytes") });
      }
      clients.at("us-east-1").client.destroy();
      expect(received.map(([path]) => path)).to.deep.equal(["/b/1?x-id=PutObject", "/b/2", "/b/3"]);
      // The first request shows the route.
      expect(bySdk).to.deep.equal([true, false, false]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("connects directly to a server in NO_PROXY", async () => {
    proxy = await ConnectProxy.start(endpoint);
    const client = httpWith({ HTTP_PROXY: proxy.url, NO_PROXY: "aws.test.invalid" });
    const direct = { ...PLAIN_SERVER, hostname: "127.0.0.1", port: Number(new URL(endpoint).port) };
    await client.exchange(direct, put("/b/1"), never);
    await errorOf(client.exchange(PLAIN_SERVER, put("/b/2"), never));
    expect(proxy.asked).to.deep.equal([]);
    expect(received).to.deep.equal([["/b/1", "bytes", undefined]]);
  });
});
