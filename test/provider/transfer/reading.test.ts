import { getEventListeners } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { BufferPool } from "../../../provider/transfer/buffers.ts";
import { digestObject } from "../../../provider/transfer/reading.ts";
import type { S3File } from "../../../provider/transfer/source.ts";
import { S3Reader } from "../../../provider/transfer/source-s3-reader.ts";
import { MIB } from "../../../staging/units.ts";
import { listenOn } from "./endpoint.ts";
import { clientOf } from "./fake-s3.ts";

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
    const place = { client: clientOf(await listenOn(server)), bucket: "bucket", key: "key" };
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
    "that nobody answers": () => {},
    "whose body stalls": (response, length) => {
      response.writeHead(206, { "content-length": length });
      response.write(Buffer.alloc(1000));
    },
  };
  for (const [title, way] of Object.entries(ways)) {
    it(`ends at once when it is aborted during ranges ${title}`, async () => {
      answer = way;
      const [stop, pool] = [new AbortController(), new BufferPool()];
      const reading = digestObject(file, 0, pool, stop.signal);
      const ended = reading.then(
        () => expect.fail("the reading succeeded"),
        (error: unknown) => error,
      );
      await until(() => asked > 1);
      await sleep(50); // in which the first bytes arrive
      const [reason, before] = [new Error("Ctrl-C"), performance.now()];
      stop.abort(reason);
      expect(await ended).to.equal(reason);
      expect(performance.now() - before).to.be.lessThan(1_000);
      expect(pool.lentBytes).to.equal(0);
      await until(() => open === 0);
    });
  }

  it("asks for nothing when it is aborted before", async () => {
    const reason = new Error("Ctrl-C");
    const ended = digestObject(file, 0, new BufferPool(), AbortSignal.abort(reason)).then(
      () => expect.fail("the reading succeeded"),
      (error: unknown) => error,
    );
    expect(await ended).to.equal(reason);
    expect(asked).to.equal(0);
  });

  it("leaves no listener at a signal that is never aborted", async () => {
    answer = (response, length) => {
      response.writeHead(206, { "content-length": length });
      response.end(Buffer.alloc(length));
    };
    const { signal } = new AbortController();
    await digestObject(file, 0, new BufferPool(), signal);
    expect(getEventListeners(signal, "abort")).to.have.length(0);
  });
});
