import { createServer, type Server, type ServerResponse } from "node:http";
import { expect } from "chai";
import { RequestLimiters } from "../../../provider/flow/limiters.ts";
import { createS3Clients } from "../../../provider/store/clients.ts";
import { clientsWith } from "../../../provider/store/sending.ts";
import { listenOn } from "../transfer/endpoint.ts";

const IN_FLIGHT = 256;
const BURST_MS = 1_000;

describe("a server that fails for a second with many requests in flight", () => {
  let server: Server;
  let endpoint: string;
  let fail: (response: ServerResponse) => void;
  /** On the clock of `performance.now()`; undefined: for a second from the first request on. */
  let failsUntil: number | undefined;
  before(async () => {
    server = createServer((request, response) => {
      request.resume().on("end", () => {
        failsUntil ??= performance.now() + BURST_MS;
        if (performance.now() < failsUntil) fail(response);
        else response.writeHead(200, { etag: '"e"' }).end();
      });
    });
    endpoint = await listenOn(server);
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const answer = (status: number, code: string) => (response: ServerResponse) =>
    response.writeHead(status).end(`<Error><Code>${code}</Code><Message>said S3</Message></Error>`);
  const bursts: [what: string, isTooMuch: boolean, fail: (response: ServerResponse) => void][] = [
    ["SlowDown", true, answer(503, "SlowDown")],
    ["InternalError", false, answer(500, "InternalError")],
    ["resets", false, (response) => response.socket?.resetAndDestroy()],
  ];
  for (const [what, isTooMuch, failure] of bursts) {
    it(`receives retries of each request until it succeeds (${what})`, async () => {
      const limiters = new RequestLimiters();
      const credentials = { accessKeyId: "test", secretAccessKey: "test" };
      const clients = createS3Clients({
        config: { endpoint, credentials, forcePathStyle: true },
        onThrottled: (throttled) => limiters.throttled(throttled),
      });
      const limited = clientsWith(clients, {});
      const store = limited.store("us-east-1");
      const bucket = `bursts-${what}`;
      const put = (index: number) => store.put({ bucket, key: `${index}`, body: Buffer.from("b") });
      const limiter = limiters.of("object", bucket);
      const { taskLimit } = limiter;
      fail = failure;
      failsUntil = 0;
      await put(0); // the fast path learns from this request
      failsUntil = undefined;
      const ended = await Promise.allSettled(Array.from({ length: IN_FLIGHT }, (_, index) => put(index)));
      expect(ended.filter(({ status }) => status === "rejected")).to.deep.equal([]);
      if (isTooMuch) expect(limiter.taskLimit).to.be.lessThan(taskLimit);
      else expect(limiter.taskLimit).to.equal(taskLimit);
      clients.at("us-east-1").client.destroy();
    });
  }
});
