import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { type Part, partsOf } from "../../../../provider/flow/parts.ts";
import { sdkStore } from "../../../../provider/store/client.ts";
import type { Checksums } from "../../../../provider/store/object-store.ts";
import type { SdkClient } from "../../../../provider/store/sdk-client.ts";
import type { StoredObject } from "../../../../provider/store/stored-object.ts";
import { type CopyJob, copyObject } from "../../../../provider/transfer/copy/copy.ts";
import { DataPlane } from "../../../../provider/transfer/data-plane.ts";
import { copiedPartSize } from "../../../../staging/part-size.ts";
import { GIB, MIB } from "../../../../staging/units.ts";

const FULL: Checksums = new Map([["CRC32/FULL_OBJECT", "AAAAAA=="]]);
const COMPOSITE: Checksums = new Map([["CRC32/COMPOSITE", "AAAAAA==-64"]]);

/** A multipart upload of an earlier attempt. */
interface LeftUpload {
  readonly id: string;
  readonly parts: readonly Part[];
  /** For each part; null: the server lists none. */
  readonly crc32?: string | null;
  readonly checksumType?: string;
  /** The checksum type of the attempt. @default that of the object */
  readonly metadata?: Record<string, string>;
}

interface Server {
  /** Milliseconds for the copy of a part. */
  readonly partMs: number;
  readonly partCrc32?: string;
  /** The checksum type of a new multipart upload. @default FULL_OBJECT */
  readonly checksumType?: string;
  readonly left?: readonly LeftUpload[];
  /** The name of the error with which it responds to a request. */
  refuse?(request: string, uploadId: unknown): string | undefined;
  /** Another process has completed the copy meanwhile. */
  readonly isThere?: boolean;
}

const METADATA = { "spawn-part-size": String(16 * MIB), "spawn-source-etag": "source" };

/** Copies an object on a fake server, and returns its requests, one per line. */
async function requestsFor(
  size: number,
  checksums: Checksums,
  {
    partMs,
    partCrc32 = "BBBBBB==",
    checksumType = "FULL_OBJECT",
    left = [],
    refuse,
    isThere = false,
  }: Server,
  options: Pick<CopyJob, "keepParts" | "isCompared"> = {},
): Promise<string[]> {
  const requests: string[] = [];
  let made: Record<string, string> | undefined = isThere ? METADATA : undefined;
  const answer = async (name: string, input: Record<string, unknown>): Promise<object> => {
    const { UploadId } = input;
    const upload = left.find(({ id }) => id === UploadId);
    switch (name) {
      case "ListMultipartUploads":
        return { Uploads: left.map(({ id }) => ({ Key: "key", UploadId: id })) };
      case "ListParts":
        return {
          ChecksumType: upload?.checksumType ?? "FULL_OBJECT",
          Parts: upload?.parts.map(({ number, length }) => ({
            ...{ PartNumber: number, Size: length, ETag: '"left"' },
            ...(upload.crc32 === null ? {} : { ChecksumCRC32: upload.crc32 ?? "CCCCCC==" }),
          })),
        };
      case "UploadPartCopy":
        await sleep(partMs);
        return { CopyPartResult: { ETag: '"part"', ChecksumCRC32: partCrc32 } };
      case "CompleteMultipartUpload": {
        const { Parts = [] } = input["MultipartUpload"] as { Parts?: { PartNumber: number; ETag: string }[] };
        completed = Parts.map(({ PartNumber, ETag }) => `${PartNumber} ${ETag}`);
        made = upload?.metadata ?? METADATA;
        return {};
      }
      case "HeadObject":
        if (made === undefined) throw Object.assign(new Error(), { $metadata: { httpStatusCode: 404 } });
        return { ContentLength: size, Metadata: made };
      default:
        return { UploadId: "upload", ChecksumType: checksumType };
    }
  };
  const client = {
    async send(command: { constructor: { name: string }; input: Record<string, unknown> }) {
      const { CopySourceRange, ChecksumAlgorithm, ChecksumCRC32, UploadId } = command.input;
      const name = command.constructor.name.replace("Command", "");
      const ofLeft = left.some(({ id }) => id === UploadId) ? UploadId : undefined;
      const details = [CopySourceRange, ChecksumAlgorithm, ChecksumCRC32, ofLeft].filter(
        (each) => each !== undefined,
      );
      requests.push([name, ...details].join(" "));
      const error = refuse?.(name, UploadId);
      if (error !== undefined) throw Object.assign(new Error(error), { name: error });
      return answer(name, command.input);
    },
  } as unknown as SdkClient;
  const store = sdkStore(client, "us-east-1");
  const object: StoredObject = {
    size,
    etag: '"source"',
    versionId: "1",
    lastModified: new Date(0),
    headers: {},
    metadata: METADATA,
    missingMetadata: 0,
    facts: { partSize: size > 16 * MIB ? 16 * MIB : 0, sourceEtag: "source" },
    checksums,
    replication: undefined,
  };
  let copied = 0;
  completed = [];
  await copyObject({
    plane: new DataPlane(),
    source: { store, bucket: "from", key: "key" },
    object,
    destination: { store, bucket: "to", key: "key" },
    tags: {},
    ...options,
    signal: new AbortController().signal,
    onBytes: (bytes) => (copied += bytes),
  });
  expect(copied).to.equal(size);
  return requests;
}

