import { createServer, type Server } from "node:http";
import { expect } from "chai";
import { openTransfers } from "../../../../cli/services/entry/transfers.ts";
import { resolveConnection } from "../../../../connection/connection.ts";
import { InputError } from "../../../../staging/errors.ts";
import { parseRegion } from "../../../../staging/regions.ts";
import { listenOn } from "../../../provider/transfer/endpoint.ts";
import { failureOf } from "../../../support/failure.ts";

const EAST = parseRegion("us-east-1");

describe("transfers by the command line", () => {
  let server: Server;
  let endpoint: string;
  const codes: string[] = [];
  before(async () => {
    server = createServer((request, response) => {
      const code = codes.shift();
      request.resume().on("end", () => {
        if (code === undefined) response.writeHead(200, { etag: '"e"' }).end();
        else response.writeHead(503).end(`<Error><Code>${code}</Code><Message>said S3</Message></Error>`);
      });
    });
    endpoint = await listenOn(server);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const contextWith = (s3: () => Promise<never>): Parameters<typeof openTransfers>[0] => ({
    account: async () => undefined,
    connection: async () =>
      resolveConnection({
        ...{ AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
        ...{ AWS_CONFIG_FILE: "/dev/null", AWS_SHARED_CREDENTIALS_FILE: "/dev/null" },
      }),
    s3,
  });

  it("lower the concurrency when a bucket throttles, and retry", async () => {
    const { plane, store, close } = await openTransfers(contextWith(async () => ({}) as never));
    const objects = await store(EAST);
    const limiter = plane.limiters.of("copy", "b");
    const { taskLimit } = limiter;
    codes.push("InternalError");
    await objects.put({ bucket: "b", key: "k", body: Buffer.from("b") });
    expect(limiter.taskLimit).to.equal(taskLimit);
    codes.push("SlowDown");
    await objects.delete({ bucket: "b", key: "k" });
    expect(codes).to.deep.equal([]);
    expect(limiter.taskLimit).to.equal(taskLimit / 2);
    close();
  });

  it("refuse the bucket of another environment before a request", async () => {
    const { store } = await openTransfers(contextWith(() => Promise.reject(new InputError("another's"))));
    expect((await failureOf(store(EAST))).message).to.equal("another's");
  });
});
