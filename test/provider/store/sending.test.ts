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
import { createS3Clients, type S3Clients } from "../../../provider/store/clients.ts";
import { NoAnswerError, regionOf } from "../../../provider/store/no-answer.ts";
import type { ObjectStore } from "../../../provider/store/object-store.ts";
import { patientRetries } from "../../../provider/store/retry-strategy.ts";
import { clientsWith } from "../../../provider/store/sending.ts";

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
  const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => expect.fail("it succeeded"),
      (error: unknown) => error,
    );
  const timed = async (work: () => Promise<unknown>): Promise<[error: unknown, seconds: number]> => {
    const started = performance.now();
    return [await errorOf(work()), (performance.now() - started) / 1000];
  };

  it("fail when nothing has come back for so long, on several connections", async () => {
    reply = () => silent;
    const [error, seconds] = await timed(() => put(storeWith(2)));
    expect(error).to.be.instanceOf(NoAnswerError);
    expect(error).to.have.property("message", "S3 in us-east-1 gave no answer for 2 s");
    expect(seconds).to.be.within(1.9, 3.5);
    expect(requests).to.be.within(2, 3);
  });

  it("do so, too, where a request goes straight to HTTP", async () => {
    const store = storeWith(2);
    await put(store); // from which the way is learnt
    reply = () => silent;
    const [error, seconds] = await timed(() => put(store));
    expect(error).to.be.instanceOf(NoAnswerError);
    expect(seconds).to.be.within(1.9, 3.5);
  });

  it("go on after a silence that is shorter", async () => {
    reply = (index) => (index === 0 ? silent : well);
    expect((await put(storeWith(2))).etag).to.equal('"e"');
    expect(requests).to.equal(2);
  });

  it("count a silence from the last answer, though it was an error", async () => {
    reply = (index) => (index < 2 ? silent : index === 2 ? failing(500, "InternalError") : silent);
    const [, seconds] = await timed(() => put(storeWith(1)));
    expect(seconds).to.be.within(1.6, 3.5);
    expect(requests).to.be.within(5, 6);
  });

  it("ask more often than the SDK where there is time, and say how often", async () => {
    // Of its own accord the SDK asks twice here.
    const retryStrategy = patientRetries({ attempts: 2, forMs: 0 });
    const impatient = createS3Clients({ stallTimeoutMs: 100, config: { ...config, retryStrategy } });
    reply = (index) => (index < 5 ? silent : failing(404, "NoSuchUpload"));
    const few = clientsWith(impatient, { timeoutSeconds: 30 });
    const error = await errorOf(
      few
        .of("us-east-1")
        .send(new AbortMultipartUploadCommand({ Bucket: "bucket", Key: "key", UploadId: "u" })),
    );
    expect(errorName(error)).to.equal("NoSuchUpload");
    expect(requests).to.equal(6);
    expect(attemptsOf(error)).to.be.greaterThan(1);
  });

  it("tell of trouble after three seconds of it, and not before", async () => {
    reply = (index) => (index < 1 ? failing(503, "SlowDown") : well);
    await put(storeWith(60));
    expect(troubles).to.deep.equal([]);
    requests = 0;
    // Three seconds between the SDK's first failure and its third, however short its pauses are.
    const busy: Reply = (...exchange) => void setTimeout(() => failing(503, "SlowDown")(...exchange), 1_700);
    reply = (index) => (index < 4 ? busy : well);
    await put(storeWith(60));
    expect(troubles).to.deep.equal(["us-east-1: 503 SlowDown"]);
  });

  it("remember which region a request failed in", async () => {
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
    expect(seconds).to.be.lessThan(1);
  });

  describe("and a HEAD that fails without a text", () => {
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

    it("say that the token has expired", async () => {
      reply = byMethod(400, "ExpiredToken");
      expect(errorName(await head())).to.equal("ExpiredToken");
    });

    it("say that the key is unknown", async () => {
      reply = byMethod(403, "InvalidAccessKeyId");
      expect(errorName(await head())).to.equal("InvalidAccessKeyId");
    });

    it("keep to the HEAD's own error where it is about something else", async () => {
      reply = byMethod(403, "AuthorizationHeaderMalformed");
      expect(await head()).to.have.nested.property("$metadata.httpStatusCode", 403);
      reply = byMethod(404, "ExpiredToken");
      requests = 0;
      expect(await head()).to.have.nested.property("$metadata.httpStatusCode", 404);
      expect(requests).to.equal(1);
    });
  });

  it("leave alone what succeeds", async () => {
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
