import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { lstatSync, type Stats, symlinkSync } from "node:fs";
import { rm, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import { expect } from "chai";
import type { FileIdentity, ReadFile } from "../../../../provider/transfer/source/file-thread-program.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { THREADS } from "../threads.ts";

describe("files in threads", () => {
  const threads = THREADS;
  const folder = temporaryFolder("spawn threads ", "suite");

  const readWholeFile = (path: string, facts: FileIdentity, bytes: Buffer) =>
    threads.readWholeFile({ base: folder() }, basename(path), facts, bytes);
  const shared = (size: number): Buffer => Buffer.from(new SharedArrayBuffer(size));

  async function file(name: string, content: Buffer): Promise<{ path: string; facts: Stats }> {
    const path = join(folder(), name);
    await writeFile(path, content);
    return { path, facts: lstatSync(path) };
  }

  it("read and hash many files at once", async () => {
    const contents = Array.from({ length: 40 }, (_, index) => randomBytes(index * 1_000));
    const read = await Promise.all(
      contents.map(async (content, index) => {
        const { path, facts } = await file(`many ${index}`, content);
        const bytes = shared(content.length);
        return { bytes, found: (await readWholeFile(path, facts, bytes)) as ReadFile };
      }),
    );
    for (const [index, content] of contents.entries()) {
      expect(read[index]?.bytes.equals(content)).to.equal(true);
      expect(read[index]?.found).to.deep.equal({
        sha256: createHash("sha256").update(content).digest("hex"),
        crc32: crc32(content),
      });
    }
  });

  it("report a changed, missing or irregular file", async () => {
    const { path, facts } = await file("changing", Buffer.from("content"));
    await utimes(path, 1, 1);
    expect(await readWholeFile(path, facts, shared(7))).to.equal("changed");
    await writeFile(path, "short");
    expect(await readWholeFile(path, { ...lstatSync(path), size: 7 }, shared(7))).to.equal("changed");
    await rm(path);
    expect(await readWholeFile(path, facts, shared(7))).to.include({ code: "ENOENT" });
    execFileSync("mkfifo", [path]);
    expect(await readWholeFile(path, facts, shared(7))).to.equal("replaced");
    expect(await readWholeFile(path, lstatSync(path), shared(7))).to.equal("replaced");
  });

  it("measure in order, follow no link, and report missing files", async () => {
    const { path, facts } = await file("measured", randomBytes(77));
    const link = join(folder(), "link");
    symlinkSync(path, link);
    const [own, missing, linked] = await threads.measureFiles(
      { base: folder() },
      ["measured", "missing", "link"],
      true,
    );
    const { size, mode, uid, mtimeMs, ctimeMs, ino, dev } = facts;
    expect(own).to.deep.equal({ size, mode, uid, mtimeMs, ctimeMs, ino, dev });
    expect(missing).to.have.nested.property("problem.code", "ENOENT");
    expect(linked).to.have.property("mode", lstatSync(link).mode);
  });

  it("accept only shared memory from its beginning", async () => {
    const { path, facts } = await file("memory", Buffer.from("x"));
    for (const bytes of [Buffer.alloc(1), shared(2).subarray(1)]) {
      const error = await readWholeFile(path, facts, bytes).catch((thrown: unknown) => thrown);
      expect(error).to.have.property("message", "only the beginning of shared memory can be read into");
    }
  });
});
