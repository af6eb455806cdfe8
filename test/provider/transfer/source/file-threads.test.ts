import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { lstatSync, type Stats, symlinkSync } from "node:fs";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import { expect } from "chai";
import type { FileIdentity, ReadFile } from "../../../../provider/transfer/source/file-thread-program.ts";
import { measureFiles, readWholeFile as readIn } from "../../../../provider/transfer/source/file-threads.ts";

describe("files in threads", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "spawn threads "));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const readWholeFile = (path: string, facts: FileIdentity, bytes: Buffer) =>
    readIn({ base: folder }, basename(path), facts, bytes);
  const shared = (size: number): Buffer => Buffer.from(new SharedArrayBuffer(size));

  async function file(name: string, content: Buffer): Promise<{ path: string; facts: Stats }> {
    const path = join(folder, name);
    await writeFile(path, content);
    return { path, facts: lstatSync(path) };
  }

  it("reads and hashes many files at once", async () => {
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

  it("tells a file that changed, vanished, or is none", async () => {
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

  it("measures in order, follows no link, and tells what is missing", async () => {
    const { path, facts } = await file("measured", randomBytes(77));
    const link = join(folder, "link");
    symlinkSync(path, link);
    const [own, missing, linked] = await measureFiles(
      { base: folder },
      ["measured", "missing", "link"],
      true,
    );
    const { size, mode, uid, mtimeMs, ctimeMs, ino, dev } = facts;
    expect(own).to.deep.equal({ size, mode, uid, mtimeMs, ctimeMs, ino, dev });
    expect(missing).to.have.nested.property("problem.code", "ENOENT");
    expect(linked).to.have.property("mode", lstatSync(link).mode);
  });

  it("takes only shared memory from its beginning", async () => {
    const { path, facts } = await file("memory", Buffer.from("x"));
    for (const bytes of [Buffer.alloc(1), shared(2).subarray(1)]) {
      const error = await readWholeFile(path, facts, bytes).catch((thrown: unknown) => thrown);
      expect(error).to.have.property("message", "only the beginning of shared memory can be read into");
    }
  });
});
