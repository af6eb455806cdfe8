import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { createS3Clients } from "../../provider/store/clients.ts";
import { DataPlane } from "../../provider/transfer/data-plane.ts";
import { download } from "../../provider/transfer/download/download.ts";
import { errorOf } from "../support/failure.ts";
import { type RuleServer, startRuleServer } from "../support/rule-server.ts";
import { type StagedEntry, type StagedFile, stageTree } from "../support/staged.ts";
import { bucketOf, CloudFixture, PRIMARY } from "./cloud-fixture.ts";

const MIB = 1024 * 1024;

describe("The download of an entry", () => {
  let fixture: CloudFixture;
  let rules: RuleServer;
  let folder: string;
  before(async () => {
    fixture = await CloudFixture.start();
    rules = await startRuleServer(fixture.cloud.endpoint);
  });
  after(async () => {
    await rules.stop();
    await fixture.stop();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(fixture.folder, "download "));
    rules.rule = () => undefined;
    rules.seen.length = 0;
  });

  const stage = (...rest: Parameters<typeof stageTree> extends [unknown, unknown, ...infer R] ? R : never) =>
    stageTree(fixture.s3.of(PRIMARY), bucketOf(PRIMARY), ...rest);
  const fetchTo = async (entry: StagedEntry, path: string, force = false, signal?: AbortSignal) => {
    const clients = createS3Clients({ config: { endpoint: rules.endpoint } });
    let bytes = 0;
    try {
      const done = await download(
        {
          expected: entry,
          copy: { region: PRIMARY, bucket: bucketOf(PRIMARY), store: clients.store(PRIMARY) },
          path,
          force,
        },
        {
          ...{ plane: new DataPlane(), signal: signal ?? new AbortController().signal },
          onBytes: (count) => (bytes += count),
          onObject: () => {},
        },
      );
      expect(bytes, "reported bytes").to.equal(done.bytes);
      return done;
    } finally {
      clients.at(PRIMARY).client.destroy();
    }
  };

  const reads = () => rules.seen.filter((line) => line.startsWith("GET") && !line.includes("manifest"));

  it("restores a tree, keeps equal files, and replaces different ones only with --force", async () => {
    const files: StagedFile[] = [
      { path: "-rf", text: "1" },
      { path: "new\nline \\ $(x) 日本", text: "2", mode: "600" },
      { path: "sub/empty", text: "" },
      { path: "sub/run", text: "#!", mode: "755" },
      { path: "unhashed", text: "4", isUnhashed: true },
    ];
    const entry = await stage(files, [
      { type: "link", path: "sub/link", target: "../-rf" },
      { type: "directory", path: "void/", mode: "700" },
    ]);
    const path = join(folder, "a", "b");
    const first = await fetchTo(entry, path);
    expect(first).to.include({ files: 5, downloadedFiles: 5, replacedFiles: 0, unverifiedFiles: 1 });
    for (const { path: name, text, mode = "644" } of files) {
      expect(await readFile(join(path, name), "utf8")).to.equal(text);
      expect(((await lstat(join(path, name))).mode & 0o777).toString(8)).to.equal(mode);
    }
    expect(await readlink(join(path, "sub/link"))).to.equal("../-rf");
    expect((await lstat(join(path, "void"))).mode & 0o777).to.equal(0o700);
    expect(await readdir(path)).to.have.length(5);

    rules.seen.length = 0;
    expect(await fetchTo(entry, path)).to.include({ downloadedFiles: 0 });
    expect(reads()).to.deep.equal([]);

    await writeFile(join(path, "-rf"), "X");
    await rm(join(path, "sub/link"));
    await writeFile(join(path, "sub/link"), "a file of the user");
    await writeFile(join(path, "own"), "another");
    await rm(join(path, "sub/run"));
    const refused = await errorOf(fetchTo(entry, path));
    expect(refused).to.include({ message: "2 existing files differ from the staged data", exitCode: 2 });
    expect(await readdir(join(path, "sub"))).to.have.members(["empty", "link"]);
    expect(await readFile(join(path, "-rf"), "utf8")).to.equal("X");

    expect(await fetchTo(entry, path, true)).to.include({ downloadedFiles: 2, replacedFiles: 1 });
    expect(await readFile(join(path, "-rf"), "utf8")).to.equal("1");
    expect(await readlink(join(path, "sub/link"))).to.equal("../-rf");
    expect(await readFile(join(path, "own"), "utf8")).to.equal("another");
  });

  it("resumes a large file at the byte of the interruption", async () => {
    const text = Array.from({ length: 40 }, (_, at) => String.fromCharCode(97 + (at % 26)).repeat(MIB)).join(
      "",
    );
    const entry = await stage([{ path: "big", text }], [], { kind: "file", filename: "big" });
    const path = join(folder, "big");
    const abort = new AbortController();
    // The second range and all later ones get no response.
    rules.rule = (method) => {
      if (method !== "GET" || reads().length <= 4) return undefined;
      setTimeout(() => abort.abort(new Error("interrupted")), 3_000).unref();
      return "silence";
    };
    expect((await errorOf(fetchTo(entry, path, false, abort.signal))).message).to.equal("interrupted");
    const [part = ""] = (await readdir(folder)).filter((name) => name.endsWith(".part"));
    expect(await readdir(folder)).to.deep.equal([part]);
    const arrived = (await lstat(join(folder, part))).size;
    rules.rule = () => undefined;
    rules.seen.length = 0;
    expect(await fetchTo(entry, path)).to.include({ files: 1, downloadedFiles: 1 });
    expect(await readFile(path, "utf8")).to.equal(text);
    expect(await readdir(folder)).to.deep.equal(["big"]);
    expect(reads().length).to.be.at.most(Math.ceil((40 * MIB - arrived) / (4 * MIB)) + 1);

    // A rest with other bytes is downloaded again.
    await rm(path);
    await writeFile(join(folder, part), "zzzz");
    await fetchTo(entry, path);
    expect(await readFile(path, "utf8")).to.equal(text);
  });

  it("names a mismatch after two downloads, a missing object, and a 403", async () => {
    const entry = await stage([
      { path: "one", text: "1" },
      { path: "two", text: "2" },
    ]);
    const path = join(folder, "data");
    await entry.put("one", "X");
    expect((await errorOf(fetchTo(entry, path))).message).to.equal("SHA256 checksum mismatch");
    expect(reads().filter((line) => line.includes("/one"))).to.have.length(2);
    expect(await readdir(path)).not.to.include("one");

    await entry.remove("one");
    expect((await errorOf(fetchTo(entry, path))).message).to.contain("/one does not exist");

    rules.rule = () => ({ status: 403, code: "AccessDenied" });
    expect((await errorOf(fetchTo(entry, join(folder, "other")))).message).to.equal(
      "download failed: 403 Forbidden",
    );
    expect(await readdir(folder)).to.deep.equal(["data"]);
  });

  it("writes nothing outside of the path, whatever links or the manifest say", async () => {
    const outside = join(folder, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "file"), "mine");
    const path = join(folder, "data");
    await mkdir(path);
    const entry = await stage([{ path: "sub/file", text: "staged" }]);

    await symlink(outside, join(path, "sub"));
    expect((await errorOf(fetchTo(entry, path, true))).message).to.contain("is a symbolic link");
    await rm(join(path, "sub"));
    await mkdir(join(path, "sub"));
    await symlink(join(outside, "file"), join(path, "sub", "file"));
    expect(await errorOf(fetchTo(entry, path))).to.include({ exitCode: 2 });
    await fetchTo(entry, path, true);
    expect((await lstat(join(path, "sub", "file"))).isFile()).to.equal(true);
    expect(await readFile(join(outside, "file"), "utf8")).to.equal("mine");

    for (const links of [
      [{ type: "link", path: "out", target: "../outside" }] as const,
      [
        { type: "link", path: "a/one", target: "../two/.." },
        { type: "link", path: "two", target: "." },
      ] as const,
      [{ type: "link", path: "sub", target: "elsewhere" }] as const,
    ]) {
      const hostile = await stage([{ path: "sub/file", text: "x" }], links);
      const { message } = await errorOf(fetchTo(hostile, join(folder, "hostile")));
      expect(message).to.match(/leaves the directory|data are below it|manifest/);
    }
    expect(await readdir(folder)).to.have.members(["outside", "data"]);
  });

  it("replaces no file that appeared meanwhile", async () => {
    const entry = await stage([{ path: "one", text: "1" }]);
    const path = join(folder, "data");
    await mkdir(path);
    await chmod(path, 0o755);
    rules.rule = (method, url) => {
      if (method === "GET" && url.includes("/one")) void writeFile(join(path, "one"), "theirs");
      return undefined;
    };
    expect((await errorOf(fetchTo(entry, path))).message).to.contain("appeared during the download");
    expect(await readFile(join(path, "one"), "utf8")).to.equal("theirs");
  });
});
