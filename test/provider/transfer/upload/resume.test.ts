import { randomBytes } from "node:crypto";
import { mkdtemp, open, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { BufferPool } from "../../../../provider/flow/buffers.ts";
import { DataPlane } from "../../../../provider/transfer/data-plane.ts";
import { findFile } from "../../../../provider/transfer/source/file.ts";
import { findOpenUpload } from "../../../../provider/transfer/upload/open-uploads.ts";
import { partSizeOf } from "../../../../provider/transfer/upload/resume.ts";
import { type Uploaded, uploadFile } from "../../../../provider/transfer/upload/upload.ts";
import { assertStored } from "../../../../provider/transfer/verify/stored.ts";
import { MIB } from "../../../../staging/units.ts";
import { errorOf } from "../../../support/failure.ts";
import { FakeS3, s3Error, storeAt } from "../fake-s3.ts";
import { THREADS } from "../threads.ts";

const never = new AbortController().signal;
const SIZE = 100 * MIB + 5; // seven parts, the last one short
const ID = "stage-0123456789ab";

describe("a resumed upload", () => {
  const s3 = new FakeS3();
  let endpoint: string;
  let folder: string;
  let path: string;
  before(async () => {
    endpoint = await s3.start();
    folder = await mkdtemp(join(tmpdir(), "spawn resume "));
    path = join(folder, "file");
  });
  after(async () => {
    await s3.stop();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    s3.reset();
    await writeFile(path, randomBytes(SIZE));
  });

  const target = () => ({ store: storeAt(endpoint), bucket: "bucket", key: `${ID}/file`, tags: {} });

  async function upload(onBytes: (bytes: number) => void = () => {}): Promise<Uploaded> {
    const { file } = await findFile(path, { threads: THREADS });
    const pool = new BufferPool();
    try {
      return await uploadFile(file, target(), { plane: new DataPlane(pool), signal: never, onBytes });
    } finally {
      expect(pool.lentBytes, "every buffer is given back").to.equal(0);
    }
  }

  /** An attempt that fails permanently at part `failing`, after all earlier parts. @returns the numbers of the arrived parts */
  async function breakOff(failing: number): Promise<number[]> {
    s3.intercept = ({ part }) => {
      if (part !== failing) return undefined;
      const before = new Set(s3.requests.map((request) => request.part).filter((n) => n > 0 && n < failing));
      return before.size === failing - 1 ? s3Error("AccessDenied", 403) : { status: 503 };
    };
    expect((await errorOf(upload())).name).to.equal("AccessDenied");
    s3.intercept = () => undefined;
    // The server may still receive parts that were in flight.
    await s3.quiet();
    const found = await findOpenUpload(target(), never);
    s3.requests.length = 0;
    return [...(found?.parts.keys() ?? [])];
  }

  const sentParts = (): number[] =>
    s3.requests.filter(({ operation }) => operation === "UploadPart").map(({ part }) => part);

  for (const type of ["FULL_OBJECT", "COMPOSITE"] as const) {
    it(`sends only missing parts (${type})`, async () => {
      s3.checksumType = type;
      const arrived = await breakOff(4);
      expect(arrived).to.include.members([1, 2, 3]).and.not.include(4);
      let counted = 0;
      const { digest, partSize } = await upload((bytes) => (counted += bytes));
      expect(sentParts().sort()).to.deep.equal([1, 2, 3, 4, 5, 6, 7].filter((n) => !arrived.includes(n)));
      expect(s3.count("Create")).to.equal(0);
      expect([partSize, counted]).to.deep.equal([16 * MIB, SIZE]);
      await assertStored(target(), SIZE, digest, never);
    });
  }

  it("compares by MD5 if the server has no checksums and its ETags are MD5", async () => {
    s3.checksumType = undefined;
    s3.md5Etags = true;
    const arrived = await breakOff(5);
    await upload();
    expect(sentParts().filter((part) => arrived.includes(part))).to.deep.equal([]);
  });

  it("sends everything again if the server has no comparable values", async () => {
    s3.checksumType = undefined;
    await breakOff(5);
    await upload();
    expect([...new Set(sentParts())].sort()).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
  });

  it("finds parts beyond the first page", async () => {
    s3.partsPerPage = 2;
    const arrived = await breakOff(7);
    expect(arrived.length).to.be.greaterThan(2);
    await upload();
    expect(s3.count("ListParts")).to.equal(Math.ceil(arrived.length / 2));
    expect(sentParts().filter((part) => arrived.includes(part))).to.deep.equal([]);
  });

  it("starts anew if the server has lost the upload", async () => {
    await breakOff(4);
    s3.intercept = ({ operation }) => (operation === "ListParts" ? s3Error("NoSuchUpload", 404) : undefined);
    await upload();
    expect(s3.count("Create")).to.equal(1);
    // The server may still receive a part that was in flight at the interruption.
    expect([...new Set(sentParts())].sort()).to.deep.equal([1, 2, 3, 4, 5, 6, 7]);
  });

  it("replaces an existing part if its bytes have changed", async () => {
    const arrived = await breakOff(4);
    const handle = await open(path, "r+");
    await handle.write(Buffer.from("new"), 0, 3, 16 * MIB + 7);
    await handle.close();
    const { digest } = await upload();
    const missing = [1, 2, 3, 4, 5, 6, 7].filter((part) => part === 2 || !arrived.includes(part));
    expect(sentParts().sort()).to.deep.equal(missing);
    expect(s3.count("Create")).to.equal(0);
    await assertStored(target(), SIZE, digest, never);
  });

  for (const [what, size] of [
    ["grown", SIZE + 20 * MIB],
    ["shrunk", 40 * MIB],
  ] as const) {
    it(`keeps the parts of a file that has ${what} since`, async () => {
      const arrived = await breakOff(4);
      await truncate(path, size);
      const { digest } = await upload();
      const count = Math.ceil(size / (16 * MIB));
      const numbers = Array.from({ length: count }, (_, at) => at + 1);
      const isKept = (part: number): boolean =>
        arrived.includes(part) && part * 16 * MIB <= Math.min(size, SIZE);
      expect(sentParts().sort((a, b) => a - b)).to.deep.equal(numbers.filter((part) => !isKept(part)));
      await assertStored(target(), size, digest, never);
    });
  }

  it("starts anew if no part can be used", async () => {
    await breakOff(4);
    await writeFile(path, randomBytes(9 * MIB));
    const { digest } = await upload();
    await assertStored(target(), 9 * MIB, digest, never);
  });
});

describe("partSizeOf", () => {
  const sizes = (parts: Record<number, number>) =>
    new Map(Object.entries(parts).map(([n, size]) => [Number(n), { size, etag: "", crc32: undefined }]));
  const cases: [string, Record<number, number>, number, number | undefined][] = [
    ["the usual one", { 1: 16 * MIB, 3: 8 * MIB }, 40 * MIB, 16 * MIB],
    ["the usual one, by the last part alone", { 3: 8 * MIB }, 40 * MIB, 16 * MIB],
    ["that of another version", { 2: 8 * MIB, 4: 8 * MIB }, 100 * MIB, 8 * MIB],
    [
      "the usual one, where another part is of another size",
      { 1: 16 * MIB, 2: 8 * MIB },
      100 * MIB,
      16 * MIB,
    ],
    ["the usual one, where a part is beyond the end", { 9: 16 * MIB }, 100 * MIB, 16 * MIB],
    ["none for parts of other sizes", { 1: 8 * MIB, 2: 7 * MIB }, 100 * MIB, undefined],
    ["none for parts too small to hold it all", { 1: 5 * MIB }, 50_001 * 5 * MIB, undefined],
  ];
  for (const [what, parts, size, expected] of cases) {
    it(`is ${what}`, () => {
      expect(partSizeOf(sizes(parts), size, 16 * MIB)).to.equal(expected);
    });
  }
});
