import { CreateMultipartUploadCommand, PutObjectCommand, UploadPartCopyCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { objectMetadata } from "../../../../provider/store/object-facts.ts";
import type { RequestSender } from "../../../../provider/store/operations.ts";
import { objectStoreOf } from "../../../../provider/store/requests.ts";
import { headObject } from "../../../../provider/store/stored-object.ts";
import { stageCopy } from "../../../../provider/transfer/copy/stage.ts";
import { S3Reader } from "../../../../provider/transfer/source/s3-reader.ts";
import type { S3File } from "../../../../provider/transfer/source/source.ts";
import { MIB } from "../../../../staging/units.ts";
import { bucketOf, CloudFixture, PRIMARY, SECOND } from "../../cloud-fixture.ts";

const SIZE = 70 * MIB; // three parts of 32 MiB
const PART = 32 * MIB;
const never = new AbortController().signal;

describe("An interrupted copy from elsewhere on S3", () => {
  const fixture = CloudFixture.forSuite();

  it("resumes with the missing parts, and leaves no upload", async () => {
    const { bytes, sha256 } = await fixture.file("source", SIZE);
    const place = { store: fixture.s3.store(SECOND), bucket: bucketOf(SECOND), key: "source" };
    await fixture.s3
      .of(SECOND)
      .send(new PutObjectCommand({ Bucket: place.bucket, Key: place.key, Body: bytes }));
    const etag = (await headObject(place, never))?.etag ?? "";
    const file: S3File = {
      ...{ type: "file", from: "s3", path: "source", size: SIZE, mode: "644", place, etag },
      open: async () => new S3Reader(place, etag),
    };
    const client = fixture.s3.of(PRIMARY);
    const target = {
      store: fixture.s3.store(PRIMARY),
      bucket: bucketOf(PRIMARY),
      key: "stage-0123456789ab/source",
      tags: {},
    };
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
    const { sender } = fixture.s3.at(PRIMARY);
    const send: RequestSender["send"] = (operation, input, options) => {
      sent.push(operation);
      return sender.send(operation, input, options);
    };
    const watched = objectStoreOf({ ...sender, send });
    const { plane } = fixture.dependencies();
    let copied = 0;
    const add = (bytes: number): void => {
      copied += bytes;
    };
    const report = () => ({ add, objectDone() {}, finish() {} });
    const staged = await stageCopy(file, { ...target, store: watched }, false, {
      plane,
      signal: never,
      report,
    });
    expect(staged.sha256).to.equal(sha256);
    expect(copied).to.equal(SIZE);
    expect(sent.filter((name) => name === "copyPart")).to.have.length(2);
    expect((await fixture.object(PRIMARY, target.key)).bytes.equals(bytes)).to.equal(true);
    expect(await fixture.everything(PRIMARY, target.key)).to.deep.equal([target.key]);
  });
});
