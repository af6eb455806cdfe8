import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import fc from "fast-check";
import { Bandwidth } from "../../../provider/flow/bandwidth.ts";
import { createS3Clients } from "../../../provider/store/clients.ts";
import { clientsWith } from "../../../provider/store/sending.ts";
import { DataPlane } from "../../../provider/transfer/data-plane.ts";
import { findFile } from "../../../provider/transfer/source/file.ts";
import { S3Reader } from "../../../provider/transfer/source/s3-reader.ts";
import { uploadFile } from "../../../provider/transfer/upload/upload.ts";
import { KIB, MIB } from "../../../staging/units.ts";
import { listenOn } from "../transfer/endpoint.ts";
import { clientsAt, FakeS3 } from "../transfer/fake-s3.ts";
import { THREADS } from "../transfer/threads.ts";
import { VirtualClock } from "../transfer/virtual-clock.ts";

const never = new AbortController().signal;
/** Milliseconds by which a burst may be early. */
const EARLY_MS = 52;

describe("A bandwidth limit", () => {
  it("never exceeds its rate, for any sequence of sizes", async () => {
    const takes = fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(takes, fc.integer({ min: KIB, max: MIB }), async (sizes, rate) => {
        const clock = new VirtualClock();
        const bandwidth = new Bandwidth(rate, clock);
        let [taken, last] = [0, 0];
        await Promise.all(
          sizes.map(async (bytes) => {
            await bandwidth.take(bytes, never);
            // The earlier bytes have taken their time.
            expect(clock.now()).to.be.at.least((taken / rate) * 1000 - EARLY_MS);
            taken += bytes;
            last = bytes;
          }),
        );
        // It wastes no time.
        expect(clock.now()).to.be.at.most(((taken - last) / rate) * 1000 + 1);
      }),
      { numRuns: 50 },
    );
  });

  it("writes whole bodies evenly and in order, whatever their number and the rate", async () => {
    for (const rate of [KIB, 100 * KIB, 5 * MIB]) {
      const clock = new VirtualClock();
      const bandwidth = new Bandwidth(rate, clock);
      const length = Math.min(rate * 4, 200 * KIB);
      let longest = 0;
      const bodies = Array.from({ length: 12 }, () => randomBytes(length));
      await Promise.all(
        bodies.map((body) =>
          bandwidth.buffers.run(
            length,
            async () => {
              const written: Uint8Array[] = [];
              let at = clock.now();
              const half = body.length / 2;
              for await (const slice of bandwidth.paced(
                [body.subarray(0, half), body.subarray(half)],
                never,
              )) {
                longest = Math.max(longest, clock.now() - at);
                at = clock.now();
                written.push(slice);
              }
              expect(Buffer.concat(written).equals(body)).to.equal(true);
              expect(Math.max(...written.map((slice) => slice.length))).to.be.at.most(64 * KIB);
            },
            never,
          ),
        ),
      );
      expect(longest, `${rate}`).to.be.at.most(1_000);
    }
  });

  it("sends one large body at a time, and as many small ones as fit into seconds", async () => {
    const { files } = new Bandwidth(2 * MIB, new VirtualClock());
    for (const [bytes, most] of [
      [16 * MIB, 1],
      [4 * MIB, 2],
      [MIB, 8],
      [KIB, 16],
    ] as const) {
      let [running, highest] = [0, 0];
      const work = async () => {
        running += 1;
        highest = Math.max(highest, running);
        await turn();
        running -= 1;
      };
      await Promise.all(Array.from({ length: 40 }, () => files.run(bytes, work, never)));
      expect(highest, `${bytes}`).to.equal(most);
    }
  });

  it("does not delay other bodies by an aborted one", async () => {
    const { files } = new Bandwidth(KIB, new VirtualClock());
    const aborting = new AbortController();
    let end = (): void => {};
    const first = files.run(MIB, () => new Promise<void>((resolve) => (end = resolve)), never);
    const second = files.run(MIB, async () => {}, aborting.signal).catch((error: unknown) => error);
    const third = files.run(MIB, async () => "sent", never);
    aborting.abort(new Error("enough"));
    expect(await second).to.have.property("message", "enough");
    end();
    await first;
    expect(await third).to.equal("sent");
  });

  it("returns the time of an aborted body", async () => {
    const clock = new VirtualClock();
    const bandwidth = new Bandwidth(KIB, clock);
    const aborting = new AbortController();
    await bandwidth.take(KIB, never);
    const aborted = bandwidth.take(100 * KIB, aborting.signal).catch((error: unknown) => error);
    aborting.abort(new Error("enough"));
    expect(await aborted).to.have.property("message", "enough");
    await bandwidth.take(KIB, never);
    expect(clock.now()).to.be.at.most(1_000);
  });

  it("does not affect a client without one", () => {
    const clients = clientsWith(clientsAt("http://127.0.0.1:1"), {});
    expect(clients.store("us-east-1").bandwidth).to.equal(undefined);
  });

  describe("on an upload", () => {
    const s3 = new FakeS3();
    let endpoint: string;
    let folder: string;
    before(async () => {
      endpoint = await s3.start();
      folder = await mkdtemp(join(tmpdir(), "spawn bandwidth "));
    });
    after(async () => {
      await s3.stop();
      await rm(folder, { recursive: true });
    });

    for (const sdkOnly of [false, true]) {
      it(`counts all bytes of files in parts and of small ones, ${sdkOnly ? "sent by the SDK" : "sent on the fast path"}`, async () => {
        s3.reset();
        const [rate, size] = [500 * KIB, 20 * MIB];
        const clock = new VirtualClock();
        const bandwidth = new Bandwidth(rate, clock);
        const credentials = { accessKeyId: "test", secretAccessKey: "test" };
        const config = { endpoint, credentials, forcePathStyle: true };
        // A time-out that is shorter than the bodies take.
        const clients = clientsWith(createS3Clients({ config, sdkOnly }), { timeoutSeconds: 1, bandwidth });
        for (const [name, bytes] of [
          ["large", size],
          ["small", 1000],
          ["empty", 0],
        ] as const) {
          const path = join(folder, name);
          await writeFile(path, randomBytes(bytes));
          const { file } = await findFile(path, { threads: THREADS });
          const target = { store: clients.store("us-east-1"), bucket: "bucket", key: name, tags: {} };
          await uploadFile(file, target, { plane: new DataPlane(), signal: never, onBytes: () => {} });
        }
        expect(s3.count("UploadPart")).to.equal(2);
        expect(s3.count("PutObject")).to.equal(2);
        expect(clock.now()).to.be.within(
          ((size - 64 * KIB) / rate) * 1000 - EARLY_MS,
          (size / rate) * 1000 + 100,
        );
      });
    }
  });

  it("on a source in S3 counts the bytes read, in ranges of a second", async () => {
    const content = randomBytes(200 * KIB);
    const server = createServer((request, response) => {
      const [first = 0, last = 0] = String(request.headers.range)
        .slice("bytes=".length)
        .split("-")
        .map(Number);
      response.writeHead(206, { "content-length": last + 1 - first });
      response.end(content.subarray(first, last + 1));
    });
    const plain = clientsAt(await listenOn(server));
    const clock = new VirtualClock();
    const bandwidth = new Bandwidth(50 * KIB, clock);
    const store = clientsWith(plain, { bandwidth }).store("us-east-1");
    const buffer = Buffer.alloc(content.length);
    await new S3Reader({ store, bucket: "bucket", key: "key" }, '"etag"').read(buffer, 0);
    server.close();
    server.closeAllConnections();
    expect(buffer.equals(content)).to.equal(true);
    expect(clock.now()).to.be.within(3_000 - EARLY_MS, 3_001);
  });
});
