import { execFileSync } from "node:child_process";
import { chmod, mkdir, rm, symlink, truncate, unlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { findDirectory } from "../../../../provider/transfer/source/directory.ts";
import { SourceChangedError, type SourceEntry } from "../../../../provider/transfer/source/source.ts";
import { InputError } from "../../../../staging/errors.ts";
import { comparePaths } from "../../../../staging/manifest.ts";
import { errorOf } from "../../../support/failure.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { THREADS } from "../threads.ts";

const { signal } = new AbortController();

describe("findDirectory", () => {
  const folder = temporaryFolder("spawn tree ");
  let tree: string;
  beforeEach(async () => {
    tree = join(folder(), "tree");
    await mkdir(tree);
  });

  async function put(path: string, content = "x"): Promise<void> {
    await mkdir(join(tree, dirname(path)), { recursive: true });
    await writeFile(join(tree, path), content);
  }

  async function entries(exclude: string[] = []): Promise<SourceEntry[]> {
    const found = await findDirectory(tree, { threads: THREADS, exclude, signal });
    const all: SourceEntry[] = [];
    for await (const entry of found.entries(signal)) all.push(entry);
    const files = all.filter((entry) => entry.type === "file");
    expect(found.fileCount).to.equal(files.length);
    expect(found.sizeBytes).to.equal(files.reduce((sum, { size }) => sum + size, 0));
    return all;
  }

  const paths = async (exclude?: string[]) => (await entries(exclude)).map(({ path }) => path);

  const refusal = (exclude: string[] = []): Promise<InputError> =>
    errorOf(findDirectory(tree, { threads: THREADS, exclude, signal }), InputError);

  it("finds every file, link and empty folder, sorted by the bytes of the paths", async () => {
    for (const name of [
      "b/2",
      "b.txt",
      "b-",
      "a\nb",
      'q"\\',
      ".hidden/x",
      "A",
      "a",
      "é",
      "e\u0301",
      "\u{1f9ec}",
      "\uffee",
    ])
      await put(name);
    await mkdir(join(tree, "empty", "below"), { recursive: true, mode: 0o750 });
    await symlink("b/2", join(tree, "link"));
    await chmod(join(tree, "A"), 0o755);
    const found = await entries();
    expect(found.map(({ path }) => path)).to.deep.equal(
      [
        ".hidden/x",
        "A",
        "a",
        "a\nb",
        "b-",
        "b.txt",
        "b/2",
        "empty/below/",
        "link",
        'q"\\',
        "e\u0301",
        "é",
        "\uffee",
        "\u{1f9ec}",
      ].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
    expect(found.find(({ path }) => path === "A")).to.include({ mode: "755", size: 1 });
    expect(found.find(({ path }) => path === "link")).to.deep.equal({
      type: "link",
      path: "link",
      target: "b/2",
    });
    expect(found.find(({ path }) => path === "empty/below/")).to.deep.include({ type: "directory" });
  });

  it("accepts a directory without files, with a warning", async () => {
    expect(await entries()).to.deep.equal([]);
    await mkdir(join(tree, "empty"));
    const { warnings } = await findDirectory(tree, { threads: THREADS, signal });
    expect(warnings).to.deep.equal([`${tree} has no files: the entry will be empty`]);
    await put("file");
    expect((await findDirectory(tree, { threads: THREADS, signal })).warnings).to.deep.equal([]);
  });

  it("excludes matching files, and treats a folder as empty if all its files are excluded", async () => {
    for (const name of [
      "a.tmp",
      "keep.tmp",
      "src/b.tmp",
      "src/c",
      ".git/x",
      "build/y",
      "sub/build",
      "top",
      "sub/top",
    ])
      await put(name);
    expect(await paths(["*.tmp", "!keep.tmp", ".git/", "build/", "/top"])).to.deep.equal([
      "keep.tmp",
      "src/c",
      "sub/build",
      "sub/top",
    ]);
    expect(await paths(["src/*", "*.tmp", "[kt]*", "sub/t*", ".*", "build/"])).to.deep.equal([
      "src/",
      "sub/build",
    ]);
  });

  it("warns of patterns that match nothing, and accepts absolute ones for paths below it", async () => {
    for (const name of [".env", "keys/a.pem", "x"]) await put(name);
    const found = await findDirectory(tree, {
      threads: THREADS,
      exclude: ["./.env", join(tree, "keys/"), "gone"],
      signal,
    });
    expect(found.fileCount).to.equal(1);
    expect(found.warnings).to.deep.equal([
      `the pattern "gone" matches nothing in ${tree}: it leaves out nothing`,
    ]);
  });

  const refusedPatterns: [patterns: string[], message: string, fix: string][] = [
    [["tree/x"], "matches nothing", "--exclude '/x'"],
    [["*", "!keep/x.csv"], "cannot keep", "--exclude '*' --exclude '!/keep/' --exclude '!keep/x.csv'"],
    [["*"], "the patterns exclude all of", "Remove a pattern"],
  ];
  for (const [patterns, message, fix] of refusedPatterns) {
    it(`refuses ${JSON.stringify(patterns)}, with a corrected pattern`, async () => {
      for (const name of ["x", "keep/x.csv", "keep/y"]) await put(name);
      const error = await refusal(patterns);
      expect(error.message).to.contain(message);
      expect(error.fix).to.contain(fix);
    });
  }

  describe("with followed links", () => {
    const follow = async (exclude: string[] = []) => {
      const found = await findDirectory(tree, { threads: THREADS, exclude, followLinks: true, signal });
      const all: SourceEntry[] = [];
      for await (const entry of found.entries(signal)) all.push(entry);
      return all;
    };
    it("replaces each link by its target, once per link", async () => {
      await put("a", "content");
      await mkdir(join(folder(), "outside/sub"), { recursive: true });
      await writeFile(join(folder(), "outside/sub/o"), "out");
      await symlink("a", join(tree, "b"));
      await symlink("b", join(tree, "c"));
      await symlink("../outside", join(tree, "dir"));
      await symlink(join(folder(), "outside"), join(tree, "dir-2"));
      await symlink("../outside/sub/o", join(tree, "dir.txt"));
      const found = await follow();
      const names = ["a", "b", "c", "dir-2/sub/o", "dir.txt", "dir/sub/o"];
      expect(found.map(({ type, path }) => `${type} ${path}`)).to.deep.equal(
        names.map((name) => `file ${name}`),
      );
      for (const entry of found) {
        if (entry.type !== "file" || entry.from !== "local") throw new Error(`${entry.path} is no file`);
        const bytes = Buffer.from(new SharedArrayBuffer(entry.size));
        await entry.readWhole(bytes);
        expect(bytes.toString(), entry.path).to.equal(entry.path.length === 1 ? "content" : "out");
      }
      expect((await follow(["dir/", "/c"])).map(({ path }) => path)).to.deep.equal([
        "a",
        "b",
        "dir-2/sub/o",
        "dir.txt",
      ]);
    });
    const bad: [string, target: string, message: string][] = [
      ["to nothing", "gone", "leads to nothing"],
      ["to itself", "link", "is part of a cycle"],
      ["to the folder that it is in", ".", "is part of a cycle"],
      ["to a folder above", "../../tree", "is part of a cycle"],
      ["to a folder with a link back", "../other", "is part of a cycle"],
      ["to a device", "/dev/null", "is a device"],
    ];
    for (const [what, target, message] of bad) {
      it(`refuses one ${what}, by name, unless it is excluded`, async () => {
        await put("sub/file");
        await mkdir(join(tree, "other"));
        await symlink("../sub", join(tree, "other/back"));
        await symlink(target, join(tree, "sub/link"));
        const error: unknown = await follow(["/other/"]).catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(InputError);
        expect((error as InputError).message)
          .to.contain(message)
          .and.contain("link");
        expect((await follow(["/other/", "link"])).map(({ path }) => path)).to.deep.equal(["sub/file"]);
      });
    }
  });

  describe("that contains a folder of spawn itself", () => {
    it("is refused with the pattern that excludes it", async () => {
      for (const name of ["x", "home [1]/data/state", "home [1]/config/c"]) await put(name);
      const ownFolders = ["home [1]/data", "home [1]/config"].map((name) => join(tree, name));
      const find = (exclude: string[]) =>
        findDirectory(tree, { threads: THREADS, exclude, ownFolders, signal });
      const error: unknown = await find([]).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(InputError);
      const { fix = "" } = error as InputError;
      const patterns = [...fix.matchAll(/--exclude '([^']*)'/g)].map(([, pattern = ""]) => pattern);
      expect((await find(patterns)).fileCount).to.equal(1);
      expect((await find(["home*"])).fileCount).to.equal(1);
      const itself: unknown = await findDirectory(ownFolders[0] ?? "", {
        threads: THREADS,
        ownFolders,
        signal,
      }).catch((reason: unknown) => reason);
      expect((itself as InputError).message).to.contain("is a folder of spawn itself");
    });
    it("is refused if a followed link leads to it", async () => {
      const own = join(folder(), "above/own");
      await mkdir(own, { recursive: true });
      await put("x");
      await symlink("../above", join(tree, "link"));
      const options = { threads: THREADS, ownFolders: [own], followLinks: true, signal };
      const error: unknown = await findDirectory(tree, options).catch((reason: unknown) => reason);
      expect((error as InputError).fix).to.equal("--exclude '/link/own/'");
      expect((await findDirectory(tree, { ...options, exclude: ["/link/own/"] })).fileCount).to.equal(1);
    });
  });

  it("refuses a file whose content is longer or shorter than its size, and accepts sparse files", async () => {
    await put("empty", "");
    await put("sparse");
    await truncate(join(tree, "sparse"), 10_000_000);
    await entries();
    for (const target of ["/proc/cpuinfo", "/sys/kernel/mm/transparent_hugepage/enabled"]) {
      await symlink(target, join(tree, "made"));
      const error: unknown = await findDirectory(tree, { threads: THREADS, followLinks: true, signal }).catch(
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(InputError);
      expect((error as InputError).message).to.equal(
        `${target} does not hold as many bytes as its size says`,
      );
      await unlink(join(tree, "made"));
    }
  });

  const kinds: [string, (path: string) => Promise<unknown> | unknown, string][] = [
    ["a pipe", (path) => execFileSync("mkfifo", [path]), "is a pipe"],
    ["a link out of the tree", (path) => symlink("../../etc", path), "leaves the directory"],
    ["an absolute link", (path) => symlink("/etc/passwd", path), "leaves the directory"],
    ["a link out and in again", (path) => symlink("../tree/sub", path), "leaves the directory"],
  ];
  for (const [what, make, message] of kinds) {
    it(`refuses ${what} by its name, unless it is excluded`, async () => {
      await put("sub/file");
      await make(join(tree, "odd"));
      const error = await refusal();
      expect(error.message).to.contain(join(tree, "odd"));
      expect(error.message).to.contain(message);
      expect(await paths(["odd"])).to.deep.equal(["sub/file"]);
    });
  }

  it("refuses a socket, and a link that leaves through another link", async () => {
    const server = createServer().listen(join(tree, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    expect((await refusal()).message).to.contain("is a socket");
    await new Promise((resolve) => server.close(resolve));
    await symlink("..", join(tree, "out"));
    await mkdir(join(tree, "sub"));
    await symlink("../out/etc", join(tree, "sub", "through"));
    expect((await refusal(["/out"])).message).to.contain(join(tree, "sub", "through"));
  });

  it("keeps dangling and cyclic links, and links up and down inside the tree", async () => {
    await put("sub/file");
    await symlink("missing/x", join(tree, "dangling"));
    await symlink("loop", join(tree, "loop"));
    await symlink("../sub/../sub/file", join(tree, "sub", "around"));
    const links = (await entries()).filter(({ type }) => type === "link");
    expect(links.map(({ path }) => path)).to.deep.equal(["dangling", "loop", "sub/around"]);
  });

  it("refuses a name that is not UTF-8, escaped, and a path too long for a key", async () => {
    const name = Buffer.concat([Buffer.from(`${tree}/bad-`), Buffer.from([0xff])]);
    await writeFile(name, "");
    expect((await refusal()).message).to.contain('"bad-\\xff"');
    await unlink(name);
    await put(Array.from({ length: 5 }, () => "d".repeat(220)).join("/"));
    expect((await refusal()).message).to.contain("is too long");
    const place = { threads: THREADS, name: "n".repeat(255), signal: new AbortController().signal };
    await rm(join(tree, "d".repeat(220)), { recursive: true });
    await put(Array.from({ length: 4 }, () => "d".repeat(200)).join("/"));
    expect((await findDirectory(tree, { threads: THREADS, signal: place.signal })).fileCount).to.be.above(0);
    const error = await findDirectory(tree, place).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(InputError).and.have.property("message").that.contains("is too long");
  });

  it("names a file that vanished or changed after the listing", async () => {
    for (const path of ["changes", "vanishes"]) await put(path);
    const found = await findDirectory(tree, { threads: THREADS, signal });
    for await (const entry of found.entries(signal)) {
      if (entry.type !== "file") continue;
      if (entry.path === "vanishes") await unlink(join(tree, entry.path));
      else await writeFile(join(tree, entry.path), "longer");
      const error: unknown = await entry.open().catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(SourceChangedError);
      expect((error as Error).message).to.contain(join(tree, entry.path));
    }
  });

  it("sorts any tree in S3's order of keys", async () => {
    const name = fc
      .stringMatching(/^[-./a0ü\u{10000}\uffee]{1,4}$/u)
      .filter((text) => !/^\.{1,2}$|\//.test(text));
    const path = fc.array(name, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(path, { maxLength: 12 }), async (files) => {
        await rm(tree, { recursive: true });
        await mkdir(tree);
        const made = new Set<string>();
        for (const parts of files) {
          const file = parts.join("/");
          try {
            await put(file);
            made.add(file);
          } catch (error) {
            // A file of an earlier path is in the place of a folder, or the reverse.
            expect(["EISDIR", "ENOTDIR", "EEXIST"]).to.include((error as NodeJS.ErrnoException).code);
          }
        }
        const sorted = [...made].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        const found = await entries();
        expect(found.filter(({ type }) => type === "file").map(({ path: each }) => each)).to.deep.equal(
          sorted,
        );
        const all = found.map(({ path: each }) => each);
        expect([...all].sort(comparePaths)).to.deep.equal(all);
      }),
      { numRuns: 40 },
    );
  });
});
