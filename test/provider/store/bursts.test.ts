import { createServer, type Server, type ServerResponse } from "node:http";
import { expect } from "chai";
import { createS3Clients } from "../../../provider/store/clients.ts";
import { clientsWith } from "../../../provider/store/sending.ts";
import { turnsFor } from "../../../provider/transfer/flow/limiters.ts";
import { listenOn } from "../transfer/endpoint.ts";

const IN_FLIGHT = 256;
const BURST_MS = 1_000;

describe("a server that fails for a second with many requests on their way", () => {
  let server: Server;
  let endpoint: string;
  let fail: (response: ServerResponse) => void;
  /** On the clock of `performance.now()`. */
  let failsUntil: number;
  before(async () => {
    server = createServer((request, response) => {
      request.resume().on("end", () => {
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
    it(`is asked again by each of them until it works (${what})`, async () => {
      const credentials = { accessKeyId: "test", secretAccessKey: "test" };
      const clients = createS3Clients({ config: { endpoint, credentials, forcePathStyle: true } });
      const limited = clientsWith(clients, {});
      const client = limited.of("us-east-1");
      const store = limited.store("us-east-1");
      const bucket = `bursts-${what}`;
      const put = (index: number) => store.put({ bucket, key: `${index}`, body: Buffer.from("b") });
      const turns = turnsFor("object", bucket);
      const { worthStarting } = turns;
      fail = failure;
      failsUntil = 0;
      await put(0); // from which the way is learnt
      failsUntil = performance.now() + BURST_MS;
      const ended = await Promise.allSettled(Array.from({ length: IN_FLIGHT }, (_, index) => put(index)));
      expect(ended.filter(({ status }) => status === "rejected")).to.deep.equal([]);
      if (isTooMuch) expect(turns.worthStarting).to.be.lessThan(worthStarting);
      else expect(turns.worthStarting).to.equal(worthStarting);
      client.destroy();
    });
  }
});
