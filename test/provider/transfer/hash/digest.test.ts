import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { expect } from "chai";
import fc from "fast-check";
import { FileDigest } from "../../../../provider/transfer/hash/digest.ts";

const base64 = (crc: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString("base64");
};

describe("FileDigest", () => {
  it("is independent of the pieces of the file, except the composite checksum", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), fc.integer({ min: 1, max: 400 }), (bytes, step) => {
        const digest = new FileDigest();
        const crcs: number[] = [];
        for (let at = 0; at < bytes.length; at += step) crcs.push(digest.add(bytes.subarray(at, at + step)));
        expect(digest.sha256).to.equal(createHash("sha256").update(bytes).digest("hex"));
        expect(digest.fullCrc32).to.equal(base64(crc32(bytes)));
        const composite = Buffer.concat(crcs.map((crc) => Buffer.from(base64(crc), "base64")));
        expect(digest.compositeCrc32).to.equal(`${base64(crc32(composite))}-${crcs.length}`);
      }),
    );
  });
});
