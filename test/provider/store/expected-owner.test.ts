import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as s3 from "@aws-sdk/client-s3";
import { expect } from "chai";
import { createS3Clients } from "../../../provider/store/clients.ts";
import { OWNER_HEADER, SOURCE_OWNER_HEADER, WITHOUT_OWNER } from "../../../provider/store/expected-owner.ts";
import type { CopySource, ObjectStore } from "../../../provider/store/object-store.ts";
import type { S3Clients } from "../../../provider/store/s3-clients.ts";
import { withOwnerFlags } from "../../../provider/store/sdk-client.ts";
import { clientsOfAnyOwner, clientsWith } from "../../../provider/store/sending.ts";

const ACCOUNT = "123456789012";
const AT = { bucket: "bucket", key: "key" };
const HEAD = { Bucket: "bucket", Key: "key" };

describe("the expected owner of a bucket", () => {
  let server: Server;
  let seen: IncomingMessage["headers"][];
  let clients: S3Clients<s3.S3Client>;
  let asked: number;
  beforeEach(async () => {
    seen = [];
    asked = 0;
    server = createServer((request, response) => {
      seen.push(request.headers);
      const body = request.headers["x-amz-copy-source"]
        ? "<CopyObjectResult><ETag>e</ETag></CopyObjectResult><CopyPartResult></CopyPartResult>"
        : "";
      request.resume().on("end", () => response.writeHead(200, { etag: '"e"' }).end(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = { accessKeyId: "k", secretAccessKey: "s" };
    clients = createS3Clients({
      account: async () => {
        asked += 1;
        return ACCOUNT;
      },
      config: { endpoint, credentials, forcePathStyle: true },
    });
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const owners = () =>
    seen.map((headers) => ({
      owner: headers[OWNER_HEADER],
      source: headers[SOURCE_OWNER_HEADER],
      bySdk: "amz-sdk-invocation-id" in headers,
      isSigned: headers.authorization?.includes(OWNER_HEADER),
    }));

  it("is in the table of exceptions for exactly the commands whose S3 model does not accept it", () => {
    const models = s3 as unknown as Record<string, [number, string, string, unknown, string[]] | undefined>;
    const commands = Object.keys(s3).filter((name) => /^[A-Z]\w+Command$/.test(name));
    expect(commands.length).to.be.greaterThan(100);
    const without = commands.filter((name) => {
      const members = models[`${name.replace(/Command$/, "")}Request$`]?.[4];
      return members === undefined || !members.includes("ExpectedBucketOwner");
    });
    expect(without).to.have.members([...WITHOUT_OWNER]);
  });

  const requests: Readonly<Record<string, (store: ObjectStore) => Promise<unknown>>> = {
    put: (store) => store.put({ ...AT, body: Buffer.from("b") }),
    uploadPart: (store) => store.uploadPart({ ...AT, uploadId: "id", number: 1, body: Buffer.from("b") }),
    head: (store) => store.head(AT),
  };
  for (const [name, send] of Object.entries(requests)) {
    it(`is signed in each request, by the SDK and on the fast path: ${name}`, async () => {
      const store = clients.store("us-east-1");
      await send(store);
      await send(store);
      const sent = { owner: ACCOUNT, source: undefined, isSigned: true };
      expect(owners()).to.deep.equal([
        { ...sent, bySdk: true },
        { ...sent, bySdk: false },
      ]);
    });
  }

  const range = { offset: 0, length: 1 };
  const copies: Readonly<Record<string, (store: ObjectStore, source: CopySource) => Promise<unknown>>> = {
    copy: (store, source) => store.copy({ ...AT, source, tags: {} }),
    copyPart: (store, source) => store.copyPart({ ...AT, uploadId: "id", number: 1, source, range }),
  };
  for (const [name, send] of Object.entries(copies)) {
    it(`is also set for the source, unless the user names the source: ${name}`, async () => {
      const store = clients.store("us-east-1");
      const source = { bucket: "other", key: "key", ifMatch: '"e"' };
      for (const anyOwner of [false, true, false, true]) await send(store, { ...source, anyOwner });
      const own = owners().filter(({ source: owner }) => owner === ACCOUNT);
      const others = owners().filter(({ source: owner }) => owner === undefined);
      for (const group of [own, others]) {
        expect(group.some(({ bySdk }) => !bySdk)).to.equal(true);
        expect(group.every(({ owner }) => owner === ACCOUNT)).to.equal(true);
      }
    });
  }

  it("is in bucket requests, and in none of ListBuckets and CreateBucket", async () => {
    const client = clients.of("us-east-1");
    const Bucket = "bucket";
    for (const one of [
      new s3.HeadBucketCommand({ Bucket }),
      new s3.ListObjectsV2Command({ Bucket }),
      new s3.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [] } }),
      new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "k" }] } }),
      new s3.ListBucketsCommand({}),
      new s3.CreateBucketCommand({ Bucket }),
    ]) {
      await client.send(one as s3.HeadBucketCommand);
    }
    const expected = [ACCOUNT, ACCOUNT, ACCOUNT, ACCOUNT, undefined, undefined];
    expect(owners().map(({ owner }) => owner)).to.deep.equal(expected);
  });

  it("is not set for a source that the user names, on any path", async () => {
    for (const made of [clientsOfAnyOwner(clients), clientsWith(clientsOfAnyOwner(clients), {})]) {
      expect(made.anyOwner).to.equal(true);
      await made.of("us-east-1").send(new s3.HeadObjectCommand(HEAD));
      await made.store("us-east-1").head(AT);
      await made.store("us-east-1").head(AT);
      expect(owners().at(-1)?.bySdk).to.equal(false);
    }
    await clients
      .of("us-east-1")
      .send(withOwnerFlags(new s3.HeadBucketCommand({ Bucket: "bucket" }), { toAnyOwner: true }));
    expect(owners().every(({ owner }) => owner === undefined)).to.equal(true);
    await clients.of("us-east-1").send(new s3.HeadObjectCommand(HEAD));
    expect(owners().at(-1)?.owner).to.equal(ACCOUNT);
  });

  it("fails a request before it is sent if the account is unknown", async () => {
    const lost = createS3Clients({
      account: () => Promise.reject(new Error("no answer of STS")),
      config: { endpoint: "http://127.0.0.1:1", credentials: { accessKeyId: "k", secretAccessKey: "s" } },
    });
    const failed = await lost
      .of("us-east-1")
      .send(new s3.HeadObjectCommand(HEAD))
      .catch((error: Error) => error.message);
    expect(failed).to.equal("no answer of STS");
  });

  it("is omitted if the server has no accounts", async () => {
    const none = createS3Clients({
      account: async () => undefined,
      config: { ...(await settingsOf(clients)), forcePathStyle: true },
    });
    await none.store("us-east-1").head(AT);
    await none.store("us-east-1").head(AT);
    expect(owners().map(({ owner, bySdk }) => [owner, bySdk])).to.deep.equal([
      [undefined, true],
      [undefined, false],
    ]);
    expect(asked).to.equal(0);
  });

  async function settingsOf(made: S3Clients<s3.S3Client>): Promise<s3.S3ClientConfig> {
    const { endpoint, credentials } = made.at("us-east-1").client.config;
    const at = await endpoint?.();
    if (at === undefined) throw new Error("the client has no endpoint");
    return { endpoint: `${at.protocol}//${at.hostname}:${at.port}`, credentials };
  }
});
