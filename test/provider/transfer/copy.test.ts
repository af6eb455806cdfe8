import { setTimeout as sleep } from "node:timers/promises";
import type { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { copiedPartSize, copyObject } from "../../../provider/transfer/copy.ts";
import type { Checksums, StoredObject } from "../../../provider/transfer/stored.ts";
import { GIB, MIB } from "../../../staging/units.ts";

const FULL: Checksums = new Map([["CRC32/FULL_OBJECT", "AAAAAA=="]]);
const COMPOSITE: Checksums = new Map([["CRC32/COMPOSITE", "AAAAAA==-64"]]);

interface Server {
  /** Milliseconds that the copy of a part takes. */
  readonly partMs: number;
  /** The checksum that it gives of each copied part. */
  readonly partCrc32?: string;
}

/** Copies an object at a server that answers everything, and returns what it was asked, one line a request. */
async function requestsFor(
  size: number,
  checksums: Checksums,
  { partMs, partCrc32 = "BBBBBB==" }: Server,
  keepParts = false,
): Promise<string[]> {
  const requests: string[] = [];
  const client = {
    async send(command: { constructor: { name: string }; input: Record<string, unknown> }) {
      const { CopySourceRange, ChecksumAlgorithm, ChecksumCRC32 } = command.input;
      const details = [CopySourceRange, ChecksumAlgorithm, ChecksumCRC32].filter(
        (each) => each !== undefined,
      );
      requests.push([command.constructor.name.replace("Command", ""), ...details].join(" "));
      if (!requests.at(-1)?.startsWith("UploadPartCopy")) {
        return { UploadId: "upload", ChecksumType: "FULL_OBJECT" };
      }
      await sleep(partMs);
      return { CopyPartResult: { ETag: "part", ChecksumCRC32: partCrc32 } };
    },
  } as unknown as S3Client;
  const object: StoredObject = {
    size,
    etag: '"source"',
    versionId: "1",
    lastModified: new Date(0),
    contentType: "application/octet-stream",
    metadata: {},
    facts: { partSize: size > 16 * MIB ? 16 * MIB : 0 },
    checksums,
    replication: undefined,
  };
  let copied = 0;
  await copyObject(
    { bucket: "from", key: "key", object },
    { client, bucket: "to", key: "key" },
    { tags: {}, keepParts, signal: new AbortController().signal, onBytes: (bytes) => (copied += bytes) },
  );
  expect(copied).to.equal(size);
  return requests;
}

const count = (requests: readonly string[], name: string): number =>
  requests.filter((request) => request.startsWith(`${name} `) || request === name).length;

describe("A server-side copy", () => {
  for (const [title, size] of [
    ["an object of one part", 16 * MIB],
    ["an object of a few parts with a checksum of the whole", 64 * MIB],
  ] as const) {
    it(`of ${title} is one request`, async () => {
      const requests = await requestsFor(size, FULL, { partMs: 0 });
      expect(requests).to.have.length(1);
      expect(requests[0]).to.match(/^CopyObject/);
    });
  }

  it("is one request where the first part shows that this takes seconds at most, and asks for a checksum", async () => {
    const requests = await requestsFor(4 * GIB, FULL, { partMs: 1 });
    expect(requests).to.deep.equal([
      "CreateMultipartUpload CRC32",
      `UploadPartCopy bytes=0-${64 * MIB - 1}`,
      "AbortMultipartUpload",
      "CopyObject CRC32",
    ]);
  });

  it("is of large parts where one request would take long, compared by the whole's checksum", async () => {
    const requests = await requestsFor(4 * GIB, FULL, { partMs: 120 });
    expect(count(requests, "UploadPartCopy")).to.equal(64);
    expect(requests.at(-1)).to.equal("CompleteMultipartUpload AAAAAA==");
    expect(count(requests, "CopyObject")).to.equal(0);
  });

  it("is of parts beyond 5 GiB, which one request cannot copy", async () => {
    const requests = await requestsFor(8 * GIB, FULL, { partMs: 0 });
    expect(count(requests, "UploadPartCopy")).to.equal(64);
    expect(count(requests, "CopyObject")).to.equal(0);
  });

  it("has the source's parts where only parts have checksums, or when it is told so", async () => {
    for (const [checksums, keepParts] of [
      [COMPOSITE, false],
      [FULL, true],
    ] as const) {
      const requests = await requestsFor(160 * MIB, checksums, { partMs: 0 }, keepParts);
      expect(count(requests, "UploadPartCopy")).to.equal(10);
    }
  });

  it("does without checksums, in the source's parts, where those of parts are the whole's", async () => {
    const requests = await requestsFor(8 * GIB, FULL, { partMs: 0, partCrc32: "AAAAAA==" });
    expect(requests.slice(0, 4)).to.deep.equal([
      "CreateMultipartUpload CRC32",
      `UploadPartCopy bytes=0-${128 * MIB - 1}`,
      "AbortMultipartUpload",
      "CreateMultipartUpload",
    ]);
    expect(count(requests, "UploadPartCopy")).to.equal(1 + 512);
  });

  for (const [size, sourcePart, expected] of [
    [100 * MIB, 16 * MIB, 64 * MIB],
    [8 * GIB, 16 * MIB, 128 * MIB],
    [100 * GIB, 16 * MIB, 256 * MIB],
    [5_000 * GIB, 525 * MIB, 525 * MIB],
  ] as const) {
    it(`has parts of ${expected / MIB} MiB for ${size / MIB} MiB`, () => {
      expect(copiedPartSize(size, sourcePart)).to.equal(expected);
      expect(size / expected).to.be.at.most(10_000);
    });
  }
});
