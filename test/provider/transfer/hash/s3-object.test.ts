import { createHash, randomBytes } from "node:crypto";
import { getEventListeners } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { BufferPool } from "../../../../provider/flow/buffers.ts";
import { partsOf } from "../../../../provider/flow/parts.ts";
import { DataPlane } from "../../../../provider/transfer/data-plane.ts";
import { FileDigest } from "../../../../provider/transfer/hash/digest.ts";
import { digestObject } from "../../../../provider/transfer/hash/s3-object.ts";
import { S3Reader } from "../../../../provider/transfer/source/s3-reader.ts";
import type { S3File, SourceReader } from "../../../../provider/transfer/source/source.ts";
import { MIB } from "../../../../staging/units.ts";
import { listenOn } from "../endpoint.ts";
import { storeAt } from "../fake-s3.ts";

const SIZE = 20 * MIB;

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5);
}

describe("reading an object on S3", () => {
  let answer: (response: ServerResponse, length: number) => void = () => {};
  let [asked, open] = [0, 0];
  const server = createServer((request, response) => {
    const [first = 0, last = 0] = String(request.headers.range).slice("bytes=".length).split("-").map(Number);
    asked += 1;
    open += 1;
    response.once("close", () => (open -= 1));
    answer(response, last + 1 - first);
  });
  let file: S3File;
  before(async () => {
    const place = { store: storeAt(await listenOn(server)), bucket: "bucket", key: "key" };
    file = {
      ...{ type: "file", from: "s3", path: "key", size: SIZE, mode: "", etag: '"etag"', place },
      open: async () => new S3Reader(place, '"etag"'),
    };
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    [asked, open] = [0, 0];
  });

  const ways: Readonly<Record<string, typeof answer>> = {
    "without a response": () => {},
    "whose body stalls": (response, length) => {
      response.writeHead(206, { "content-length": length });
      response.write(Buffer.alloc(1000));
    },
  };
  for (const [title, way] of Object.entries(ways)) {
    it(`ends at once when it is aborted during ranges ${title}`, async () => {
      answer = way;
      const [stop, pool] = [new AbortController(), new BufferPool()];
      const reading = digestObject(file, 0, new DataPlane(pool), stop.signal);
      const ended = reading.then(
        () => expect.fail("the reading succeeded"),
        (error: unknown) => error,
      );
      await until(() => asked > 1);
      await sleep(50); // the first bytes arrive meanwhile
      const [reason, before] = [new Error("Ctrl-C"), performance.now()];
      stop.abort(reason);
      expect(await ended).to.equal(reason);
      expect(performance.now() - before).to.be.lessThan(10_000);
      expect(pool.lentBytes).to.equal(0);
      await until(() => open === 0);
    });
  }

  it("requests nothing if it was aborted before", async () => {
    const reason = new Error("Ctrl-C");
    const ended = digestObject(file, 0, new DataPlane(), AbortSignal.abort(reason)).then(
      () => expect.fail("the reading succeeded"),
      (error: unknown) => error,
    );
    expect(await ended).to.equal(reason);
    expect(asked).to.equal(0);
  });

  it("leaves no listener on a signal that is never aborted", async () => {
    answer = (response, length) => {
      response.writeHead(206, { "content-length": length });
      response.end(Buffer.alloc(length));
    };
    const { signal } = new AbortController();
    await digestObject(file, 0, new DataPlane(), signal);
    expect(getEventListeners(signal, "abort")).to.have.length(0);
  });
});

describe("the digest of an object that is read in ranges", () => {
  const content = randomBytes(41 * MIB + 1);

  /** Its content is the beginning of `content`; the later a read begins, the sooner it ends. */
  function fileOf(size: number, failsAt = Number.POSITIVE_INFINITY): S3File & { closed: number } {
    let begun = 0;
    const reader: SourceReader = {
      async read(buffer, offset) {
        begun += 1;
        await sleep(Math.max(0, 8 - 2 * begun));
        if (offset >= failsAt) throw new Error("it broke");
        content.copy(buffer, 0, offset, offset + buffer.length);
      },
      async assertUnchanged() {},
      async close() {
        file.closed += 1;
      },
    };
    const place = { store: storeAt("http://127.0.0.1:1"), bucket: "bucket", key: "key" };
    const file: S3File & { closed: number } = {
      ...{ type: "file", from: "s3", path: "key", size, mode: "", etag: "", place, closed: 0 },
      open: async () => reader,
    };
    return file;
  }

  class WatchedPool extends BufferPool {
    readonly asked: number[] = [];
    override async acquire(size: number, signal: AbortSignal): Promise<Buffer> {
      this.asked.push(size);
      return super.acquire(size, signal);
    }
  }

  for (const [size, partSize] of [
    [0, 0],
    [1, 0],
    [MIB - 1, 0],
    [MIB, 0],
    [8 * MIB - 1, 0],
    [8 * MIB, 0],
    [8 * MIB + 1, 0],
    [32 * MIB, 0],
    [16 * MIB, 8 * MIB],
    [16 * MIB + 1, 8 * MIB],
    [24 * MIB - 1, 12 * MIB],
    [33 * MIB, 33 * MIB],
    [41 * MIB + 1, 5 * MIB + 3],
    [41 * MIB, 20 * MIB],
    [41 * MIB + 1, 40 * MIB],
    [41 * MIB + 1, 41 * MIB],
  ] as const) {
    it(`equals that of its parts: ${size} bytes in parts of ${partSize}`, async () => {
      const pool = new WatchedPool();
      const digest = await digestObject(
        fileOf(size),
        partSize,
        new DataPlane(pool),
        new AbortController().signal,
      );
      const expected = new FileDigest();
      for (const { offset, length } of partsOf(size, partSize)) {
        expected.add(content.subarray(offset, offset + length));
      }
      expect(digest.sha256).to.equal(expected.sha256);
      expect(digest.fullCrc32).to.equal(expected.fullCrc32);
      expect(digest.compositeCrc32).to.equal(expected.compositeCrc32);
      expect(Math.max(0, ...pool.asked)).to.be.at.most(8 * MIB);
      expect(pool.lentBytes).to.equal(0);
    });
  }

  it("needs memory for one range only, and for one per object of several", async () => {
    const pool = new BufferPool(8 * MIB);
    const plane = new DataPlane(pool);
    const { signal } = new AbortController();
    const sizes = [41 * MIB, 100, 20 * MIB + 1, 3 * MIB];
    const digests = await Promise.all(
      sizes.map((size) => digestObject(fileOf(size), 16 * MIB, plane, signal)),
    );
    expect(digests.map(({ sha256 }) => sha256)).to.deep.equal(
      sizes.map((size) => createHash("sha256").update(content.subarray(0, size)).digest("hex")),
    );
    expect(pool.lentBytes).to.equal(0);
  });

  it("fails with the unreadable range, and returns all buffers", async () => {
    const [pool, file] = [new BufferPool(), fileOf(41 * MIB, 16 * MIB)];
    const ended = digestObject(file, 0, new DataPlane(pool), new AbortController().signal).then(
      () => expect.fail("the reading succeeded"),
      (error: unknown) => error,
    );
    expect(await ended).to.have.property("message", "it broke");
    expect(pool.lentBytes).to.equal(0);
    expect(file.closed).to.be.greaterThan(1); // for the other ranges, too
  });
});
