import { expect } from "chai";
import { compareObjects, type StoredObject } from "../../../../provider/store/stored-object.ts";
import { FileDigest } from "../../../../provider/transfer/hash/digest.ts";
import { holds } from "../../../../provider/transfer/verify/stored.ts";

function object(fields: Partial<StoredObject> & { sums?: Record<string, string> }): StoredObject {
  const { sums, ...rest } = fields;
  return {
    size: 10,
    etag: '"e"',
    versionId: undefined,
    lastModified: new Date(0),
    headers: {},
    missingMetadata: 0,
    metadata: {},
    facts: undefined,
    checksums: new Map(Object.entries(sums ?? {})),
    replication: undefined,
    ...rest,
  };
}

describe("compareObjects", () => {
  const FULL = "CRC32/FULL_OBJECT";
  const COMPOSITE = "CRC32/COMPOSITE";
  const table: [string, StoredObject, StoredObject, string][] = [
    [
      "another size",
      object({ sums: { [FULL]: "a" } }),
      object({ size: 11, sums: { [FULL]: "a" } }),
      "differs",
    ],
    [
      "the same checksum, whatever the ETag",
      object({ sums: { [FULL]: "a" } }),
      object({ etag: '"f"', sums: { [FULL]: "a" } }),
      "checksum",
    ],
    [
      "another checksum, whatever the ETag",
      object({ sums: { [FULL]: "a" } }),
      object({ sums: { [FULL]: "b" } }),
      "differs",
    ],
    [
      "the same composite checksum",
      object({ sums: { [COMPOSITE]: "a-2" } }),
      object({ sums: { [COMPOSITE]: "a-2" } }),
      "checksum",
    ],
    [
      "checksums of different kinds, the same ETag",
      object({ sums: { [FULL]: "a" } }),
      object({ sums: { [COMPOSITE]: "b-2" } }),
      "etag",
    ],
    [
      "checksums of different kinds, another ETag",
      object({ sums: { [FULL]: "a" } }),
      object({ etag: '"f"', sums: { [COMPOSITE]: "b-2" } }),
      "differs",
    ],
    ["no checksums, the same ETag", object({}), object({}), "etag"],
    ["no checksums, another ETag", object({}), object({ etag: '"f"' }), "differs"],
    ["no checksums, no ETag", object({ etag: "" }), object({ etag: "" }), "differs"],
    [
      "one of two common checksums differs",
      object({ sums: { [FULL]: "a", "SHA256/FULL_OBJECT": "x" } }),
      object({ sums: { [FULL]: "a", "SHA256/FULL_OBJECT": "y" } }),
      "differs",
    ],
  ];
  for (const [name, source, copy, expected] of table) {
    it(name, () => expect(compareObjects(source, copy)).to.equal(expected));
  }
});

describe("holds", () => {
  const digest = new FileDigest();
  digest.add(Buffer.from("01234"));
  digest.add(Buffer.from("56789"));
  const facts = (sha256: string) => ({ partSize: 0, sha256 });
  const table: [string, StoredObject, string][] = [
    ["another size", object({ size: 9, sums: { "CRC32/FULL_OBJECT": digest.fullCrc32 } }), "no"],
    ["the full checksum", object({ sums: { "CRC32/FULL_OBJECT": digest.fullCrc32 } }), "yes"],
    ["another full checksum", object({ sums: { "CRC32/FULL_OBJECT": "AAAAAA==" } }), "no"],
    ["the composite checksum", object({ sums: { "CRC32/COMPOSITE": digest.compositeCrc32 } }), "yes"],
    ["another composite checksum", object({ sums: { "CRC32/COMPOSITE": "AAAAAA==-2" } }), "no"],
    ["only our SHA-256", object({ facts: facts(digest.sha256) }), "yes"],
    ["only another SHA-256", object({ facts: facts("00") }), "no"],
    ["nothing but the size of our parts", object({ facts: { partSize: 5 } }), "unknown"],
    ["nothing that we leave on objects", object({}), "no"],
    [
      "a checksum that we never send, and our metadata",
      object({ facts: facts(digest.sha256), sums: { "CRC64NVME/FULL_OBJECT": "a" } }),
      "no",
    ],
  ];
  for (const [name, stored, expected] of table) {
    it(name, () => expect(holds(stored, 10, digest)).to.equal(expected));
  }
});
