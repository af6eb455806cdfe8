import { randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { expect } from "chai";
import { errorName } from "../../../connection/errors/failure.ts";
import type { ObjectStore } from "../../../provider/store/object-store.ts";
import { combineCrc32, encodeCrc32 } from "../../../provider/transfer/hash/crc32.ts";
import { errorOf } from "../../support/failure.ts";
import { bucketOf, CloudFixture, PRIMARY, SECOND } from "../cloud-fixture.ts";

const MIB = 1024 ** 2;
/** A key that XML and paths must escape. */
const ODD = "odd/ä\u0001 +%&<b>";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("The object store", () => {
  const fixture = CloudFixture.forSuite();
  let store: ObjectStore;
  before(async () => {
    store = fixture.s3.store(PRIMARY);
  });

  const bucket = bucketOf(PRIMARY);
  const crcOf = (bytes: Uint8Array) => encodeCrc32(crc32(bytes));
  const put = (key: string, bytes = randomBytes(10)) =>
    store.put({ bucket, key, body: bytes, checksum: { crc32: crcOf(bytes) } });
  const read = async (bytes: AsyncIterable<Uint8Array>): Promise<Buffer> => Buffer.concat(await all(bytes));

  it("puts an object with all its properties, and reads it back", async () => {
    const body = randomBytes(1000);
    const tags = { one: "1", "two ä": "b c" };
    const written = await store.put({
      ...{ bucket, key: ODD, body, tags, checksum: { crc32: crcOf(body) } },
      ...{ metadata: { "spawn-part-size": "0" } },
    });
    expect(written.etag).to.match(/^"[0-9a-f]{32}"$/);
    const head = await store.head({ bucket, key: ODD });
    expect(head).to.include({ size: 1000, etag: written.etag, missingMetadata: 0, hasLegalHold: false });
    expect(head?.metadata).to.deep.equal({ "spawn-part-size": "0" });
    expect(head?.checksums.get("CRC32/FULL_OBJECT")).to.equal(crcOf(body));
    expect(Date.now() - (head?.lastModified.getTime() ?? 0)).to.be.within(-2_000, 60_000);
    expect(await store.getTags({ bucket, key: ODD })).to.deep.equal(tags);
    expect(await read(await store.get({ bucket, key: ODD }))).to.deep.equal(body);
    const range = { offset: 10, length: 20 };
    expect(await read(await store.get({ bucket, key: ODD, range }))).to.deep.equal(body.subarray(10, 30));
  });

  it("refuses bytes with a wrong checksum, and refuses to read an object other than the requested one", async () => {
    const wrong = {
      bucket,
      key: "wrong",
      body: Buffer.from("a"),
      checksum: { crc32: crcOf(Buffer.from("b")) },
    };
    expect(errorName(await errorOf(store.put(wrong)))).to.match(/BadDigest|InvalidRequest|Checksum/);
    expect(await store.head({ bucket, key: "wrong" })).to.equal(undefined);
    await put("right");
    const error = await errorOf(store.get({ bucket, key: "right", ifMatch: '"0"' }));
    expect(errorName(error)).to.equal("PreconditionFailed");
  });

  it("returns nothing for a missing object or bucket", async () => {
    expect(await store.head({ bucket, key: "nothing" })).to.equal(undefined);
    expect(await store.head({ bucket: `${bucket}-missing`, key: "nothing" })).to.equal(undefined);
    expect(errorName(await errorOf(store.get({ bucket, key: "nothing" })))).to.equal("NoSuchKey");
  });

  it("replaces the tags of an object", async () => {
    await put("tagged");
    await store.putTags({ bucket, key: "tagged", tags: { a: "1", b: "2" } });
    await store.putTags({ bucket, key: "tagged", tags: { b: "3" } });
    expect(await store.getTags({ bucket, key: "tagged" })).to.deep.equal({ b: "3" });
  });

  it("assembles an object from uploaded and copied parts", async () => {
    const source = randomBytes(6 * MIB);
    await put("source", source);
    const own = randomBytes(100);
    const upload = await store.createUpload({ bucket, key: "parts", crc32: "FULL_OBJECT", tags: { a: "1" } });
    const address = { bucket, key: "parts", uploadId: upload.uploadId };
    const range = { offset: MIB, length: 5 * MIB };
    const copied = await store.copyPart({ ...address, number: 1, source: { bucket, key: "source" }, range });
    const sent = await store.uploadPart({
      ...{ ...address, number: 2, body: own, checksum: { crc32: crcOf(own) } },
    });
    const listed = await all(store.listParts({ ...address, pageSize: 1 }));
    expect(listed.map(({ number, size, etag }) => [number, size, etag])).to.deep.equal([
      [1, 5 * MIB, copied.etag],
      [2, 100, sent.etag],
    ]);
    const uploads = await all(store.listUploads({ bucket, prefix: "par" }));
    expect(uploads.map(({ key, uploadId }) => ({ key, uploadId }))).to.deep.equal([
      { key: "parts", uploadId: upload.uploadId },
    ]);
    const crc = combineCrc32(crc32(source.subarray(MIB)), crc32(own), own.length);
    const fullCrc32 = upload.fullObject ? encodeCrc32(crc) : undefined;
    const parts = [
      { number: 1, ...copied },
      { number: 2, ...sent },
    ];
    await store.completeUpload({ ...address, parts, size: 5 * MIB + 100, fullCrc32 });
    expect(await read(await store.get({ bucket, key: "parts" }))).to.deep.equal(
      Buffer.concat([source.subarray(MIB), own]),
    );
    expect(await all(store.listUploads({ bucket }))).to.deep.equal([]);
  });

  it("aborts an upload", async () => {
    const upload = await store.createUpload({ bucket, key: ODD });
    expect((await all(store.listUploads({ bucket })))[0]?.key).to.equal(ODD);
    await store.abortUpload({ bucket, key: ODD, uploadId: upload.uploadId });
    expect(await all(store.listUploads({ bucket }))).to.deep.equal([]);
  });

  it("copies one version of an object to another region, with its metadata or new metadata", async () => {
    const bytes = randomBytes(100);
    const old = await store.put({ bucket, key: ODD, body: bytes, metadata: { kept: "yes" } });
    await put(ODD);
    const far = fixture.s3.store(SECOND);
    const target = { bucket: bucketOf(SECOND) };
    const source = { bucket, key: ODD, versionId: old.versionId, ifMatch: old.etag };
    await far.copy({ bucket: target.bucket, key: "as it was", source, tags: { a: "1" } });
    const description = { metadata: { other: "text" } };
    const checksum = "SHA256" as const;
    await far.copy({ bucket: target.bucket, key: "described", source, tags: {}, description, checksum });
    expect((await far.head({ bucket: target.bucket, key: "as it was" }))?.metadata).to.deep.equal({
      kept: "yes",
    });
    expect(await far.getTags({ bucket: target.bucket, key: "as it was" })).to.deep.equal({ a: "1" });
    const described = await far.head({ bucket: target.bucket, key: "described" });
    expect(described?.metadata).to.deep.equal({ other: "text" });
    expect(described?.etag).to.equal(old.etag);
    expect(await read(await far.get({ bucket: target.bucket, key: "described" }))).to.deep.equal(bytes);
    const another = { ...source, ifMatch: '"0"' };
    const error = await errorOf(far.copy({ bucket: target.bucket, key: "x", source: another, tags: {} }));
    expect(errorName(error)).to.equal("PreconditionFailed");
  });

  it("lists objects, prefixes and versions page by page, with unchanged keys", async () => {
    const keys = ["list/a", "list/b/\u00e4 +", "list/b/c%20", "list/d"];
    for (const key of keys) await put(key);
    const prefix = "list/";
    const objects = await all(store.listObjects({ bucket, prefix, pageSize: 2 }));
    expect(objects.map(({ key }) => key)).to.have.members(keys);
    expect(objects[0]).to.include({ size: 10, isArchived: false });
    const below = await all(store.listPrefixes({ bucket, prefix, delimiter: "/" }));
    expect(below).to.deep.equal(["list/b/"]);

    await store.deleteVersions(bucket, [{ key: "list/a" }]);
    const versions = await all(store.listVersions({ bucket, prefix, pageSize: 2 }));
    expect(versions.map(({ key, isDeleteMarker }) => [key, isDeleteMarker])).to.have.deep.members([
      ...keys.map((key) => [key, false]),
      ["list/a", true],
    ]);
    const prefixes = await all(store.listVersionPrefixes({ bucket, prefix, delimiter: "/" }));
    expect(prefixes).to.deep.equal(["list/b/"]);
  });

  it("deletes versions permanently, including keys that XML cannot express", async () => {
    const keys = ["gone/a", "gone/\u0001", "gone/b"];
    for (const key of keys) await put(key);
    const versions = await all(store.listVersions({ bucket, prefix: "gone/" }));
    expect(versions.map(({ key }) => key)).to.have.members(keys);
    expect(await store.deleteVersions(bucket, versions)).to.deep.equal([]);
    expect(await all(store.listVersions({ bucket, prefix: "gone/" }))).to.deep.equal([]);
  });
});
