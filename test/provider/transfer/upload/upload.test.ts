import { randomBytes } from "node:crypto";
import { appendFile, type FileHandle, mkdtemp, open, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { BufferPool } from "../../../../provider/flow/buffers.ts";
import { NoAnswerError } from "../../../../provider/store/no-answer.ts";
import { clientsWith } from "../../../../provider/store/sending.ts";
import { DataPlane } from "../../../../provider/transfer/data-plane.ts";
import { findFile } from "../../../../provider/transfer/source/file.ts";
import { type LocalFile, SourceChangedError } from "../../../../provider/transfer/source/source.ts";
import { type Uploaded, uploadFile } from "../../../../provider/transfer/upload/upload.ts";
import { assertStored } from "../../../../provider/transfer/verify/stored.ts";
import { UserError } from "../../../../staging/errors.ts";
import { GIB, MIB } from "../../../../staging/units.ts";
import { errorOf } from "../../../support/failure.ts";
import { clientsAt, type FakeAnswer, FakeS3, type SeenRequest, s3Error, storeAt } from "../fake-s3.ts";
import { THREADS } from "../threads.ts";

const never = new AbortController().signal;
const TAGS = { StagingID: "stage-0123456789ab", "spawn:ttl-days": "7" };

describe("uploadFile", () => {
  const s3 = new FakeS3();
  let endpoint: string;
  let folder: string;
  let pool: BufferPool;
  let path: string;
  before(async () => {
    endpoint = await s3.start();
    folder = await mkdtemp(join(tmpdir(), "spawn upload "));
    path = join(folder, "file");
  });
  after(async () => {
    await s3.stop();
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    s3.reset();
    pool = new BufferPool();
  });
  afterEach(() => {
    expect(pool.lentBytes, "every buffer is given back").to.equal(0);
  });

  const target = (stallTimeoutMs?: number) => ({
    store: storeAt(endpoint, stallTimeoutMs),
    bucket: "bucket",
    key: "stage-0123456789ab/file",
    tags: TAGS,
  });

  async function source(): Promise<LocalFile> {
    return (await findFile(path, { threads: THREADS })).file;
  }

  async function upload(
    options: { signal?: AbortSignal; stallTimeoutMs?: number; onBytes?: (bytes: number) => void } = {},
  ): Promise<Uploaded> {
    return uploadFile(await source(), target(options.stallTimeoutMs), {
      plane: new DataPlane(pool),
      signal: options.signal ?? never,
      onBytes: options.onBytes ?? (() => {}),
    });
  }

  it("signs the bytes of neither a small object nor a part, and verifies their CRC32", async () => {
    for (const size of [100, 17 * MIB]) {
      await writeFile(path, randomBytes(size));
      await upload();
    }
    const bodies = s3.requests.filter(({ operation }) => ["PutObject", "UploadPart"].includes(operation));
    expect(bodies).to.have.length(3);
    for (const { headers } of bodies) {
      expect(headers["x-amz-content-sha256"]).to.equal("UNSIGNED-PAYLOAD");
      expect(headers["x-amz-checksum-crc32"]).to.match(/==$/);
      expect(headers).not.to.have.property("expect");
    }
    const creations = s3.requests.filter(({ operation }) => ["PutObject", "Create"].includes(operation));
    for (const { headers } of creations) {
      expect(headers["x-amz-tagging"]).to.equal("StagingID=stage-0123456789ab&spawn%3Attl-days=7");
    }
  });

  for (const type of ["FULL_OBJECT", "COMPOSITE", undefined] as const) {
    it(`completes as a server with ${type ?? "no"} checksums requires`, async () => {
      s3.checksumType = type;
      await writeFile(path, randomBytes(50 * MIB + 3));
      const { digest, partSize } = await upload();
      expect(partSize).to.equal(16 * MIB);
      const complete = s3.requests.find(({ operation }) => operation === "Complete");
      const listed = [...(complete?.body.matchAll(/<ChecksumCRC32>/g) ?? [])];
      expect(listed).to.have.length(type === undefined ? 0 : 4);
      expect(complete?.headers["x-amz-checksum-crc32"]).to.equal(
        type === "FULL_OBJECT" ? digest.fullCrc32 : undefined,
      );
      const stored = await assertStored(target(), 50 * MIB + 3, digest, never);
      expect(stored.facts).to.deep.equal({ partSize: 16 * MIB });
    });
  }

  it("counts each byte once", async () => {
    await writeFile(path, randomBytes(40 * MIB));
    let bytes = 0;
    s3.intercept = failOnce(({ part }) => part === 2, { status: 500 });
    await upload({ onBytes: (more) => (bytes += more) });
    expect(bytes).to.equal(40 * MIB);
  });

  const passing: [string, FakeAnswer][] = [
    ["the server fails", { status: 503 }],
    ["it is damaged in transit", s3Error("BadDigest")],
    ["it arrives cut short", s3Error("IncompleteBody")],
  ];
  for (const [what, answer] of passing) {
    it(`retries a part when ${what}`, async () => {
      await writeFile(path, randomBytes(33 * MIB));
      s3.intercept = failOnce(({ part }) => part === 2, answer);
      const { digest } = await upload();
      await assertStored(target(), 33 * MIB, digest, never);
      expect(s3.count("UploadPart")).to.equal(4);
    });
  }

  it("retries a part when its connection stalls", async () => {
    await writeFile(path, randomBytes(33 * MIB));
    s3.intercept = failOnce(({ part }) => part === 3, { status: 0, stall: true });
    const { digest } = await upload({ stallTimeoutMs: 1_000 });
    await assertStored(target(), 33 * MIB, digest, never);
  });

  it("fails at its time limit without an answer, although attempts wait for the memory of others", async () => {
    await writeFile(path, randomBytes(129 * MIB));
    s3.intercept = ({ operation }) => (operation === "UploadPart" ? { status: 0, stall: true } : undefined);
    // Each retry has a whole part in memory, so only one of them runs at a time.
    pool = new BufferPool(16 * MIB);
    const plane = new DataPlane(pool);
    const store = clientsWith(clientsAt(endpoint), { timeoutSeconds: 2 }).store("us-east-1");
    const sent = uploadFile(
      await source(),
      { ...target(), store },
      { plane, signal: never, onBytes: () => {} },
    );
    expect(await errorOf(sent)).to.be.instanceOf(NoAnswerError);
  });

  it("fails after a part never arrives whole, and keeps arrived parts", async () => {
    await writeFile(path, randomBytes(33 * MIB));
    s3.intercept = ({ part }) => (part === 2 ? s3Error("BadDigest") : undefined);
    expect((await errorOf(upload())).name).to.equal("BadDigest");
    expect(s3.count("Abort")).to.equal(0);
    expect(s3.count("Complete")).to.equal(0);
  });

  it("accepts a completed upload whose response was lost", async () => {
    await writeFile(path, randomBytes(17 * MIB));
    let completions = 0;
    s3.intercept = ({ operation }) => {
      if (operation !== "Complete") return undefined;
      completions += 1;
      return completions === 1 ? { status: 500 } : s3Error("NoSuchUpload", 404);
    };
    const { digest } = await upload();
    const error = await errorOf(assertStored(target(), 17 * MIB, digest, never));
    expect(error.message).to.contain("is missing right after its upload"); // the fake did not complete it
  });

  it("stops at once when aborted, with nothing left running, and keeps the parts", async () => {
    await writeFile(path, randomBytes(64 * MIB));
    const abort = new AbortController();
    s3.intercept = ({ part }) => {
      if (part === 2) setTimeout(() => abort.abort(new Error("interrupted")), 10);
      return part >= 2 ? { status: 0, stall: true } : undefined;
    };
    // Waiting for the stalled parts would take longer than a test's time limit.
    const stallTimeoutMs = 600_000;
    expect((await errorOf(upload({ signal: abort.signal, stallTimeoutMs }))).message).to.equal("interrupted");
    // The server may still read bytes that were sent before the abort.
    await s3.quiet();
    const seen = s3.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(s3.requests.length).to.equal(seen);
    expect(s3.count("Abort")).to.equal(0);
  });

  for (const [what, size] of [
    ["a small file", 2 * MIB],
    ["a part", 33 * MIB],
  ] as const) {
    it(`reports a read of ${what} that its file system fails as such, without a retry`, async () => {
      await writeFile(path, randomBytes(size));
      const handle = await open(path);
      type Read = (buffer: Buffer, ...rest: [number, number, number]) => Promise<unknown>;
      const { prototype } = handle.constructor as unknown as { prototype: { read: Read } };
      await handle.close();
      const { read } = prototype;
      let reads = 0;
      async function failing(this: FileHandle, ...[buffer, ...rest]: Parameters<Read>) {
        // Single bytes show the true size.
        if (buffer.length === 1) return await read.call(this, buffer, ...rest);
        reads += 1;
        throw Object.assign(new Error("ETIMEDOUT: connection timed out, read"), { code: "ETIMEDOUT" });
      }
      const file = await source();
      Object.assign(prototype, { read: failing });
      try {
        const error = await errorOf(
          uploadFile(file, target(), { plane: new DataPlane(pool), signal: never, onBytes: () => {} }),
        );
        expect(error)
          .to.be.instanceOf(UserError)
          .and.include({
            message: `${path} cannot be read`,
            why: "ETIMEDOUT: connection timed out",
            fix: "Check the disk or the network file system of the file, then run the command again.",
          });
      } finally {
        Object.assign(prototype, { read });
      }
      // The SDK sends each of the two or three parts again that fail on the fast path.
      expect(reads).to.be.at.most(2 * 3);
      expect(s3.count("Abort")).to.equal(0);
    });
  }

  const changes: [string, () => Promise<void>][] = [
    ["grows", () => appendFile(path, "more")],
    ["shrinks", () => truncate(path, 20 * MIB)],
    ["is written to", () => overwrite(path, 40 * MIB)],
  ];
  for (const [what, change] of changes) {
    it(`refuses a file that ${what} while it is read, and keeps its parts for a comparison`, async () => {
      await writeFile(path, randomBytes(64 * MIB));
      const file = await source();
      let changed: Promise<void> | undefined;
      s3.intercept = ({ operation }) => {
        if (operation === "Create") changed = change();
        return undefined;
      };
      const error = await errorOf(
        uploadFile(file, target(), { plane: new DataPlane(pool), signal: never, onBytes: () => {} }),
      );
      await changed;
      expect(error).to.be.instanceOf(SourceChangedError);
      expect(s3.count("Abort")).to.equal(0);
      expect(s3.count("Complete")).to.equal(0);
    });
  }

  it("needs no more memory for 1 GiB than its buffers", async () => {
    const handle = await open(path, "w");
    await handle.truncate(GIB);
    await handle.close();
    pool = new BufferPool(64 * MIB);
    const before = process.memoryUsage().rss;
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss - before);
    }, 20);
    const { digest } = await upload().finally(() => clearInterval(watch));
    await assertStored(target(), GIB, digest, never);
    // Four buffers of 16 MiB, and as much again for the server of this test and garbage.
    expect(most / MIB).to.be.lessThan(256);
  });
});

/** Responds to the first request that matches, and to no other. */
function failOnce(
  matches: (request: SeenRequest) => boolean,
  answer: FakeAnswer,
): (request: SeenRequest) => FakeAnswer | undefined {
  let failed = false;
  return (request) => {
    if (failed || !matches(request)) return undefined;
    failed = true;
    return answer;
  };
}

async function overwrite(path: string, at: number): Promise<void> {
  const handle = await open(path, "r+");
  await handle.write(Buffer.from("new"), 0, 3, at);
  await handle.close();
}
