import { createHash, randomBytes } from "node:crypto";
import { expect } from "chai";
import { TaskThread } from "../../../../provider/flow/thread.ts";
import { FileDigest } from "../../../../provider/transfer/hash/digest.ts";
import { HashThread } from "../../../../provider/transfer/hash/thread.ts";
import { errorOf } from "../../../support/failure.ts";

const SIZE = 1_000_003;

function sharedBytes(size = SIZE): Buffer {
  const bytes = Buffer.from(new SharedArrayBuffer(size));
  randomBytes(size).copy(bytes);
  return bytes;
}

describe("hashing in a thread", () => {
  const hashing = new HashThread();

  it("hashes in the order of the calls, several sequences at once", async () => {
    const parts = Array.from({ length: 12 }, () => sharedBytes());
    const hashes = [1, 2, 3].map(() => hashing.start());
    await Promise.all(
      parts.flatMap((part, index) => {
        const hash = hashes[index % 3];
        return hash === undefined ? [] : [hash.update(part)];
      }),
    );
    const digests = await Promise.all(hashes.map((hash) => hash.end()));
    const expected = [0, 1, 2].map((which) => {
      const hash = createHash("sha256");
      for (const part of parts.filter((_, index) => index % 3 === which)) hash.update(part);
      return hash.digest("hex");
    });
    expect(digests).to.deep.equal(expected);
  });

  it("computes the same digest as hashing the file at once", async () => {
    const [atOnce, inBackground] = [new FileDigest(), new FileDigest()];
    const parts = [sharedBytes(), sharedBytes(), sharedBytes(7)];
    const hashed = parts.map((part) => {
      const { crc, hashed: done } = inBackground.addInBackground(part, hashing);
      expect(crc).to.equal(atOnce.add(part));
      return done;
    });
    expect(() => inBackground.sha256).to.throw("not finished");
    await Promise.all([...hashed, inBackground.finish()]);
    expect(inBackground.sha256).to.equal(atOnce.sha256);
    expect(inBackground.fullCrc32).to.equal(atOnce.fullCrc32);
  });

  it("refuses to mix both methods, which would lose the order", async () => {
    const digest = new FileDigest();
    const { hashed } = digest.addInBackground(sharedBytes(), hashing);
    expect(() => digest.add(sharedBytes())).to.throw("in the background");
    await hashed;
    await digest.abandon();
    const other = new FileDigest();
    other.add(sharedBytes());
    expect(() => other.addInBackground(sharedBytes(), hashing)).to.throw("hashed at once");
  });

  it("releases all bytes when it is abandoned", async () => {
    const digest = new FileDigest();
    let done = 0;
    for (let part = 0; part < 5; part += 1) {
      void digest.addInBackground(sharedBytes(), hashing).hashed.then(() => (done += 1));
    }
    await digest.abandon();
    expect(done).to.equal(5);
  });

  it("refuses memory that threads cannot share", async () => {
    expect(await errorOf(hashing.start().update(Buffer.alloc(10)))).to.have.property(
      "message",
      "only shared memory reaches the hashing thread",
    );
  });

  for (const [what, program, message] of [
    ["fails", "throw new Error('broken')", "the hashing thread failed: broken"],
    ["ends", "process.exit(3)", "the hashing thread ended (3)"],
    [
      "cannot hash",
      "const{parentPort:p}=require('node:worker_threads');p.on('message',m=>p.postMessage({id:m.id,error:'no'}))",
      "hashing failed: no",
    ],
  ] as const) {
    it(`fails all waiting calls when the thread ${what}`, async () => {
      let ended = false;
      const thread = new TaskThread("hashing", program, () => {
        ended = true;
      });
      expect(await errorOf(thread.ask({ sequence: 1, step: "end" }))).to.have.property("message", message);
      if (what === "cannot hash") return;
      expect(ended).to.equal(true);
      expect(await errorOf(thread.ask({ sequence: 1, step: "end" }))).to.have.property("message", message);
    });
  }

  it("reports the waiting time", async () => {
    const program =
      "const{parentPort:p}=require('node:worker_threads');p.on('message',m=>{Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0,80);p.postMessage({id:m.id})})";
    const thread = new TaskThread("hashing", program, () => {});
    expect(thread.waited).to.equal(0);
    const asked = [thread.ask({ sequence: 1, step: "end" }), thread.ask({ sequence: 2, step: "end" })];
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(thread.waited).to.be.at.least(20);
    expect(thread.pending).to.equal(2);
    await Promise.all(asked);
    expect([thread.pending, thread.waited]).to.deep.equal([0, 0]);
  });
});
