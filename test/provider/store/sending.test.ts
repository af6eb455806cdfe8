import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  AbortMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { attemptsOf, errorName } from "../../../connection/errors/failure.ts";
import { createS3Clients } from "../../../provider/store/clients.ts";
import { NoAnswerError, regionOf } from "../../../provider/store/no-answer.ts";
import type { ObjectStore } from "../../../provider/store/object-store.ts";
import type { S3Clients } from "../../../provider/store/s3-clients.ts";
import { clientsWith } from "../../../provider/store/sending.ts";
import { errorOf } from "../../support/failure.ts";

type Reply = (request: IncomingMessage, response: ServerResponse) => void;

const silent: Reply = () => {};
const well: Reply = (_request, response) => response.writeHead(200, { etag: '"e"' }).end();
const failing =
  (status: number, code: string): Reply =>
  ({ method }, response) =>
    response
      .writeHead(status)
      .end(method === "HEAD" ? "" : `<Error><Code>${code}</Code><Message>said S3</Message></Error>`);

describe("clients with a time-out", () => {
  let server: Server;
  let config: S3ClientConfig;
  let clients: S3Clients;
  let requests: number;
  let reply: (index: number, request: IncomingMessage) => Reply;
  let troubles: string[];

  beforeEach(async () => {
    [requests, troubles] = [0, []];
    reply = () => well;
    server = createServer((request, response) => {
      request.resume();
      reply(requests++, request)(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    config = { endpoint, credentials, forcePathStyle: true };
    clients = createS3Clients({ config });
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const clientWith = (timeoutSeconds: number) => {
    const onTrouble = (region: string, reason: string) => troubles.push(`${region}: ${reason}`);
    return clientsWith(clients, { timeoutSeconds, onTrouble });
  };
  const storeWith = (timeoutSeconds: number) => clientWith(timeoutSeconds).store("us-east-1");
  const at = { bucket: "bucket", key: "key" };
  const put = (store: ObjectStore, signal?: AbortSignal) =>
    store.put({ ...at, body: Buffer.from("b") }, signal);
  const timed = async (work: () => Promise<unknown>): Promise<[error: unknown, seconds: number]> => {
    const started = performance.now();
    return [await errorOf(work()), (performance.now() - started) / 1000];
  };

  it("fail after a silence of that duration, on several connections", async () => {
    reply = () => silent;
    const [error, seconds] = await timed(() => put(storeWith(2)));
    expect(error).to.be.instanceOf(NoAnswerError);
    expect(error).to.have.property("message", "S3 in us-east-1 gave no answer for 2 s");
    expect(seconds).to.be.within(1.9, 30);
    expect(requests).to.be.within(2, 3);
  });

  it("do so on the fast path, too", async () => {
    const store = storeWith(2);
    await put(store); // the fast path learns from this request
    reply = () => silent;
    const [error, seconds] = await timed(() => put(store));
    expect(error).to.be.instanceOf(NoAnswerError);
    expect(seconds).to.be.within(1.9, 30);
  });

  it("continue after a shorter silence", async () => {
    reply = (index) => (index === 0 ? silent : well);
    expect((await put(storeWith(2))).etag).to.equal('"e"');
    expect(requests).to.equal(2);
  });

  it("retry a silent server while there is time, whatever the patience, and report the number of attempts", async () => {
    const impatient = createS3Clients({ stallTimeoutMs: 500, config, patience: { attempts: 2, forMs: 0 } });
    reply = (index) => (index < 5 ? silent : failing(404, "NoSuchUpload"));
    const few = clientsWith(impatient, { timeoutSeconds: 30 });
    const error = await errorOf(
      few
        .of("us-east-1")
        .send(new AbortMultipartUploadCommand({ Bucket: "bucket", Key: "key", UploadId: "u" })),
    );
    expect(errorName(error)).to.equal("NoSuchUpload");
    expect(requests).to.equal(6);
    expect(attemptsOf(error)).to.equal(6);
  });

  it("report trouble after three seconds, and not before", async () => {
    reply = (index) => (index < 1 ? failing(503, "SlowDown") : well);
    await put(storeWith(60));
    expect(troubles).to.deep.equal([]);
    requests = 0;
    // Three seconds between the first failure and the third, however short its pauses are.
    const busy: Reply = (...exchange) => void setTimeout(() => failing(503, "SlowDown")(...exchange), 1_700);
    reply = (index) => (index < 4 ? busy : well);
    await put(storeWith(60));
    expect(troubles).to.deep.equal(["us-east-1: 503 SlowDown"]);
  });

  it("remember the region of a failed request", async () => {
    reply = () => failing(403, "AccessDenied");
    expect(regionOf(await errorOf(put(storeWith(5))))).to.equal("us-east-1");
    expect(requests).to.equal(1);
  });

  it("stop at once when aborted", async () => {
    reply = () => silent;
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 100);
    const [error, seconds] = await timed(() => put(storeWith(60), abort.signal));
    expect(errorName(error)).to.equal("AbortError");
    expect(seconds).to.be.lessThan(30);
  });

  describe("and a failed HEAD without a body", () => {
    const head = () =>
      errorOf(
        clientWith(5)
          .of("us-east-1")
          .send(new HeadObjectCommand({ Bucket: "bucket", Key: "key" })),
      );
    const byMethod =
      (status: number, code: string) =>
      (_index: number, { method }: IncomingMessage): Reply =>
        method === "HEAD" ? failing(status, "") : failing(400, code);

    it("report an expired token", async () => {
      reply = byMethod(400, "ExpiredToken");
      expect(errorName(await head())).to.equal("ExpiredToken");
    });

    it("report an unknown key", async () => {
      reply = byMethod(403, "InvalidAccessKeyId");
      expect(errorName(await head())).to.equal("InvalidAccessKeyId");
    });

    it("retry if the search for the cause fails", async () => {
      let listings = 0;
      reply = (_index, { method }) => {
        if (method === "HEAD") return failing(400, "");
        listings += 1;
        return listings === 1 ? failing(503, "SlowDown") : failing(400, "ExpiredToken");
      };
      expect(errorName(await head())).to.equal("ExpiredToken");
      expect(requests).to.equal(4);
    });

    it("keep the HEAD's own error if the cause is another", async () => {
      reply = byMethod(403, "AuthorizationHeaderMalformed");
      expect(await head()).to.have.nested.property("$metadata.httpStatusCode", 403);
      reply = byMethod(404, "ExpiredToken");
      requests = 0;
      expect(await head()).to.have.nested.property("$metadata.httpStatusCode", 404);
      expect(requests).to.equal(1);
    });
  });

  it("keep successes unchanged", async () => {
    reply = () => (_request, response) =>
      response
        .writeHead(200)
        .end("<ListPartsResult><Part><PartNumber>1</PartNumber></Part></ListPartsResult>");
    const command = new ListPartsCommand({ Bucket: "bucket", Key: "key", UploadId: "u" });
    const { Parts } = await clientWith(5).of("us-east-1").send(command);
    expect(Parts?.map(({ PartNumber }) => PartNumber)).to.deep.equal([1]);
    const parts: number[] = [];
    for await (const { number } of storeWith(5).listParts({ ...at, uploadId: "u" })) parts.push(number);
    expect(parts).to.deep.equal([1]);
    expect(troubles).to.deep.equal([]);
  });
});
