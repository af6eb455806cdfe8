import { execFileSync } from "node:child_process";
import * as crypto from "node:crypto";
import { EventEmitter } from "node:events";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { expect } from "chai";
import { transform } from "esbuild";
import fc from "fast-check";
import {
  type FileAnswer,
  type FileRequest,
  MOST_READINGS,
  serveFiles,
} from "../../../../provider/transfer/source/file-thread-program.ts";
import {
  MAX_LINKS,
  serveFolders,
  TO_FOLDER,
} from "../../../../provider/transfer/source/folder-thread-program.ts";

type Fs = typeof fs;
const OPTIONS = { toFolder: TO_FOLDER, maxLinks: MAX_LINKS };

/** The thread's program in this thread, with other file system functions. */
function answerWith(other: Partial<Fs>, request: FileRequest): FileAnswer {
  const changed: Fs = { ...fs, ...other };
  const answers: FileAnswer[] = [];
  const port = Object.assign(new EventEmitter(), {
    postMessage: (answer: FileAnswer) => answers.push(answer),
  });
  const parentPort = port as unknown as import("node:worker_threads").MessagePort;
  serveFiles(changed, crypto, zlib, { parentPort }, serveFolders(changed, OPTIONS), MOST_READINGS);
  port.emit("message", { id: 1, ...request });
  const [answer] = answers;
  if (answer === undefined) throw new Error("there is no answer");
  return answer;
}

/** A function that does something else right before its first call. */
function precededBy<Args extends unknown[], Result>(
  real: (...args: Args) => Result,
  attack: () => void,
): (...args: Args) => Result {
  let isDone = false;
  return (...args) => {
    if (!isDone) attack();
    isDone = true;
    return real(...args);
  };
}

