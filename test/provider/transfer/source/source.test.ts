import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, rename, truncate, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { createS3Clients } from "../../../../provider/store/clients.ts";
import { SourceChangedError } from "../../../../provider/transfer/source/source.ts";
import { findSource as find } from "../../../../provider/transfer/stage.ts";
import { InputError } from "../../../../staging/errors.ts";
import { errorOf } from "../../../support/failure.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { THREADS } from "../threads.ts";

describe("findSource", () => {
  const folder = temporaryFolder("spawn source ", "suite");

  const findSource = async (path: string) => {
    const found = await find(path, {
      threads: THREADS,
      clients: createS3Clients(),
      signal: new AbortController().signal,
    });
    if (found.kind !== "file") throw new Error(`${path} is a directory`);
    return found;
  };

  const refusal = (path: string): Promise<InputError> => errorOf(findSource(path), InputError);

  it("measures a file and reads any of its bytes", async () => {
    const path = join(folder(), "-odd 'name\" größe");
    await writeFile(path, "0123456789", { mode: 0o640 });
    const source = await findSource(path);
    expect(source.kind).to.equal("file");
    expect(source.filename).to.equal("-odd 'name\" größe");
    const { file } = source;
    expect(file).to.include({ from: "local", path: source.filename, size: 10, mode: "640" });
    const reader = await file.open();
    const buffer = Buffer.alloc(4);
    await reader.read(buffer, 3);
    expect(buffer.toString()).to.equal("3456");
    await reader.close();
  });

  it("accepts a name of 255 bytes", async () => {
    const name = `${"ü".repeat(127)}x`;
    await writeFile(join(folder(), name), "");
    expect((await findSource(join(folder(), name))).filename).to.equal(name);
  });

  it("refuses a missing source", async () => {
    expect((await refusal(join(folder(), "none"))).message).to.equal(
      `no such file: ${join(folder(), "none")}`,
    );
    await writeFile(join(folder(), "plain"), "");
    expect((await refusal(join(folder(), "plain", "below"))).message).to.contain("no such file");
  });

  it("refuses an unreadable file", async () => {
    const path = join(folder(), "secret");
    await writeFile(path, "x");
    await chmod(path, 0);
    await chmod(folder(), 0o755);
    // Root can read every file, so this process becomes another user meanwhile.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65534);
    try {
      const error = await refusal(path);
      expect(error.message).to.equal(`${path} cannot be read`);
      expect(error.fix).to.equal(`chmod u+r '${path}'`);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it("refuses a pipe without waiting for its other end, a socket and a device", async () => {
    const pipe = join(folder(), "pipe");
    execFileSync("mkfifo", [pipe]);
    expect((await refusal(pipe)).message).to.equal(`${pipe} is not a regular file`);
    const path = join(folder(), "socket");
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once("listening", resolve));
    expect((await refusal(path)).message).to.contain("is not a regular file");
    server.close();
    expect((await refusal("/dev/null")).message).to.contain("is not a regular file");
  });

  it("refuses control characters in its name, and patterns for a single file", async () => {
    await writeFile(join(folder(), "single"), "");
    const error: unknown = await find(join(folder(), "single"), {
      exclude: ["*.tmp"],
      threads: THREADS,
      clients: createS3Clients(),
      signal: new AbortController().signal,
    }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(InputError);
    expect((error as InputError).message).to.contain("is a single file: nothing can be excluded");
    const name = join(folder(), "line\nbreak");
    await writeFile(name, "");
    expect((await refusal(name)).message).to.contain("control character");
  });

  describe("detects a change", () => {
    let path: string;
    beforeEach(async () => {
      path = join(folder(), "changing");
      await writeFile(path, "0123456789");
    });

    async function open() {
      const { file } = await findSource(path);
      return { file, reader: await file.open() };
    }

    const changes: [string, () => Promise<unknown>][] = [
      ["of the size", () => truncate(path, 5)],
      ["of the time", () => utimes(path, 1, 1)],
    ];
    for (const [name, change] of changes) {
      it(`${name}, while it is open`, async () => {
        const { reader } = await open();
        await reader.assertUnchanged();
        await change();
        const error: unknown = await reader.assertUnchanged().catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(SourceChangedError);
        await reader.close();
      });
    }

    const sha256Of = (text: string) => createHash("sha256").update(text).digest("hex");
    const { signal } = new AbortController();

    it("of the content, if size and time are restored", async () => {
      const time = new Date("2026-01-02T03:04:05Z");
      await utimes(path, time, time);
      const { reader } = await open();
      const read = { sha256: sha256Of("0123456789"), signal };
      await reader.assertUnchanged(read);
      await writeFile(path, "9876543210");
      await utimes(path, time, time);
      const { file } = await findSource(path);
      const restored = await file.open();
      await restored.assertUnchanged({ sha256: sha256Of("9876543210"), signal });
      await restored.close();
      for (const given of [read, undefined]) {
        const error: unknown = await reader.assertUnchanged(given).catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(SourceChangedError);
      }
      await reader.close();
    });

    it("but not of its permissions alone: it compares the content", async () => {
      const { file, reader } = await open();
      await chmod(path, 0o600);
      await reader.assertUnchanged({ sha256: sha256Of("0123456789"), signal });
      await reader.close();
      const bytes = Buffer.from(new SharedArrayBuffer(10));
      if (file.from !== "local") throw new Error("it is not local");
      expect((await file.readWhole(bytes)).sha256).to.equal(sha256Of("0123456789"));
    });

    it("of the size, if it reads beyond the end", async () => {
      const { reader } = await open();
      await truncate(path, 5);
      const error: unknown = await reader.read(Buffer.alloc(10), 0).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(SourceChangedError);
      await reader.close();
    });

    it("to another file of that name, before it is opened", async () => {
      const { file, reader } = await open();
      await reader.close();
      await writeFile(`${path}.new`, "0123456789");
      await rename(`${path}.new`, path);
      const error: unknown = await file.open().catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(SourceChangedError);
    });
  });
});
