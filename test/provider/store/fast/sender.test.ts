import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { ListedObject, ObjectStore } from "../../../../provider/store/object-store.ts";
import { errorOf } from "../../../support/failure.ts";
import { clientsAt, storeAt } from "../../transfer/fake-s3.ts";

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
  /** Breaks the connection instead of responding. */
  readonly broken?: boolean;
}

const COPIED =
  "<CopyObjectResult><ETag>&quot;e&quot;</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32>" +
  "<ChecksumType>FULL_OBJECT</ChecksumType></CopyObjectResult>";
const PART_COPIED = COPIED.replaceAll("CopyObjectResult", "CopyPartResult");
const TAGS =
  '<?xml version="1.0"?><Tagging><TagSet><Tag><Key>a &amp; b</Key><Value>&#x3c;&#62;&apos;&quot;ü</Value></Tag>' +
  "<Tag><Key>empty</Key><Value></Value></Tag><Tag><Key>c</Key><Value/></Tag></TagSet></Tagging>";
/** A page as S3 writes it. */
const listing = (objects: string, more = "<IsTruncated>false</IsTruncated>"): string =>
  '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
  `<Name>bucket</Name><Prefix>p</Prefix><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>${more}${objects}</ListBucketResult>`;
const listed = (key: string, more = ""): string =>
  `<Contents><Key>${key}</Key><LastModified>2026-11-23T20:00:00.000Z</LastModified><ETag>&quot;e-2&quot;</ETag>` +
  `<Size>5</Size>${more}<StorageClass>GLACIER</StorageClass></Contents>`;
const PAGES = [
  listing(""),
  listing(
    listed("a%20b%2Bc+d%C3%BC&amp;") + listed("b", "<Owner><ID>1</ID><DisplayName>Key</DisplayName></Owner>"),
  ),
  listing(
    listed("a", "<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumAlgorithm>SHA256</ChecksumAlgorithm>"),
    "<IsTruncated>true</IsTruncated><NextContinuationToken>1/a&amp;=</NextContinuationToken>",
  ),
  listing(listed("a\n%0D")).replace("<EncodingType>url</EncodingType>", ""),
];
const NAME = "stage-0123456789ab/a b+c(1)!'*~ü%/=&?#";

