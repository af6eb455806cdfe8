import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect } from "chai";
import { repairState } from "../../../cli/engine/repair.ts";
import { listStacks } from "../../../cli/engine/stacks.ts";
import { readState, readStateOrBackup } from "../../../cli/engine/state.ts";
import { temporaryFolder } from "../../support/folder.ts";

const STACK = "dev.stage-0123456789ab";
const resource = (urn: string) => ({ urn, type: "staging:index:StagedData" });
const checkpoint = (...urns: string[]) =>
  JSON.stringify({ version: 3, checkpoint: { stack: STACK, latest: { resources: urns.map(resource) } } });

describe("A stack's state in a folder", () => {
  const folder = temporaryFolder("spawn state ");
  let stacks: string;
  beforeEach(async () => {
    stacks = join(folder(), ".pulumi/stacks/spawn");
    await mkdir(stacks, { recursive: true });
    await writeFile(join(folder(), ".pulumi/meta.yaml"), "version: 1\n");
  });

  /** An engine that cannot be started: no test here needs it. */
  const settings = () => ({
    command: "/no/engine",
    env: { PULUMI_BACKEND_URL: pathToFileURL(folder()).href },
    project: folder(),
  });
  const file = (name: string) => join(stacks, name);
  const urns = async () => (await readState(settings(), STACK)).resources.map(({ urn }) => urn);

  for (const [ending, bytes] of [
    [".json", Buffer.from(checkpoint("a"))],
    [".json.gz", gzipSync(checkpoint("a"))],
    [".json.zst", zstdCompressSync(checkpoint("a"))],
  ] as const) {
    it(`is read without an engine (${ending})`, async () => {
      await writeFile(file(`${STACK}${ending}`), bytes);
      await writeFile(file(`${STACK}${ending}.bak`), "");
      expect(await urns()).to.deep.equal(["a"]);
      expect(await listStacks(settings())).to.deep.equal([STACK]);
    });
  }

  it("is absent without a file, and empty for a stack without an update", async () => {
    expect(await readState(settings(), STACK)).to.include({ exists: false });
    await writeFile(file(`${STACK}.json`), JSON.stringify({ version: 3, checkpoint: { stack: STACK } }));
    expect(await readState(settings(), STACK)).to.deep.equal({ exists: true, resources: [], pending: [] });
  });

  for (const [what, text] of [
    ["0 bytes", ""],
    ["zeros", "\0\0\0\0"],
    ["half of it", checkpoint("a").slice(0, 40)],
    ["another document", "[]"],
    ["no checkpoint", "{}"],
    ["no deployment", JSON.stringify({ checkpoint: { latest: 5 } })],
  ] as const) {
    it(`is restored from the newest readable backup (${what})`, async () => {
      const backups = join(folder(), ".pulumi/backups/spawn", STACK);
      await mkdir(backups, { recursive: true });
      await writeFile(file(`${STACK}.json`), text);
      for (const [at, name, content] of [
        [3, file(`${STACK}.json.bak`), "{"],
        [2, join(backups, `${STACK}.2.json`), checkpoint("newer")],
        [1, join(backups, `${STACK}.1.json`), checkpoint("older")],
      ] as const) {
        await writeFile(name, content);
        await utimes(name, at, at);
      }
      expect(await readState(settings(), STACK)).to.have.nested.property(
        "damaged.file",
        file(`${STACK}.json`),
      );
      expect((await readStateOrBackup(settings(), STACK)).resources).to.deep.equal([resource("newer")]);
      expect(await readFile(file(`${STACK}.json`), "utf8")).to.equal(text);
      const notes: string[] = [];
      const onNote = (message: string) => notes.push(message);
      expect(await repairState(settings(), STACK, { whenLost: "refuse", onNote })).to.equal("restored");
      expect(await urns()).to.deep.equal(["newer"]);
      expect(notes.join())
        .to.contain(file(`${STACK}.json`))
        .and.to.contain(`${STACK}.2.json`);
    });
  }

  for (const [what, text, left] of [
    ["0 bytes", "", false],
    ["half of them", '{"user.cache', false],
    ["all of them", '{"user.cache_control":""}', true],
  ] as const) {
    it(`loses the attributes beside it only if an engine was killed while it wrote them (${what})`, async () => {
      await writeFile(file(`${STACK}.json`), checkpoint("a"));
      await writeFile(file(`${STACK}.json.attrs`), text);
      expect(await repairState(settings(), STACK, { whenLost: "refuse" })).to.equal("whole");
      expect(await readdir(stacks)).to.deep.equal([
        `${STACK}.json`,
        ...(left ? [`${STACK}.json.attrs`] : []),
      ]);
      expect(await urns()).to.deep.equal(["a"]);
    });
  }

  it("is moved aside or refused if there is no backup, with the file's name", async () => {
    await writeFile(file(`${STACK}.json`), "");
    const refused = await repairState(settings(), STACK, { whenLost: "refuse" }).catch(
      (error: Error) => error,
    );
    expect(refused).to.have.property("message", `the state of ${STACK} is damaged: ${file(`${STACK}.json`)}`);
    expect(await listStacks(settings())).to.deep.equal([STACK]);
    expect(await repairState(settings(), STACK, { whenLost: "set aside" })).to.equal("lost");
    expect(await readdir(stacks)).to.deep.equal([`${STACK}.json.damaged`]);
    expect(await listStacks(settings())).to.deep.equal([]);
    expect(await repairState(settings(), STACK, { whenLost: "refuse" })).to.equal("whole");
  });
});
