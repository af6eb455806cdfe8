import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  CopyObjectCommand,
  HeadObjectCommand,
  NotFound,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { clientOf } from "../../transfer/fake-s3.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly bySdk: boolean;
}

interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Breaks the connection instead of answering. */
  readonly broken?: boolean;
}

const COPIED =
  "<CopyObjectResult><ETag>&quot;e&quot;</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32>" +
  "<ChecksumType>FULL_OBJECT</ChecksumType></CopyObjectResult>";
const PART_COPIED = COPIED.replaceAll("CopyObjectResult", "CopyPartResult");
const NAME = "stage-0123456789ab/a b+c(1)!'*~ü%/=&?#";

describe("requests that go straight to HTTP", () => {
  let server: Server;
  let client: S3Client;
  let seen: Seen[];
  let answer: (request: Seen, earlier: number) => Answer;
  beforeEach(async () => {
    seen = [];
    answer = () => ({ status: 200, headers: { etag: '"e"' } });
    server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body, bySdk: "amz-sdk-invocation-id" in headers };
      const reply = answer(one, seen.length);
      seen.push(one);
      if (reply.broken) return void request.socket.destroy();
      response.writeHead(reply.status, reply.headers).end(reply.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    client = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterEach(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });

  const put = (key = NAME) =>
    new PutObjectCommand({
      Bucket: "bucket",
      Key: key,
      Body: Buffer.from("bytes"),
      ContentLength: 5,
      ContentType: "application/octet-stream",
      ChecksumCRC32: "AAAAAA==",
      Tagging: "StagingID=x&spawn%3Attl-days=7",
      Metadata: { "spawn-part-size": "0" },
    });
  const head = () => new HeadObjectCommand({ Bucket: "bucket", Key: NAME, ChecksumMode: "ENABLED" });
  const part = () =>
    new UploadPartCommand({
      ...{ Bucket: "bucket", Key: NAME, UploadId: "id/+=", PartNumber: 7 },
      ...{ Body: Buffer.from("bytes"), ContentLength: 5, ChecksumCRC32: "AAAAAA==" },
    });
  const copy = () =>
    new CopyObjectCommand({
      Bucket: "bucket",
      Key: NAME,
      CopySource: "other/key%20a?versionId=v",
      CopySourceIfMatch: '"e"',
      MetadataDirective: "REPLACE",
      TaggingDirective: "REPLACE",
      ContentType: "text/plain",
      Metadata: { "spawn-part-size": "0" },
      Tagging: "StagingID=x",
    });
  const copyPart = () =>
    new UploadPartCopyCommand({
      ...{ Bucket: "bucket", Key: NAME, UploadId: "id/+=", PartNumber: 7 },
      CopySource: "other/key%20a?versionId=v",
      CopySourceIfMatch: '"e"',
      CopySourceRange: "bytes=0-4",
    });
  const failing = async (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => expect.fail("it succeeded"),
      (error: unknown) => error,
    );

  for (const [name, command] of Object.entries({ put, part, copy, copyPart, head })) {
    it(`says the same as the SDK: ${name}`, async () => {
      answer = () => ({
        status: 200,
        headers: { etag: '"e"' },
        ...(name === "copy" ? { body: COPIED } : {}),
        ...(name === "copyPart" ? { body: PART_COPIED } : {}),
      });
      await client.send(command() as PutObjectCommand); // the SDK's, from which the way is learnt
      await client.send(command() as PutObjectCommand);
      const [sdk, quick] = seen;
      expect([sdk?.bySdk, quick?.bySdk]).to.deep.equal([true, false]);
      expect(quick?.method).to.equal(sdk?.method);
      expect(quick?.body).to.equal(sdk?.body);
      expect(targetOf(quick)).to.deep.equal(targetOf(sdk));
      expect(meaningOf(quick)).to.deep.equal(meaningOf(sdk));
    });
  }

  it("gives the SDK's answers", async () => {
    answer = ({ method }) => ({
      status: 200,
      headers: {
        etag: '"e"',
        "last-modified": "Mon, 23 Nov 2026 20:00:00 GMT",
        "x-amz-meta-spawn-part-size": "0",
        "x-amz-version-id": "v1",
        "x-amz-checksum-crc32": "AAAAAA==",
        "x-amz-checksum-type": "FULL_OBJECT",
        "x-amz-replication-status": "PENDING",
        ...(method === "HEAD" ? { "content-length": "5", "content-type": "text/plain" } : {}),
      },
    });
    for (const command of [put, head]) {
      const bySdk: object = await client.send(command() as PutObjectCommand);
      const quick: object = await client.send(command() as PutObjectCommand);
      expect(quick).to.deep.include({ ...defined(bySdk), $metadata: { httpStatusCode: 200, attempts: 1 } });
      client = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    }
    answer = () => ({ status: 200, body: COPIED });
    const bySdk = await client.send(copy());
    expect((await client.send(copy())).CopyObjectResult).to.deep.equal(defined(bySdk.CopyObjectResult ?? {}));
    answer = () => ({ status: 200, body: PART_COPIED });
    const { CopyPartResult } = await client.send(copyPart());
    expect(CopyPartResult).to.deep.equal(defined(bySdk.CopyObjectResult ?? {}));
  });

  const failures: [string, Answer][] = [
    ["the server fails", { status: 500 }],
    ["the server is busy", { status: 503 }],
    ["the connection breaks", { status: 0, broken: true }],
    ["the signature has expired", { status: 403, body: "<Error><Code>RequestTimeTooSkewed</Code></Error>" }],
    ["a redirect comes", { status: 307 }],
    ["what arrived has another checksum", { status: 200, headers: { "x-amz-checksum-crc32": "BBBBBB==" } }],
    ["the answer makes no sense", { status: 200, headers: { "transfer-encoding": "gzip, chunked" } }],
  ];
  for (const [what, failure] of failures) {
    it(`leaves it to the SDK when ${what}`, async () => {
      await client.send(put());
      answer = (request) => (request.bySdk ? { status: 200, headers: { etag: '"sdk"' } } : failure);
      expect((await client.send(put())).ETag).to.equal('"sdk"');
      expect(seen.map(({ bySdk }) => bySdk)).to.deep.equal([true, false, true]);
    });
  }

  it("does not take an error that comes after the status of success for a copy", async () => {
    await client.send(put());
    answer = ({ bySdk }) =>
      bySdk
        ? { status: 400, body: "<Error><Code>InvalidRequest</Code><Message>no</Message></Error>" }
        : { status: 200, body: "<Error><Code>InternalError</Code></Error>" };
    expect(await failing(client.send(copy()))).to.have.property("name", "InvalidRequest");
    expect(await failing(client.send(copyPart()))).to.have.property("name", "InvalidRequest");
  });

  it("knows at once that an object is not there", async () => {
    await client.send(put());
    answer = () => ({ status: 404 });
    const error = await failing(client.send(head()));
    expect(error).to.be.instanceOf(NotFound);
    expect(error).to.have.nested.property("$metadata.httpStatusCode", 404);
    expect(seen).to.have.length(2);
  });

  it("stops when aborted, and asks nothing more", async () => {
    await client.send(put());
    const abort = new AbortController();
    answer = () => {
      abort.abort();
      return { status: 0, broken: true };
    };
    const error = await failing(client.send(put(), { abortSignal: abort.signal }));
    expect(error).to.have.property("name", "AbortError");
    expect(seen).to.have.length(2);
  });

  it("leaves inputs that it does not know to the SDK", async () => {
    await client.send(put());
    await client.send(
      new PutObjectCommand({
        Bucket: "bucket",
        Key: "k",
        Body: Buffer.from("b"),
        StorageClass: "STANDARD_IA",
      }),
    );
    expect(seen.at(-1)?.bySdk).to.equal(true);
    expect(seen.at(-1)?.headers["x-amz-storage-class"]).to.equal("STANDARD_IA");
  });
});

/** Path and parameters; the SDK adds the operation's name, which S3 does not need. */
function targetOf(request: Seen | undefined): object {
  const [path, query] = request?.url.split("?") ?? [];
  const parameters = Object.fromEntries(new URLSearchParams(query));
  delete parameters["x-id"];
  return { path, parameters };
}

/** The headers that say what is wanted. */
function meaningOf(request: Seen | undefined): object {
  const about = /^(x-amz-(?!date|user-agent|sdk)|content-(type|length)|host|user-agent)/;
  return Object.fromEntries(Object.entries(request?.headers ?? {}).filter(([name]) => about.test(name)));
}

const defined = (value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
