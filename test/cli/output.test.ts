import { Writable } from "node:stream";
import { expect } from "chai";
import { OutputClosed, OutputFailed, writeOut, writeWhole } from "../../cli/output.ts";

const systemError = (code: string): Error => Object.assign(new Error(`${code}: no`), { code });

describe("output", () => {
  it("is complete although the system accepts partial writes", () => {
    const taken: number[] = [];
    writeWhole(Buffer.from("0123456789"), (bytes) => {
      const some = bytes.subarray(0, 3);
      taken.push(...some);
      return some.length;
    });
    expect(Buffer.from(taken).toString()).to.equal("0123456789");
  });

  it("fails if the disk fills up after a partial write", () => {
    let room = 4;
    const write = (bytes: Uint8Array): number => {
      if (room === 0) throw systemError("ENOSPC");
      const count = Math.min(room, bytes.length);
      room -= count;
      return count;
    };
    expect(() => writeWhole(Buffer.from("0123456789"), write)).to.throw("ENOSPC");
  });

  for (const [code, kind] of [
    ["ENOSPC", OutputFailed],
    ["EDQUOT", OutputFailed],
    ["EIO", OutputFailed],
    ["EBADF", OutputFailed],
    ["EPIPE", OutputClosed],
  ] as const) {
    it(`is a ${kind.name} after ${code}`, async () => {
      const stream = new Writable({ write: (_chunk, _encoding, done) => done(systemError(code)) });
      stream.on("error", () => undefined);
      const error = await writeOut("text", stream).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(kind);
    });
  }
});
