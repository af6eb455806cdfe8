import { chmod, mkdir, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { findDirectory } from "../../../../provider/transfer/source/directory.ts";
import { Fingerprint } from "../../../../provider/transfer/source/fingerprint.ts";
import { temporaryFolder } from "../../../support/folder.ts";
import { THREADS } from "../threads.ts";

const signal = new AbortController().signal;
const TIME = new Date("2026-01-02T03:04:05Z");

describe("the fingerprint of a directory", () => {
  const folder = temporaryFolder("spawn fingerprint ");
  beforeEach(async () => {
    await mkdir(join(folder(), "sub/empty"), { recursive: true });
    await put("a", "12");
    await put("sub/b", "34");
    await symlink("a", join(folder(), "link"));
  });

  async function put(path: string, text: string, time = TIME): Promise<void> {
    await writeFile(join(folder(), path), text, { mode: 0o644 });
    await utimes(join(folder(), path), time, time);
  }
  async function find(exclude: string[] = []) {
    const found = new Fingerprint();
    await findDirectory(folder(), {
      threads: THREADS,
      exclude,
      signal,
      onEntry: (entry) => found.add(entry),
    });
    return { fingerprint: found.end(), changes: found.endChanges(), newest: found.newest };
  }

  it("stays the same until something changes", async () => {
    const { fingerprint } = await find();
    expect(fingerprint).to.match(/^[0-9a-f]{64}$/);
    expect((await find()).fingerprint).to.equal(fingerprint);
  });

  it("ignores excluded files", async () => {
    const { fingerprint } = await find(["*.tmp"]);
    await put("x.tmp", "later");
    expect((await find(["*.tmp"])).fingerprint).to.equal(fingerprint);
  });

  it("includes the last changed file", async () => {
    await put("sub/b", "56", new Date("2026-01-03T00:00:00Z"));
    expect((await find()).newest).to.deep.equal({ path: "sub/b", modifiedMs: Date.parse("2026-01-03") });
  });

  it("detects by ctimes that a program wrote to a file and restored its time", async () => {
    const before = await find();
    expect(await find()).to.deep.equal(before);
    await put("a", "21");
    const after = await find();
    expect(after.fingerprint).to.equal(before.fingerprint);
    expect(after.changes).to.not.equal(before.changes);
  });

  const changes: [string, () => Promise<unknown>][] = [
    ["another time of a file", () => put("a", "12", new Date("2026-01-03T00:00:00Z"))],
    ["another size of a file", () => put("a", "123")],
    ["another name of a file", () => rename(join(folder(), "a"), join(folder(), "c"))],
    ["other permissions of a file", () => chmod(join(folder(), "a"), 0o755)],
    ["one file more", () => put("sub/c", "")],
    ["an empty folder more", () => mkdir(join(folder(), "new"))],
    ["another link", () => symlink("sub/b", join(folder(), "link 2"))],
  ];
  for (const [what, change] of changes) {
    it(`differs after ${what}`, async () => {
      const { fingerprint } = await find();
      await change();
      expect((await find()).fingerprint).to.not.equal(fingerprint);
    });
  }
});