describe("the program of the file threads", () => {
  let base: string;
  let folder: string;
  beforeEach(() => {
    base = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "spawn program ")));
    folder = join(base, "folder");
    fs.mkdirSync(join(folder, "below"), { recursive: true });
    fs.mkdirSync(join(base, "secret"));
    fs.writeFileSync(join(folder, "file"), "open");
    fs.utimesSync(join(folder, "file"), 1, 1);
    fs.writeFileSync(join(base, "secret", "file"), "hush");
  });
  afterEach(() => fs.rmSync(base, { recursive: true }));

  const place = () => ({ base: folder });
  const opening = (attack: () => void) => ({
    openSync: precededBy(fs.openSync as (...args: unknown[]) => number, attack) as Fs["openSync"],
  });

  const replacements: [string, () => void][] = [
    ["a link", () => fs.symlinkSync(join(base, "secret/file"), join(folder, "file"))],
    ["a hard link", () => fs.linkSync(join(base, "secret/file"), join(folder, "file"))],
    ["a pipe", () => execFileSync("mkfifo", [join(folder, "file")])],
  ];
  for (const [what, make] of replacements) {
    it(`detects ${what} that replaces a file between its lstat and its opening`, () => {
      const attack = opening(() => {
        fs.renameSync(join(folder, "file"), join(base, "moved"));
        make();
      });
      const { measured } = answerWith(attack, { measure: ["file"], place: place(), open: true });
      expect(measured).to.deep.equal([{ problem: "replaced" }]);
    });
  }

  for (const hold of [true, false]) {
    it(`detects a link that replaces a folder at its opening, ${hold ? "with" : "without"} a descriptor`, () => {
      const swap = () => {
        fs.renameSync(join(folder, "below"), join(base, "moved"));
        fs.symlinkSync(join(base, "secret"), join(folder, "below"));
      };
      const attack = hold
        ? opening(swap)
        : { lstatSync: precededBy(fs.lstatSync as (...args: unknown[]) => unknown, swap) as Fs["lstatSync"] };
      const request = { folder: "below", place: place(), identity: undefined, hold };
      expect(answerWith(attack, request)).to.deep.equal({ id: 1, problem: "replaced" });
    });
  }

  it("detects another parent folder if folders are found by their paths", () => {
    const { dev, ino } = fs.lstatSync(folder, { bigint: true });
    const verified = { base: folder, verify: { path: folder, identity: `${dev}:${ino}` } };
    const requests: FileRequest[] = [
      { measure: ["file"], place: verified, open: true },
      { list: verified, followLinks: false },
      { folder: "below", place: verified, identity: undefined, hold: false },
    ];
    for (const request of requests)
      expect(JSON.stringify(answerWith({}, request))).to.not.contain("replaced");
    fs.renameSync(folder, join(base, "moved"));
    fs.mkdirSync(join(base, "secret/below"));
    fs.symlinkSync(join(base, "secret"), folder);
    for (const request of requests) expect(JSON.stringify(answerWith({}, request))).to.contain("replaced");
  });

  /** Writes to the file during a read, and restores its time. */
  const writing = (times: number, content: string) => {
    const write = () => {
      fs.writeFileSync(join(folder, "file"), content);
      fs.utimesSync(join(folder, "file"), 1, 1);
    };
    let left = times;
    const readSync = ((...args: Parameters<Fs["readSync"]>) => {
      const count = fs.readSync(...args);
      if (left-- > 0) write();
      return count;
    }) as Fs["readSync"];
    return { readSync };
  };
  const read = (other: Partial<Fs>) => {
    const memory = new SharedArrayBuffer(4);
    const expected = fs.lstatSync(join(folder, "file"));
    const answer = answerWith(other, { read: "file", place: place(), expected, memory, length: 4 });
    return { answer, text: Buffer.from(memory).toString() };
  };
  it("reads a file again if its time was restored after a write", () => {
    const { answer, text } = read(writing(1, "new!"));
    expect(text).to.equal("new!");
    expect(answer.file?.sha256).to.equal(crypto.hash("sha256", "new!"));
  });

  it("fails for a file that changes during each reading", () => {
    expect(read(writing(100, "new!")).answer.problem).to.equal("changed");
  });

  it("reads a file whose attributes changed before, although the time of its content is the same", () => {
    const expected = fs.lstatSync(join(folder, "file"));
    fs.chmodSync(join(folder, "file"), 0o600);
    const memory = new SharedArrayBuffer(4);
    const answer = answerWith({}, { read: "file", place: place(), expected, memory, length: 4 });
    expect(answer.file?.sha256).to.equal(crypto.hash("sha256", "open"));
  });

  it("lists names of any bytes, also if the file system does not return their types", () => {
    const odd = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe])]);
    fs.writeFileSync(odd, "");
    fs.writeFileSync(join(folder, "größe"), "");
    const list = (other: Partial<Fs>) => answerWith(other, { list: place(), followLinks: false }).names;
    const opendirSync = ((path: string, options: { encoding: string }) => {
      if (options.encoding === "latin1")
        throw Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT" });
      return fs.opendirSync(path, options as fs.OpenDirOptions);
    }) as Fs["opendirSync"];
    const names = list({});
    expect(names?.order).to.have.length(4);
    expect(list({ opendirSync })).to.deep.equal(names);
  });

  it("needs nothing that only the bundle has", async () => {
    for (const name of ["file-thread-program", "folder-thread-program"]) {
      const source = fs.readFileSync(`provider/transfer/source/${name}.ts`, "utf8");
      const { code } = await transform(source, { loader: "ts", keepNames: true });
      const [, program = ""] = /^export function serve\w+(.*?)^}/ms.exec(code) ?? [];
      expect(program).to.contain("fs.lstatSync").and.not.contain("__name");
    }
  });

  it("sorts names by the bytes of their paths", () => {
    const work = serveFolders(fs, OPTIONS);
    const [file, directory] = [fs.constants.S_IFREG >> 12, fs.constants.S_IFDIR >> 12];
    const name = fc
      .uint8Array({ minLength: 1, maxLength: 5, min: 45, max: 49 })
      .filter((bytes) => !bytes.includes(0x2f));
    const kind = fc.constantFrom(file, directory, directory + TO_FOLDER);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, kind), { maxLength: 60 }), (items) => {
        const ends: number[] = [];
        for (const [bytes] of items) ends.push((ends.at(-1) ?? 0) + bytes.length);
        const order = work.sorted({
          bytes: Buffer.concat(items.map(([bytes]) => bytes)),
          ends: Uint32Array.from(ends),
          kinds: Uint8Array.from(items, ([, each]) => each),
        });
        const paths = Array.from(order, (index) => {
          const [bytes = new Uint8Array(), each = file] = items[index] ?? [];
          return Buffer.concat([bytes, Buffer.from(each === file ? "" : "/")]);
        });
        expect(new Set(order).size).to.equal(items.length);
        expect([...paths].sort(Buffer.compare)).to.deep.equal(paths);
      }),
    );
  });
});