/** The parts of the last completed copy, with their ETags. */
let completed: string[] = [];

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

  it("copies no byte twice, however fast the first part is, and compares the full-object checksum", async () => {
    const requests = await requestsFor(4 * GIB, FULL, { partMs: 0 });
    expect(count(requests, "UploadPartCopy")).to.equal(64);
    expect(requests.at(-1)).to.equal("CompleteMultipartUpload AAAAAA==");
    expect(count(requests, "CopyObject")).to.equal(0);
  });

  for (const [title, server] of [
    ["parts have the whole's checksum", { partCrc32: "AAAAAA==" }],
    ["the server ignores the type of the checksum", { checksumType: "COMPOSITE" }],
  ] as const) {
    it(`is one request if ${title}, and the first part shows that it takes seconds at most`, async () => {
      const requests = await requestsFor(4 * GIB, FULL, { partMs: 1, ...server });
      expect(requests).to.deep.equal([
        "ListMultipartUploads",
        "CreateMultipartUpload CRC32",
        `UploadPartCopy bytes=0-${64 * MIB - 1}`,
        "AbortMultipartUpload",
        "CopyObject CRC32",
      ]);
    });
  }

  it("uses the source's parts if parts have the whole's checksum, and one request would take long", async () => {
    const requests = await requestsFor(4 * GIB, FULL, { partMs: 120, partCrc32: "AAAAAA==" });
    expect(count(requests, "UploadPartCopy")).to.equal(1 + 256);
    expect(requests.at(-1)).to.equal("CompleteMultipartUpload");
    expect(count(requests, "CopyObject")).to.equal(0);
  });

  it("uses parts beyond 5 GiB, the limit of one request", async () => {
    const requests = await requestsFor(8 * GIB, FULL, { partMs: 0 });
    expect(count(requests, "UploadPartCopy")).to.equal(64);
    expect(count(requests, "CopyObject")).to.equal(0);
  });

  it("uses the source's parts if only parts have checksums, or on request", async () => {
    for (const [checksums, keepParts] of [
      [COMPOSITE, false],
      [FULL, true],
    ] as const) {
      const requests = await requestsFor(160 * MIB, checksums, { partMs: 0 }, { keepParts });
      expect(count(requests, "UploadPartCopy")).to.equal(10);
    }
  });

  it("omits checksums and uses the source's parts if those of parts are the whole's", async () => {
    const requests = await requestsFor(8 * GIB, FULL, { partMs: 0, partCrc32: "AAAAAA==" });
    expect(requests.slice(1, 5)).to.deep.equal([
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

describe("An interrupted server-side copy", () => {
  const SIZE = 8 * GIB; // 64 parts of 128 MiB
  const parts = [...partsOf(SIZE, 128 * MIB)];
  const some = parts.filter(({ number }) => number % 2 === 1);
  const server = { partMs: 0 };

  const hasStartedAnew = (requests: readonly string[]): void => {
    expect(count(requests, "CreateMultipartUpload")).to.equal(1);
    const last = requests.slice(requests.indexOf("CreateMultipartUpload CRC32"));
    expect(count(last, "UploadPartCopy")).to.equal(64);
    expect(completed).to.have.length(64).and.include('1 "part"');
  };

  it("resumes with the missing parts, and completes the upload that has the most parts", async () => {
    const left = [
      { id: "empty", parts: [] },
      { id: "few", parts: some.slice(0, 3) },
      { id: "many", parts: some },
    ];
    const requests = await requestsFor(SIZE, FULL, { ...server, left });
    const copies = requests.filter((request) => request.startsWith("UploadPartCopy"));
    expect(copies).to.have.length(32);
    expect(copies.every((request) => request.endsWith(" many"))).to.equal(true);
    expect(requests)
      .to.include("CompleteMultipartUpload AAAAAA== many")
      .and.not.include("CreateMultipartUpload");
    expect(count(requests, "AbortMultipartUpload")).to.equal(0);
    expect(completed).to.deep.equal(
      parts.map(({ number }) => `${number} ${number % 2 === 1 ? '"left"' : '"part"'}`),
    );
  });

  it("needs only its completion if all parts exist", async () => {
    const requests = await requestsFor(SIZE, FULL, { ...server, left: [{ id: "all", parts }] });
    expect(count(requests, "UploadPartCopy")).to.equal(0);
    expect(completed).to.have.length(64);
  });

  it("resumes with the source's parts if the server has no usable checksums of parts", async () => {
    const of16 = [...partsOf(SIZE, 16 * MIB)].slice(0, 500);
    const left = [{ id: "plain", parts: of16, crc32: null }];
    const requests = await requestsFor(SIZE, FULL, { ...server, left });
    expect(count(requests, "UploadPartCopy")).to.equal(12);
    expect(requests).to.include("CompleteMultipartUpload plain");
  });

  it("resumes with parts of composite checksums", async () => {
    const of16 = [...partsOf(160 * MIB, 16 * MIB)].slice(0, 9);
    const left = [{ id: "composite", parts: of16, checksumType: "COMPOSITE" }];
    const requests = await requestsFor(160 * MIB, COMPOSITE, { ...server, left });
    expect(count(requests, "UploadPartCopy")).to.equal(1);
    expect(requests).to.include("CompleteMultipartUpload composite");
  });

  const unfit: Readonly<Record<string, LeftUpload>> = {
    "parts of another size": { id: "left", parts: [...partsOf(SIZE, 64 * MIB)].slice(0, 3) },
    "a part beyond the end": { id: "left", parts: [{ number: 65, offset: 0, length: 128 * MIB }] },
    "no checksums": { id: "left", parts: some, crc32: null },
    "the whole's checksum as that of each part": { id: "left", parts: some, crc32: "AAAAAA==" },
  };
  for (const [title, upload] of Object.entries(unfit)) {
    it(`starts anew if its rest has ${title}, and aborts the rest`, async () => {
      const requests = await requestsFor(SIZE, FULL, {
        ...server,
        left: [upload, { id: "empty", parts: [] }],
      });
      const aborts = requests.filter((request) => request.startsWith("AbortMultipartUpload"));
      expect(aborts).to.deep.equal(["AbortMultipartUpload left"]);
      hasStartedAnew(requests);
    });
  }

  for (const [title, options] of [
    ["is not compared with its source afterwards", { isCompared: false }],
    ["was found to differ", { keepParts: true }],
  ] as const) {
    it(`resumes nothing if the copy ${title}`, async () => {
      const of16 = [...partsOf(160 * MIB, 16 * MIB)].slice(0, 9);
      const left = [{ id: "left", parts: of16, checksumType: "COMPOSITE" }];
      const requests = await requestsFor(160 * MIB, COMPOSITE, { ...server, left }, options);
      expect(requests).to.include("AbortMultipartUpload left");
      expect(count(requests, "UploadPartCopy")).to.equal(10);
    });
  }

  it("starts anew if the upload belongs to another version of the source", async () => {
    const metadata = { ...METADATA, "spawn-source-etag": "before" };
    hasStartedAnew(
      await requestsFor(SIZE, FULL, { ...server, left: [{ id: "left", parts: some, metadata }] }),
    );
  });

  for (const error of ["BadDigest", "InvalidPart", "NoSuchUpload"]) {
    it(`starts anew if S3 refuses to complete it (${error})`, async () => {
      const refuse: Server["refuse"] = (request, id) =>
        request === "CompleteMultipartUpload" && id === "left" ? error : undefined;
      const left = [{ id: "left", parts: some }];
      const requests = await requestsFor(SIZE, FULL, { ...server, left, refuse });
      expect(requests).to.include("AbortMultipartUpload left");
      hasStartedAnew(requests);
    });
  }

  it("accepts another process's completion of the same upload", async () => {
    const refuse = (request: string) => (request === "UploadPartCopy" ? "NoSuchUpload" : undefined);
    const left = [{ id: "left", parts: some }];
    const requests = await requestsFor(SIZE, FULL, { ...server, left, refuse, isThere: true });
    expect(count(requests, "CreateMultipartUpload")).to.equal(0);
    expect(requests.at(-1)).to.equal("HeadObject");
  });

  it("fails if the source became unreadable, and keeps the upload", async () => {
    const requests: string[] = [];
    const refuse = (request: string) => {
      requests.push(request);
      return request === "UploadPartCopy" ? "AccessDenied" : undefined;
    };
    const failure = requestsFor(SIZE, FULL, { ...server, left: [{ id: "left", parts: some }], refuse }).then(
      () => expect.fail("it was copied"),
      (error: unknown) => error,
    );
    expect(await failure).to.include({ name: "AccessDenied" });
    expect(requests).to.not.include("AbortMultipartUpload");
  });
});
