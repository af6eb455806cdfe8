import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { ObjectStore } from "../../../../provider/store/object-store.ts";
import { storeOf } from "../../../../provider/store/store-of.ts";
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
  let endpoint: string;
  let store: ObjectStore;
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
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = clientOf(endpoint);
    store = storeOf(client);
  });
  afterEach(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });

  const at = { bucket: "bucket", key: NAME };
  const part = { ...at, uploadId: "id/+=", number: 7 };
  const checksum = { crc32: "AAAAAA==" };
  const body = Buffer.from("bytes");
  const source = { bucket: "other", key: "key a", versionId: "v", ifMatch: '"e"' };
  const put = (signal?: AbortSignal) =>
    store.put(
      {
        ...{ ...at, body, checksum, headers: { contentType: "application/octet-stream" } },
        ...{ tags: { StagingID: "x", "spawn:ttl-days": "7" }, metadata: { "spawn-part-size": "0" } },
      },
      signal,
    );
  const uploadPart = () => store.uploadPart({ ...part, body, checksum });
  const copy = () => {
    const description = { headers: { contentType: "text/plain" }, metadata: { "spawn-part-size": "0" } };
    return store.copy({ ...at, source, description, tags: { StagingID: "x" }, checksum: "SHA256" });
  };
  const copyPart = () => store.copyPart({ ...part, source, range: { offset: 0, length: 5 } });
  const head = () => store.head({ ...at, versionId: "v+/" });
  const failing = async (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => expect.fail("it succeeded"),
      (error: unknown) => error,
    );

  for (const [name, send] of Object.entries({ put, uploadPart, copy, copyPart, head })) {
    it(`says the same as the SDK: ${name}`, async () => {
      answer = () => ({
        status: 200,
        headers: { etag: '"e"' },
        ...(name === "copy" ? { body: COPIED } : {}),
        ...(name === "copyPart" ? { body: PART_COPIED } : {}),
      });
      await send(); // the SDK's, from which the way is learnt
      await send();
      const [sdk, fast] = seen;
      expect([sdk?.bySdk, fast?.bySdk]).to.deep.equal([true, false]);
      expect(fast?.method).to.equal(sdk?.method);
      expect(fast?.body).to.equal(sdk?.body);
      expect(targetOf(fast)).to.deep.equal(targetOf(sdk));
      expect(meaningOf(fast)).to.deep.equal(meaningOf(sdk));
    });
  }

  it("answers the same as the SDK", async () => {
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
        "x-amz-storage-class": "GLACIER",
        "x-amz-restore": 'ongoing-request="true"',
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-object-lock-legal-hold": "ON",
        "x-amz-object-lock-retain-until-date": "2030-01-02T03:04:05.000Z",
        ...(method === "HEAD" ? { "content-length": "5", "content-type": "text/plain", expires: "0" } : {}),
      },
    });
    for (const send of [put, uploadPart, head]) {
      const bySdk = await send();
      expect(await send()).to.deep.equal(bySdk);
      expect(seen.splice(0).map((one) => one.bySdk)).to.deep.equal([true, false]);
      store = storeOf(clientOf(endpoint));
    }
    for (const [send, text] of [
      [copy, COPIED],
      [copyPart, PART_COPIED],
    ] as const) {
      answer = () => ({ status: 200, body: text });
      const bySdk = await send();
      expect(await send()).to.deep.equal(bySdk);
      expect(seen.splice(0).map((one) => one.bySdk)).to.deep.equal([true, false]);
      store = storeOf(clientOf(endpoint));
    }
  });

  const failures: [string, Answer][] = [
    ["the server fails", { status: 500 }],
    ["the server is busy", { status: 503 }],
    ["the connection breaks", { status: 0, broken: true }],
    ["the signature has expired", { status: 403, body: "<Error><Code>RequestTimeTooSkewed</Code></Error>" }],
    ["a redirect comes", { status: 307 }],
    ["what arrived has another checksum", { status: 200, headers: { "x-amz-checksum-crc32": "BBBBBB==" } }],
    ["the answer is longer than one can be", { status: 200, body: "x".repeat(2 * 1024 ** 2) }],
  ];
  for (const [what, failure] of failures) {
    it(`leaves it to the SDK when ${what}`, async () => {
      await put();
      answer = (request) => (request.bySdk ? { status: 200, headers: { etag: '"sdk"' } } : failure);
      expect((await put()).etag).to.equal('"sdk"');
      expect(seen.map(({ bySdk }) => bySdk)).to.deep.equal([true, false, true]);
    });
  }

  it("does not take an error that comes after the status of success for a copy", async () => {
    await put();
    answer = ({ bySdk }) =>
      bySdk
        ? { status: 400, body: "<Error><Code>InvalidRequest</Code><Message>no</Message></Error>" }
        : { status: 200, body: "<Error><Code>InternalError</Code></Error>" };
    expect(await failing(copy())).to.have.property("name", "InvalidRequest");
    expect(await failing(copyPart())).to.have.property("name", "InvalidRequest");
  });

  it("knows at once that an object is not there", async () => {
    await put();
    answer = () => ({ status: 404 });
    expect(await head()).to.equal(undefined);
    expect(seen).to.have.length(2);
  });

  it("stops when aborted, and asks nothing more", async () => {
    await put();
    const abort = new AbortController();
    answer = () => {
      abort.abort();
      return { status: 0, broken: true };
    };
    expect(await failing(put(abort.signal))).to.have.property("name", "AbortError");
    expect(seen).to.have.length(2);
  });

  it("leaves what no request's head can have to the SDK", async () => {
    await put();
    await store.put({ ...at, body, metadata: { name: "\u00fc" } });
    expect(seen.at(-1)?.bySdk).to.equal(true);
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
