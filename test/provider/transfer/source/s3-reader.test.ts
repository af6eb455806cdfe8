import { randomBytes } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { expect } from "chai";
import { sdkStore } from "../../../../provider/store/client.ts";
import { changeOf, S3Reader } from "../../../../provider/transfer/source/s3-reader.ts";
import { MIB } from "../../../../staging/units.ts";
import { errorOf } from "../../../support/failure.ts";
import { listenOn } from "../endpoint.ts";
import { storeAt } from "../fake-s3.ts";

const STALL_MS = 200;
const SIZE = 9 * MIB; // three ranges

/** Responds to a range in its own way; `undefined` leaves it to the server. */
type Intercept = (range: string, response: ServerResponse, bytes: Buffer) => true | undefined;

describe("a reader of an object on S3", () => {
  const content = randomBytes(SIZE);
  let intercept: Intercept = () => undefined;
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    const range = String(request.headers.range);
    ranges.push(range);
    const [first = 0, last = 0] = range.slice("bytes=".length).split("-").map(Number);
    const bytes = content.subarray(first, last + 1);
    if (intercept(range, response, bytes)) return;
    response.writeHead(206, { "content-length": bytes.length });
    response.end(bytes);
  });
  let endpoint: string;
  before(async () => {
    endpoint = await listenOn(server);
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    intercept = () => undefined;
    ranges.length = 0;
  });

  const open = (stallTimeoutMs = STALL_MS): S3Reader =>
    new S3Reader({ store: storeAt(endpoint, stallTimeoutMs), bucket: "bucket", key: "key" }, '"etag"');

  it("retries only the range with a stalled body", async () => {
    let stalled: string | undefined;
    intercept = (range, response, bytes) => {
      if (stalled !== undefined) return undefined;
      stalled = range;
      response.writeHead(206, { "content-length": bytes.length });
      response.write(bytes.subarray(0, 1000));
      return true;
    };
    const buffer = Buffer.alloc(SIZE);
    // Long enough that a loaded machine lets no other range stall.
    await open(3_000).read(buffer, 0);
    expect(buffer.equals(content)).to.equal(true);
    expect(ranges).to.have.length(4);
    expect(ranges.filter((range) => range === stalled)).to.have.length(2);
  });

  it("reports a range whose body stalls every time as a stall", async () => {
    intercept = (_range, response, bytes) => {
      response.writeHead(206, { "content-length": bytes.length });
      response.flushHeaders();
      return true;
    };
    expect(await errorOf(open().read(Buffer.alloc(MIB), 0))).to.include({ name: "TimeoutError" });
    expect(ranges).to.have.length(4);
  });

  it("leaves a range without a response to the client's retries", async () => {
    let sent = 0;
    const send = async () => {
      sent += 1;
      throw Object.assign(new Error("no answer"), { name: "TimeoutError" });
    };
    const store = sdkStore({ send }, "us-east-1");
    const reader = new S3Reader({ store, bucket: "bucket", key: "key" }, '"etag"');
    expect(await errorOf(reader.read(Buffer.alloc(MIB), 0))).to.include({ name: "TimeoutError" });
    expect(sent).to.equal(1);
  });
});

describe("the detected change of a source", () => {
  for (const [name, status, what] of [
    ["PreconditionFailed", 412, "changed"],
    ["NoSuchKey", 404, "vanished"],
    ["NotFound", 404, "vanished"],
    ["NoSuchUpload", 404, undefined],
    ["InternalError", 500, undefined],
  ] as const) {
    it(`${name}: ${what ?? "nothing"}`, () => {
      const error = Object.assign(new Error(), { name, $metadata: { httpStatusCode: status } });
      const told = changeOf(error, "s3://bucket/key")?.message;
      expect(told).to.equal(what && `s3://bucket/key ${what} while it was being uploaded`);
    });
  }
});
