import { CreateMultipartUploadCommand, PutObjectCommand, UploadPartCopyCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { stageCopy } from "../../../../provider/transfer/copy/stage.ts";
import { S3Reader } from "../../../../provider/transfer/source/s3-reader.ts";
import type { S3File } from "../../../../provider/transfer/source/source.ts";
import { objectMetadata } from "../../../../provider/transfer/verify/object-facts.ts";
import { headObject } from "../../../../provider/transfer/verify/stored.ts";
import { MIB } from "../../../../staging/units.ts";
import { bucketOf, CloudFixture, PRIMARY, SECOND } from "../../cloud-fixture.ts";

const SIZE = 70 * MIB; // three parts of 32 MiB
const PART = 32 * MIB;
const never = new AbortController().signal;

describe("A copy from elsewhere on S3 after one that broke off", function () {
  this.timeout(60_000);
  let fixture: CloudFixture;
  before(async () => {
    fixture = await CloudFixture.start();
  });
  after(() => fixture.stop());

  it("copies the parts that are missing, and leaves no upload behind", async () => {
    const { bytes, sha256 } = await fixture.file("source", SIZE);
    const place = { client: fixture.s3.of(SECOND), bucket: bucketOf(SECOND), key: "source" };
    await place.client.send(new PutObjectCommand({ Bucket: place.bucket, Key: place.key, Body: bytes }));
    const etag = (await headObject(place, never))?.etag ?? "";
    const file: S3File = {
      ...{ type: "file", from: "s3", path: "source", size: SIZE, mode: "644", place, etag },
      open: async () => new S3Reader(place, etag),
    };
    const client = fixture.s3.of(PRIMARY);
    const target = { client, bucket: bucketOf(PRIMARY), key: "stage-0123456789ab/source", tags: {} };
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({
        Bucket: target.bucket,
        Key: target.key,
        ChecksumAlgorithm: "CRC32",
        ChecksumType: "COMPOSITE",
        Metadata: objectMetadata({ partSize: PART, sourceEtag: etag }),
      }),
    );
    await client.send(
      new UploadPartCopyCommand({
        ...{ Bucket: target.bucket, Key: target.key, UploadId, PartNumber: 2 },
        CopySource: `${place.bucket}/${place.key}`,
        CopySourceRange: `bytes=${PART}-${2 * PART - 1}`,
      }),
    );
    const sent: string[] = [];
    const watched = Object.assign(Object.create(client), {
      send: (command: object, options: object) => {
        sent.push(command.constructor.name);
        return client.send(command as PutObjectCommand, options);
      },
    });
    const { pool } = fixture.dependencies();
    let copied = 0;
    const add = (bytes: number): void => {
      copied += bytes;
    };
    const report = () => ({ add, objectDone() {}, finish() {} });
    const staged = await stageCopy(file, { ...target, client: watched }, false, {
      pool,
      signal: never,
      report,
    });
    expect(staged.sha256).to.equal(sha256);
    expect(copied).to.equal(SIZE);
    expect(sent.filter((name) => name === "UploadPartCopyCommand")).to.have.length(2);
    expect((await fixture.object(PRIMARY, target.key)).bytes.equals(bytes)).to.equal(true);
    expect(await fixture.everything(PRIMARY, target.key)).to.deep.equal([target.key]);
  });
});
