import { appendFile, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  beginUpload,
  changeOf,
  claimUpload,
  endUpload,
  isBeingUploaded,
  readUnfinished,
  type Unfinished,
  unfinishedStacks,
} from "../../../cli/services/unfinished.ts";

const STACK = "dev.stage-0123456789ab";

describe("an unfinished upload", () => {
  let home: string;
  let source: string;
  let before: string | undefined;
  beforeEach(async () => {
    before = process.env["SPAWN_HOME"];
    home = await mkdtemp(join(tmpdir(), "spawn unfinished "));
    process.env["SPAWN_HOME"] = home;
    source = join(home, "file");
    await writeFile(source, "0123456789");
    await utimes(source, 1_000, 1_000);
  });
  afterEach(async () => {
    if (before === undefined) delete process.env["SPAWN_HOME"];
    else process.env["SPAWN_HOME"] = before;
    await rm(home, { recursive: true });
  });

  const begin = () => beginUpload(STACK, source, { sizeBytes: 10 });
  const found = async (): Promise<Unfinished> => (await readUnfinished(STACK)) as Unfinished;

  it("is remembered from its start to its end, in its environment", async () => {
    expect(await unfinishedStacks("dev")).to.deep.equal([]);
    await begin();
    expect(await unfinishedStacks("dev")).to.deep.equal([STACK]);
    expect(await unfinishedStacks("prod")).to.deep.equal([]);
    expect(await found()).to.include({
      sizeBytes: 10,
      fileCount: 1,
      modifiedMs: 1_000_000,
      pid: process.pid,
    });
    await endUpload(STACK);
    expect(await unfinishedStacks("dev")).to.deep.equal([]);
    expect(await readUnfinished(STACK)).to.equal(undefined);
  });

  it("of the same source has not changed", async () => {
    await begin();
    expect(await changeOf(await found(), source)).to.equal(undefined);
  });

  it("tells the sizes of a source that grew", async () => {
    await begin();
    await appendFile(source, "more");
    expect(await changeOf(await found(), source)).to.equal("It had 10 bytes (10 B) and has 14 (14 B) now.");
  });

  it("tells the times of a source that was written to", async () => {
    await begin();
    await utimes(source, 2_000, 2_000);
    expect(await changeOf(await found(), source)).to.equal(
      "It was last changed on 1970-01-01T00:16:40.000Z then, and on 1970-01-01T00:33:20.000Z now.",
    );
  });

  it("has nothing to compare for a directory and for what is in S3", async () => {
    await mkdir(join(home, "folder"));
    for (const place of [join(home, "folder"), "s3://bucket/key"]) {
      await beginUpload(STACK, place, { sizeBytes: 10, fileCount: 3 });
      expect(await found())
        .to.include({ fileCount: 3 })
        .and.not.have.property("modifiedMs");
      expect(await changeOf(await found(), place)).to.equal(undefined);
    }
  });

  it("can be claimed from a process that is gone, and by the one that has it", async () => {
    await begin();
    const file = join(home, "data/stacks/unfinished", `${STACK}.json`);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace(`"pid": ${process.pid}`, '"pid": 99999999'));
    await claimUpload(STACK);
    expect((await found()).pid).to.equal(process.pid);
    await claimUpload(STACK);
  });

  it("is nobody's whose process id was given to another program, or whose machine is another", async () => {
    await begin();
    const parent = { ...(await found()), pid: process.ppid };
    expect(await isBeingUploaded(parent)).to.equal(false);
    expect(await isBeingUploaded({ ...parent, host: "elsewhere" })).to.equal(false);
  });
});
