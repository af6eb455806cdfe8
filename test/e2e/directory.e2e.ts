import { expect } from "chai";
import { parseManifest } from "../../staging/manifest.ts";
import { type Aws, sha256 } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { bucketOf, randomFile, sharedWorld, type World } from "./support/world.ts";

const MIB = 1024 ** 2;
const PRIMARY = "us-east-1";
const SECOND = "us-west-2";

describe("A staged directory", () => {
  const large = randomFile(17 * MIB); // in parts
  let world: World;
  let aws: Aws;
  let id: string;

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await succeed(
      world.bash(
        [
          "mkdir -p 'data set'/a/b 'data set'/.hidden 'data set'/empty",
          "printf one > 'data set'/a/1.txt && chmod 755 'data set'/a/1.txt",
          "printf two > 'data set'/a/b/'two words.txt'",
          "printf x > 'data set'/.hidden/x",
          "printf log > 'data set'/a/left.log",
          "ln -s a/1.txt 'data set'/link",
        ].join(" && "),
      ),
    );
    await world.writeFile("data set/large.bin", large);
    const { stdout } = await succeed(
      world.spawn("stage", "upload", "data set/", "--dest", "/opt/app/data", "--exclude", "*.log"),
    );
    id = stdout.trim();
  });

  it("has every file under its path in every region, and no excluded file", async () => {
    const files: [string, string][] = [
      [".hidden/x", sha256(Buffer.from("x"))],
      ["a/1.txt", sha256(Buffer.from("one"))],
      ["a/b/two words.txt", sha256(Buffer.from("two"))],
      ["large.bin", sha256(large)],
    ];
    for (const region of [PRIMARY, SECOND]) {
      const versions = await aws.versions(region, bucketOf(region), `${id}/`);
      expect(versions.map(({ key }) => key).sort(), region).to.deep.equal(
        [...files.map(([path]) => `${id}/data set/${path}`), `${id}/.spawn-manifest.jsonl`].sort(),
      );
      for (const [path, digest] of files) {
        expect(await aws.sha256(region, bucketOf(region), `${id}/data set/${path}`), path).to.equal(digest);
      }
    }
  });

  it("has modes, links and empty directories in its manifest, whose SHA-256 is the entry's", async () => {
    const bytes = await aws.read(SECOND, bucketOf(SECOND), `${id}/.spawn-manifest.jsonl`);
    const { entries } = await parseManifest([bytes]);
    const found = new Map<string, object>();
    for await (const entry of entries) found.set(entry.path, entry);
    expect([...found.keys()]).to.deep.equal([
      ".hidden/x",
      "a/1.txt",
      "a/b/two words.txt",
      "empty/",
      "large.bin",
      "link",
    ]);
    expect(found.get("a/1.txt")).to.include({ type: "file", mode: "755", size: 3 });
    expect(found.get("empty/")).to.include({ type: "directory" });
    expect(found.get("link")).to.include({ type: "link", target: "a/1.txt" });
    const info = await succeed(world.spawn("stage", "info", id, "--format", "json"));
    expect(JSON.parse(info.stdout)).to.include({
      kind: "directory",
      filename: "data set",
      destination: "/opt/app/data",
      size_bytes: 10 - 3 + large.length,
      file_count: 4,
      sha256: sha256(bytes),
    });
  });

  it("can be staged from S3 without sending its bytes through this machine", async () => {
    const source = `s3://${bucketOf(SECOND)}/${id}/data set/`;
    const { stdout } = await succeed(
      world.spawn("stage", "upload", source, "--regions", PRIMARY, "--no-sha256"),
    );
    const copy = stdout.trim();
    const info = await succeed(world.spawn("stage", "info", copy, "--format", "json"));
    expect(JSON.parse(info.stdout)).to.include({ kind: "directory", file_count: 4, sha256: null });
    const text = await succeed(world.spawn("stage", "info", copy));
    expect(text.stdout).to.contain("\nDirectory: data set/ (4 files)\n");
    expect(text.stdout).to.contain("\nSHA256: not computed (--no-sha256)\n");
    expect(text.stdout).to.contain(`  ${PRIMARY}: s3://${bucketOf(PRIMARY)}/${copy}/data set/\n`);
    expect(text.stdout).to.match(/\nLifecycle Rules:\n {2}us-east-1: spawn-ttl-7 \(removes on 20/);
    const key = `${copy}/data set/large.bin`;
    expect(await aws.sha256(PRIMARY, bucketOf(PRIMARY), key)).to.equal(sha256(large));
    const manifest = await aws.read(PRIMARY, bucketOf(PRIMARY), `${copy}/.spawn-manifest.jsonl`);
    expect(manifest.toString()).to.contain('"etag":').and.not.contain('"sha256":');
    await succeed(world.spawn("stage", "delete", copy, "--yes"));
  });

  it("is staged without files, with a warning", async () => {
    await succeed(world.bash("mkdir 'no files'"));
    const uploaded = await succeed(
      world.spawn("stage", "upload", "no files", "--regions", PRIMARY, "--json"),
    );
    const { result, warnings } = JSON.parse(uploaded.stdout);
    expect(warnings).to.have.lengthOf(1);
    expect(warnings[0]).to.match(/\/no files has no files: the entry will be empty$/);
    expect(result).to.include({ file_count: 0 });
    await succeed(world.spawn("stage", "delete", result.staging_id, "--yes"));
  });

  it("is refused by name if a link leaves it, and nothing is created", async () => {
    await succeed(world.bash("mkdir leaving && ln -s /etc/passwd leaving/out"));
    const before = await world.traces();
    const refused = await world.spawn("stage", "upload", "leaving");
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.match(/^Error: the link .*leaving\/out leaves the directory$/m);
    expect(await world.traces()).to.deep.equal(before);
  });

  it("is deleted with all of its files", async () => {
    await succeed(world.spawn("stage", "delete", id, "--yes"));
    for (const region of [PRIMARY, SECOND]) {
      expect(await aws.versions(region, bucketOf(region), `${id}/`), region).to.deep.equal([]);
    }
  });
});
