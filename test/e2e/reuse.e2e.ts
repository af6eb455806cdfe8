import { appendFile, mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { type Ended, succeed } from "./support/process.ts";
import { bucketOf, REGIONS, randomFile, sharedWorld, type World } from "./support/world.ts";

describe("A repeated upload", () => {
  let world: World;
  let path: string;
  let first: string;
  before(async () => {
    world = await sharedWorld();
    path = await world.writeFile("twice.dat", randomFile(40_000));
    first = await world.upload("twice.dat", "--ttl", "30");
  });
  const upload = (...args: string[]): Promise<Ended> =>
    succeed(world.spawn("stage", "upload", "twice.dat", ...args));

  it("reuses the entry if everything matches, and creates nothing", async () => {
    const { stdout, stderr } = await upload("--ttl", "30", "--reuse");
    expect(stdout).to.equal(`${first}\n`);
    expect(stderr).to.contain(`${first} has the same data`);
    const json = JSON.parse((await upload("--reuse", "--json")).stdout);
    expect(json.result).to.include({ staging_id: first, reused: true });
    expect(json.warnings).to.deep.equal([]);
    const list = JSON.parse((await succeed(world.spawn("stage", "list", "--json"))).stdout);
    expect(
      (list.result as { filename: string }[]).filter(({ filename }) => filename === "twice.dat"),
    ).to.have.length(1);
  });

  it("reuses the entry on another machine, which has no record of the first upload", async () => {
    const script = `mv "$SPAWN_HOME/data/stacks/uploaded" ../hidden
spawn stage upload twice.dat --reuse
rm -r "$SPAWN_HOME/data/stacks/uploaded"
mv ../hidden "$SPAWN_HOME/data/stacks/uploaded"`;
    expect((await succeed(world.bash(script))).stdout).to.equal(`${first}\n`);
  });

  it("notes the ID and expiry of the first entry, and creates another one", async () => {
    const { stdout, stderr } = await upload();
    expect(stdout.trim())
      .to.match(/^stage-/)
      .and.not.equal(first);
    expect(stderr).to.match(
      new RegExp(`The same source is staged already as ${first}, until \\d{4}-.*; --reuse takes that one`),
    );
    await succeed(world.spawn("stage", "delete", stdout.trim(), "--yes"));
  });

  it("creates a new entry if an option differs, and says why", async () => {
    const { stdout, stderr } = await upload("--reuse", "--dest", "/opt/elsewhere");
    expect(stderr).to.match(/No entry can be reused: .* its destination is .*\. Uploading the data\./);
    expect(stdout.trim()).to.not.equal(first);
    await succeed(world.spawn("stage", "delete", stdout.trim(), "--yes"));
  });

  it("creates a new entry if the content differs under the same name, size and time", async () => {
    await writeFile(path, randomFile(40_000));
    const time = new Date("2026-01-01");
    await utimes(path, time, time);
    const other = (await upload("--reuse")).stdout.trim();
    expect(other).to.not.equal(first);
    await writeFile(path, randomFile(40_000));
    await utimes(path, time, time);
    const third = await upload("--reuse");
    expect(third.stderr).to.contain("no entry has the same SHA-256");
    expect(third.stdout.trim()).to.not.be.oneOf([first, other]);
    first = third.stdout.trim();
  });

  it("creates a new entry if a copy is gone", async () => {
    const aws = await world.aws();
    const Key = `${first}/twice.dat`;
    await aws.s3(REGIONS[1]).send(new DeleteObjectCommand({ Bucket: bucketOf(REGIONS[1]), Key }));
    const { stdout, stderr } = await upload("--reuse");
    expect(stdout.trim()).to.not.equal(first);
    expect(stderr).to.contain(`in ${REGIONS[1]} its data are missing`);
  });

  it("reuses a directory by its manifest, but not after a change", async () => {
    const folder = join(world.folder, "tree");
    await mkdir(join(folder, "sub"), { recursive: true });
    for (let at = 0; at < 20; at += 1) await writeFile(join(folder, `sub/${at}.dat`), randomFile(at * 100));
    const stage = async (...args: string[]) =>
      (await succeed(world.spawn("stage", "upload", "tree", "--reuse", ...args))).stdout.trim();
    const id = await stage();
    expect(await stage()).to.equal(id);
    await appendFile(join(folder, "sub/3.dat"), "x");
    expect(await stage()).to.not.equal(id);
  });
});