describe("requests of the fast path", () => {
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
    const clients = clientsAt(endpoint);
    client = clients.at("us-east-1").client;
    store = clients.store("us-east-1");
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
  const getTags = () => store.getTags({ ...at, versionId: "v+/" });
  const everything = async (from: ObjectStore, more: { readonly restores?: boolean } = {}) => {
    const objects: ListedObject[] = [];
    const input = { bucket: "bucket", prefix: "stage/ü +", after: "stage/ü +/a&b", ...more };
    for await (const object of from.listObjects(input)) objects.push(object);
    return objects;
  };

  for (const [name, send] of Object.entries({ put, uploadPart, copy, copyPart, head, getTags })) {
    it(`equal the SDK's: ${name}`, async () => {
      answer = () => ({
        status: 200,
        headers: { etag: '"e"' },
        ...(name === "copy" ? { body: COPIED } : {}),
        ...(name === "copyPart" ? { body: PART_COPIED } : {}),
        ...(name === "getTags" ? { body: TAGS } : {}),
      });
      await send(); // the SDK's, from which the fast path learns
      await send();
      const [sdk, fast] = seen;
      expect([sdk?.bySdk, fast?.bySdk]).to.deep.equal([true, false]);
      expect(fast?.method).to.equal(sdk?.method);
      expect(fast?.body).to.equal(sdk?.body);
      expect(targetOf(fast)).to.deep.equal(targetOf(sdk));
      expect(meaningOf(fast)).to.deep.equal(meaningOf(sdk));
    });
  }

  it("have the same results as the SDK's", async () => {
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
      store = storeAt(endpoint);
    }
    for (const [send, text] of [
      [copy, COPIED],
      [copyPart, PART_COPIED],
      [getTags, TAGS],
      [getTags, "<Tagging><TagSet/></Tagging>"],
    ] as const) {
      answer = () => ({ status: 200, body: text });
      const bySdk = await send();
      expect(await send()).to.deep.equal(bySdk);
      expect(seen.splice(0).map((one) => one.bySdk)).to.deep.equal([true, false]);
      store = storeAt(endpoint);
    }
  });

  const failures: [string, Answer][] = [
    ["the server fails", { status: 500 }],
    ["the server is busy", { status: 503 }],
    ["the connection breaks", { status: 0, broken: true }],
    ["the signature has expired", { status: 403, body: "<Error><Code>RequestTimeTooSkewed</Code></Error>" }],
    ["a redirect comes", { status: 307 }],
    ["what arrived has another checksum", { status: 200, headers: { "x-amz-checksum-crc32": "BBBBBB==" } }],
    ["the answer is longer than one can be", { status: 200, body: "x".repeat(5 * 1024 ** 2) }],
  ];
  for (const [what, failure] of failures) {
    it(`use the SDK when ${what}`, async () => {
      await put();
      answer = (request) => (request.bySdk ? { status: 200, headers: { etag: '"sdk"' } } : failure);
      expect((await put()).etag).to.equal('"sdk"');
      expect(seen.map(({ bySdk }) => bySdk)).to.deep.equal([true, false, true]);
    });
  }

  it("report an error after a success status, not a copy", async () => {
    await put();
    answer = ({ bySdk }) =>
      bySdk
        ? { status: 400, body: "<Error><Code>InvalidRequest</Code><Message>no</Message></Error>" }
        : { status: 200, body: "<Error><Code>InternalError</Code></Error>" };
    expect(await errorOf(copy())).to.have.property("name", "InvalidRequest");
    expect(await errorOf(copyPart())).to.have.property("name", "InvalidRequest");
  });

  it("send the same request for a listing as the SDK, and read the same from each page", async () => {
    await put();
    for (const text of PAGES) {
      answer = ({ url }) => ({ status: 200, body: url.includes("continuation-token") ? listing("") : text });
      seen.length = 0;
      const fast = await everything(store);
      const target = seen.splice(0).map((one) => [one.bySdk, targetOf(one)]);
      const sdk = await everything(storeAt(endpoint));
      expect(fast).to.deep.equal(sdk);
      expect(target).to.deep.equal(seen.map((one) => [false, targetOf(one)]));
      expect(seen.every(({ bySdk }) => bySdk)).to.equal(true);
    }
  });

  for (const [what, text] of Object.entries({
    "that is cut off": listing(listed("a")).slice(0, -20),
    "without a size": listing(listed("a")).replace("<Size>5</Size>", ""),
    "that is truncated without a token": listing(listed("a"), "<IsTruncated>true</IsTruncated>"),
    "that is an error": "<Error><Code>InternalError</Code></Error>",
  })) {
    it(`use the SDK for a listing ${what}`, async () => {
      await put();
      answer = ({ bySdk }) => ({ status: 200, body: bySdk ? listing(listed("sdk")) : text });
      expect((await everything(store)).map(({ key }) => key)).to.deep.equal(["sdk"]);
    });
  }

  it("use the SDK for listings of folders and of restored objects", async () => {
    await put();
    answer = () => ({ status: 200, body: listing(listed("a")) });
    await everything(store, { restores: true });
    for await (const _ of store.listPrefixes({ bucket: "bucket", delimiter: "/" }));
    expect(seen.slice(1).map(({ bySdk }) => bySdk)).to.not.include(false);
  });

  it("use the SDK for tags in another form", async () => {
    await put();
    answer = () => ({
      status: 200,
      body: "<Tagging><TagSet><Tag><Value>1</Value><Key>a</Key></Tag></TagSet></Tagging>",
    });
    expect(await getTags()).to.deep.equal({ a: "1" });
    expect(seen.map(({ bySdk }) => bySdk)).to.deep.equal([true, false, true]);
  });

  it("report a missing object at once", async () => {
    await put();
    answer = () => ({ status: 404 });
    expect(await head()).to.equal(undefined);
    expect(seen).to.have.length(2);
  });

  it("stop when aborted, and send no further request", async () => {
    await put();
    const abort = new AbortController();
    answer = () => {
      abort.abort();
      return { status: 0, broken: true };
    };
    expect(await errorOf(put(abort.signal))).to.have.property("name", "AbortError");
    expect(seen).to.have.length(2);
  });

  it("use the SDK for values that headers cannot carry", async () => {
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

/** The headers that carry the request's options. */
function meaningOf(request: Seen | undefined): object {
  const about = /^(x-amz-(?!date|user-agent|sdk)|content-(type|length)|host|user-agent)/;
  return Object.fromEntries(Object.entries(request?.headers ?? {}).filter(([name]) => about.test(name)));
}
