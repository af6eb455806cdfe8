import { createServer, type Server } from "node:http";
import { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { uploadedTo } from "../../../../cli/services/entry/uploaded-data.ts";
import { sdkStore } from "../../../../provider/store/client.ts";
import { parseStagingId } from "../../../../staging/ids.ts";
import { manifestKey } from "../../../../staging/manifest.ts";
import type { Region } from "../../../../staging/regions.ts";
import { listenOn } from "../../../provider/transfer/endpoint.ts";

const ID = parseStagingId("stage-abc123def456");
const BUCKET = "arrived";
const region = "us-east-1" as Region;

const xml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** Lists an object of 10 bytes, its manifest, an upload of the same object, and one of `open` with a part of 7 bytes. */
function answer(url: URL, whole: string, open: string): string | undefined {
  const { searchParams: query, pathname } = url;
  const isEncoded = query.get("encoding-type") === "url";
  const told = (key: string): string => (isEncoded ? encodeURIComponent(key) : xml(key));
  const encoding = isEncoded ? "<EncodingType>url</EncodingType>" : "";
  const upload = (key: string): string => `<Upload><Key>${told(key)}</Key><UploadId>1</UploadId></Upload>`;
  if (query.has("uploads"))
    return `<ListMultipartUploadsResult>${encoding}${upload(whole)}${upload(open)}</ListMultipartUploadsResult>`;
  if (query.has("uploadId")) {
    const key = decodeURIComponent(pathname).slice(`/${BUCKET}/`.length);
    if (key !== whole && key !== open) return undefined;
    return "<ListPartsResult><Part><PartNumber>1</PartNumber><Size>7</Size></Part></ListPartsResult>";
  }
  const object = (key: string): string => `<Contents><Key>${told(key)}</Key><Size>10</Size></Contents>`;
  return `<ListBucketResult>${encoding}${object(whole)}${object(manifestKey(ID))}</ListBucketResult>`;
}

describe("the arrived data of an upload", () => {
  let server: Server;
  let client: S3Client;
  let [whole, open] = ["", ""];
  before(async () => {
    server = createServer((request, response) => {
      const body = answer(new URL(request.url ?? "", "http://localhost"), whole, open);
      response.statusCode = body === undefined ? 404 : 200;
      response.end(body ?? "<Error><Code>NoSuchUpload</Code></Error>");
    });
    client = new S3Client({
      endpoint: await listenOn(server),
      credentials: { accessKeyId: "key", secretAccessKey: "secret" },
      region: "us-east-1",
      forcePathStyle: true,
    });
  });
  after(async () => {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  // XML changes some of these keys, so that S3 would not find the parts of their uploads.
  for (const name of [
    "plain",
    "carriage\rreturn",
    "control\u0001",
    "entity&#x41;",
    " spaces ",
    "plus+ %2B",
  ]) {
    it(`include objects, and parts of other uploads: ${JSON.stringify(name)}`, async () => {
      [whole, open] = [`${ID}/1${name}`, `${ID}/2${name}`];
      const bucket = { store: sdkStore(client, region), region, name: BUCKET, isOwn: true };
      expect(await uploadedTo(bucket, ID)).to.deep.equal({ bytes: 17, files: 1 });
    });
  }
});
