import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { findProcess } from "../../../../../cli/engine/running.ts";
import { changeOf, type MeasuredSource } from "../../../../../cli/services/entry/upload/source-change.ts";
import {
  beginUpload,
  claimUpload,
  endUpload,
  isBeingUploaded,
  readUnfinished,
  type Unfinished,
  unfinishedStacks,
} from "../../../../../cli/services/entry/upload/unfinished.ts";
import { parseStackName } from "../../../../../staging/stack-name.ts";
import { Machine } from "../../machine.ts";

const STACK = parseStackName("dev.stage-0123456789ab");

describe("an unfinished upload", () => {
  const machine = Machine.forEachTest();

  const FILE: MeasuredSource = { sizeBytes: 10, version: { modifiedMs: 1_000_000 } };
  const TREE: MeasuredSource = {
    sizeBytes: 10,
    fileCount: 3,
    version: { fingerprint: "abc", newest: { path: "b/c", modifiedMs: 1_000_000 } },
  };
  const file = () => join(machine.home, "data/stacks/unfinished", `${STACK}.json`);
  const found = async (): Promise<Unfinished> => (await readUnfinished(STACK)) as Unfinished;

  it("is remembered from its start to its end, in its environment", async () => {
    expect(await unfinishedStacks("dev")).to.deep.equal([]);
    await beginUpload(STACK, FILE);
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

  const changes: [string, MeasuredSource, MeasuredSource, string | undefined][] = [
    ["the same file", FILE, FILE, undefined],
    [
      "a file that grew",
      FILE,
      { ...FILE, sizeBytes: 14 },
      "It had 10 bytes (10 B) and has 14 bytes (14 B) now.",
    ],
    [
      "a file that was written to",
      FILE,
      { ...FILE, version: { modifiedMs: 2_000_000 } },
      "It was last changed on 1970-01-01T00:16:40.000Z then, and on 1970-01-01T00:33:20.000Z now.",
    ],
    [
      "a file in whose place a directory is",
      FILE,
      { ...TREE, fileCount: 1 },
      "It was last changed on 1970-01-01T00:16:40.000Z then, and it is no file now.",
    ],
    ["the same directory", TREE, TREE, undefined],
    [
      "a directory with one more file",
      TREE,
      { ...TREE, fileCount: 4, sizeBytes: 12 },
      "It had 3 files with 10 bytes (10 B) and has 4 files with 12 bytes (12 B) now.",
    ],
    [
      "a directory with another file of the same size",
      TREE,
      { ...TREE, version: { fingerprint: "abd", newest: { path: "b/c", modifiedMs: 2_000_000 } } },
      'It has as many files with as many bytes, but not the same ones. The last change is that of "b/c", on 1970-01-01T00:33:20.000Z.',
    ],
    [
      "another version of an object",
      { sizeBytes: 10, version: { fingerprint: '"1"' } },
      { sizeBytes: 10, version: { fingerprint: '"2"' } },
      "It has the same size and is another version.",
    ],
  ];
  const FILE_2: MeasuredSource = { sizeBytes: 10, version: { modifiedMs: 1_000_000, changedMs: 5 } };
  const TREE_2: MeasuredSource = { ...TREE, version: { ...TREE.version, changes: "c1" } };
  changes.push(
    ["the same file with its ctime", FILE_2, FILE_2, undefined],
    ["the same file, begun by an older version", FILE, FILE_2, undefined],
    [
      "a file with restored size and time",
      FILE_2,
      { ...FILE_2, version: { ...FILE_2.version, changedMs: 6 } },
      "It has the same size and time, but its attributes changed, or a program wrote to it and restored the time.",
    ],
    ["the same directory with its ctimes", TREE_2, TREE_2, undefined],
    ["the same directory, begun by an older version", TREE, TREE_2, undefined],
    [
      "a directory with a file of restored size and time",
      TREE_2,
      { ...TREE_2, version: { ...TREE_2.version, changes: "c2" } },
      "Its files have the same sizes and times, but attributes changed, or a program wrote to a file and restored the time.",
    ],
  );
  for (const [what, then, now, told] of changes) {
    it(`with ${what} ${told === undefined ? "is unchanged" : "reports the change"}`, async () => {
      await beginUpload(STACK, then);
      expect(changeOf(await found(), now)).to.equal(told);
    });
  }

  for (const text of ["", "{", "null", "[]", '{"startedAt": 5}']) {
    it(`has an unknown source if its file has ${JSON.stringify(text)}`, async () => {
      await beginUpload(STACK, FILE);
      await writeFile(file(), text);
      expect(await unfinishedStacks("dev")).to.deep.equal([STACK]);
      expect(await found()).to.include({ damaged: true, sizeBytes: 0 });
      expect(changeOf(await found(), FILE)).to.contain("are not known");
      expect(await claimUpload(STACK, "deletion")).to.equal(true);
      await endUpload(STACK);
      expect(await readUnfinished(STACK)).to.equal(undefined);
    });
  }

  it("can be claimed from an ended process, and by its own", async () => {
    await beginUpload(STACK, FILE);
    const text = await readFile(file(), "utf8");
    await writeFile(file(), text.replace(`"pid": ${process.pid}`, '"pid": 99999999'));
    expect(await claimUpload(STACK, "upload")).to.equal(true);
    expect(await found())
      .to.include({ pid: process.pid })
      .and.not.have.property("deleting");
    expect(await claimUpload(STACK, "upload")).to.equal(true);
  });

  it("stays a deletion once a deletion has begun", async () => {
    await beginUpload(STACK, FILE);
    await claimUpload(STACK, "deletion");
    expect(await found()).to.include({ deleting: true });
    await claimUpload(STACK, "upload");
    expect(await found()).to.include({ deleting: true });
  });

  it("cannot be claimed after its deletion", async () => {
    expect(await claimUpload(STACK, "upload")).to.equal(false);
    expect(await readUnfinished(STACK)).to.equal(undefined);
  });

  it("has no owner if its process ID belongs to another program or its machine is another", async () => {
    await beginUpload(STACK, FILE);
    const { started } = (await findProcess(process.ppid)) ?? {};
    const running = { ...(await found()), pid: process.ppid, ...(started === undefined ? {} : { started }) };
    expect(await isBeingUploaded(running)).to.equal(true);
    const parent = { ...running, started: "at another time" };
    expect(await isBeingUploaded(parent)).to.equal(false);
    expect(await isBeingUploaded({ ...parent, host: "elsewhere" })).to.equal(false);
  });
});
