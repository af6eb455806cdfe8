import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { SourceChangedError, type SourceEntry } from "../../../provider/transfer/source.ts";
import { findDirectory } from "../../../provider/transfer/source-directory.ts";
import { InputError } from "../../../staging/errors.ts";
import { comparePaths } from "../../../staging/manifest.ts";

const { signal } = new AbortController();

describe("findDirectory", () => {
  let folder: string;
  let tree: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "spawn tree "));
    tree = join(folder, "tree");
    await mkdir(tree);
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function put(path: string, content = "x"): Promise<void> {
    await mkdir(join(tree, dirname(path)), { recursive: true });
    await writeFile(join(tree, path), content);
  }

  async function entries(exclude: string[] = []): Promise<SourceEntry[]> {
    const found = await findDirectory(tree, { exclude, signal });
    const all: SourceEntry[] = [];
    for await (const entry of found.entries(signal)) all.push(entry);
    const files = all.filter((entry) => entry.type === "file");
    expect(found.fileCount).to.equal(files.length);
    expect(found.sizeBytes).to.equal(files.reduce((sum, { size }) => sum + size, 0));
    return all;
  }

  const paths = async (exclude?: string[]) => (await entries(exclude)).map(({ path }) => path);

  async function refusal(exclude: string[] = []): Promise<InputError> {
    const error: unknown = await findDirectory(tree, { exclude, signal }).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(InputError);
    return error as InputError;
  }

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

  it("takes a directory without files", async () => {
    expect(await entries()).to.deep.equal([]);
  });

  it("leaves out what the patterns name; a folder whose files are all left out is empty", async () => {
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
    expect(await paths(["src/*", "*.tmp", "[kt]*", "sub", ".*", "build"])).to.deep.equal(["src/"]);
  });

  const kinds: [string, (path: string) => Promise<unknown> | unknown, string][] = [
    ["a pipe", (path) => execFileSync("mkfifo", [path]), "is a pipe"],
    ["a link out of the tree", (path) => symlink("../../etc", path), "leaves the directory"],
    ["an absolute link", (path) => symlink("/etc/passwd", path), "leaves the directory"],
    ["a link out and in again", (path) => symlink("../tree/sub", path), "leaves the directory"],
  ];
  for (const [what, make, message] of kinds) {
    it(`refuses ${what} by its name, unless it is left out`, async () => {
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

  it("keeps links to nothing, in a circle, and up and down inside the tree", async () => {
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
    const place = { name: "n".repeat(255), signal: new AbortController().signal };
    await rm(join(tree, "d".repeat(220)), { recursive: true });
    await put(Array.from({ length: 4 }, () => "d".repeat(200)).join("/"));
    expect((await findDirectory(tree, { signal: place.signal })).fileCount).to.be.above(0);
    const error = await findDirectory(tree, place).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(InputError).and.have.property("message").that.contains("is too long");
  });

  it("names a file that vanished or changed after it was found", async () => {
    for (const path of ["changes", "vanishes"]) await put(path);
    const found = await findDirectory(tree, { signal });
    for await (const entry of found.entries(signal)) {
      if (entry.type !== "file") continue;
      if (entry.path === "vanishes") await unlink(join(tree, entry.path));
      else await writeFile(join(tree, entry.path), "longer");
      const error: unknown = await entry.open().catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(SourceChangedError);
      expect((error as Error).message).to.contain(join(tree, entry.path));
    }
  });

  it("sorts any tree as S3 lists keys", async () => {
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
            // A file of an earlier path is where a folder would have to be, or the reverse.
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
