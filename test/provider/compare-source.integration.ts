import { chmod, mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { compareSourceFunction } from "../../provider/compare-source.ts";
import type { Properties } from "../../provider/plugin/types.ts";
import { stagedData } from "../../provider/staged-data.ts";
import { heldIn } from "../../staging/ownership/held.ts";
import { STAGED_DATA } from "../../staging/resources/tokens.ts";
import { bucketOf, CloudFixture, PRIMARY, stagedInputs, TestContext } from "./cloud-fixture.ts";

/** Later than every upload of a test. */
const LATER = new Date(Date.UTC(2099, 0));

describe("A source, compared with the data that were staged from it", () => {
  const fixture = CloudFixture.forSuite();
  const key = (name: string) => ({ Bucket: bucketOf(PRIMARY), Key: `sources/${name}` });
  const put = (name: string, Body: string) =>
    fixture.s3.of(PRIMARY).send(new PutObjectCommand({ ...key(name), Body }));

  /** Stages a source. @returns a comparison with its state */
  async function staged(source: string, changes: { name?: string; exclude?: string[] } = {}) {
    const inputs = stagedInputs(source, { replicateTo: [], ...changes });
    const { outputs } = await stagedData(fixture.dependencies()).create(inputs, new TestContext());
    return (without: readonly string[] = [], facts: Properties = {}, more: Properties = {}) => {
      const properties = Object.fromEntries(
        Object.entries({ ...outputs, ...facts }).filter(([name]) => !without.includes(name)),
      );
      const { entries = [] } = heldIn([{ urn: "urn", type: STAGED_DATA, properties }], "local");
      const [{ staged: version } = {}] = entries;
      const request = {
        source,
        exclude: changes.exclude ?? [],
        staged: version ? [{ ...version }] : [],
        ...more,
      };
      return compareSourceFunction(request, fixture.dependencies(), new TestContext());
    };
  }
  const OLD = ["sourceVersion"];
  const stateOf = async (comparison: Promise<Properties>) => (await comparison)["state"];

  it("is the same file without a read while size and time are the same", async () => {
    const { path } = await fixture.file("same.bin", 1_000);
    const compare = await staged(path, { name: "other.bin" });
    // A SHA-256 of other content shows that the file is not read.
    expect(await stateOf(compare([], { sha256: "00".repeat(32) }))).to.equal("same");
  });

  it("is the same file by its SHA-256 if only its time differs", async () => {
    const { path } = await fixture.file("touched.bin", 1_000);
    const compare = await staged(path);
    await utimes(path, LATER, LATER);
    expect(await stateOf(compare())).to.equal("same");
    expect(await stateOf(compare([], { sha256: "00".repeat(32) }))).to.equal("changed");
  });

  it("is a changed file with the SHA-256 of its new content, of the same size", async () => {
    const { path } = await fixture.file("changed.bin", 1_000);
    const compare = await staged(path);
    const { sha256 } = await fixture.file("changed.bin", 1_000);
    for (const without of [[], OLD])
      expect(await compare(without)).to.deep.equal({ state: "changed", content: sha256, sha256 });
  });

  it("is compared by size and change time in a state of version 0.1.0", async () => {
    const { path } = await fixture.file("old.bin", 1_000);
    const compare = await staged(path);
    const facts = { sha256: "00".repeat(32), uploadedAt: LATER.toISOString() };
    expect(await stateOf(compare(OLD, facts))).to.equal("same");
    expect(await stateOf(compare(OLD, { ...facts, sizeBytes: 999 }))).to.equal("changed");
    expect(await stateOf(compare(OLD, { ...facts, uploadedAt: "2020-01-01T00:00:00Z" }))).to.equal("changed");
  });

  it("is unreadable when it is gone, or a directory is empty because it is not mounted", async () => {
    const folder = join(fixture.folder, "unmounted");
    await mkdir(folder);
    await writeFile(join(folder, "a"), "a");
    const compare = await staged(folder);
    await rm(join(folder, "a"));
    expect(await compare()).to.deep.equal({
      state: "unreadable",
      why: `${folder} is empty now: it may not be mounted`,
    });
    await rm(folder, { recursive: true });
    expect(await compare()).to.deep.equal({ state: "unreadable", why: `no such file: ${folder}` });
  });

  it("is a directory that changes with each of its files, except excluded ones", async () => {
    const folder = join(fixture.folder, "tree");
    await mkdir(join(folder, "sub"), { recursive: true });
    for (const path of ["a", "sub/b", "c.tmp"]) await writeFile(join(folder, path), path);
    const compare = await staged(folder, { exclude: ["*.tmp"] });
    await writeFile(join(folder, "c.tmp"), "excluded");
    expect(await stateOf(compare([], { sha256: "00".repeat(32) }))).to.equal("same");
    await utimes(join(folder, "a"), LATER, LATER);
    expect(await stateOf(compare())).to.equal("same");
    await writeFile(join(folder, "sub/b"), "other");
    const { state, content } = await compare();
    expect({ state, isHash: /^[0-9a-f]{64}$/.test(String(content)) }).to.deep.equal({
      state: "changed",
      isHash: true,
    });
  });

  it("is the same directory in a checkout under another umask, but not with another executable bit", async () => {
    const folder = join(fixture.folder, "checkout");
    await mkdir(join(folder, "empty"), { recursive: true });
    for (const path of ["a", "run"]) await writeFile(join(folder, path), path);
    const checkOut = async (umask: number) => {
      for (const path of ["empty", "run"]) await chmod(join(folder, path), 0o777 & ~umask);
      await chmod(join(folder, "a"), 0o666 & ~umask);
    };
    await checkOut(0o002);
    const compare = await staged(folder);
    const { sha256: pinned } = await compare([], {}, { staged: [] });
    const ids = new Set<unknown>();
    for (const umask of [0o022, 0o000, 0o077, 0o027, 0o007]) {
      await checkOut(umask);
      const same = await compare([], {}, { pinned: pinned ?? "" });
      expect(same, umask.toString(8)).to.include({ state: "same", isPinned: true });
      // An upload from here has this SHA-256.
      expect(same["sha256"]).to.not.equal(pinned);
      ids.add((await compare([], {}, { staged: [] }))["content"]);
    }
    expect([...ids]).to.have.lengthOf(1);
    await writeFile(join(folder, "a"), "other");
    expect(await compare([], {}, { pinned: pinned ?? "" })).to.include({ state: "changed", isPinned: false });
    await writeFile(join(folder, "a"), "a");
    expect(await stateOf(compare())).to.equal("same");
    await chmod(join(folder, "a"), 0o755);
    expect(await stateOf(compare())).to.equal("changed");
  });

  it("is an object or a prefix on S3 that changes with an ETag", async () => {
    for (const name of ["object", "prefix/"]) {
      const objects = name.endsWith("/") ? [`${name}a`, `${name}b`] : [name];
      for (const object of objects) await put(object, "content");
      const compare = await staged(`s3://${key(name).Bucket}/${key(name).Key}`);
      expect(await stateOf(compare()), name).to.equal("same");
      await put(objects.at(-1) ?? "", "changed");
      expect(await compare(), name)
        .to.have.keys("state", "content")
        .and.include({ state: "changed" });
    }
  });
});
