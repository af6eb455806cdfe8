import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { Context } from "../../../../../cli/context.ts";
import { settingsFile } from "../../../../../cli/engine/entry-project.ts";
import {
  importShared,
  shareUpload,
  unshareUpload,
} from "../../../../../cli/services/entry/upload/shared-uploads.ts";
import {
  beginUpload,
  readUnfinished,
  unfinishedStacks,
} from "../../../../../cli/services/entry/upload/unfinished.ts";
import { spawnPaths, stateUrlOf } from "../../../../../local/paths.ts";
import { parseStackName } from "../../../../../staging/stack-name.ts";

const STACK = parseStackName("dev.stage-0123456789ab");

describe("an upload of machines with one backend", () => {
  let folder: string;
  let backend: string;
  let saved: NodeJS.ProcessEnv;

  beforeEach(async () => {
    saved = { ...process.env };
    folder = await mkdtemp(join(tmpdir(), "spawn shared "));
    backend = join(folder, "state");
    process.env["PULUMI_BACKEND_URL"] = pathToFileURL(backend).href;
    await mkdir(join(backend, ".pulumi/stacks/spawn"), { recursive: true });
    await writeFile(join(backend, ".pulumi/meta.yaml"), "version: 1\n");
  });

  afterEach(async () => {
    process.env = saved;
    await rm(folder, { recursive: true });
  });

  /** Later commands run on that machine. */
  const on = (machine: string) => {
    process.env["SPAWN_HOME"] = join(folder, machine);
  };
  const project = (url = process.env["PULUMI_BACKEND_URL"] ?? "") => ({
    command: "no engine",
    env: { PULUMI_BACKEND_URL: url },
    project: spawnPaths().stacks,
  });
  const look = () => importShared(new Context("dev", { onProgress: () => undefined, done: () => undefined }));
  const stackFile = () => join(backend, `.pulumi/stacks/spawn/${STACK}.json`);

  async function begin(url?: string): Promise<void> {
    await beginUpload(STACK, { sizeBytes: 10, version: { modifiedMs: 1_000_000 } });
    await mkdir(spawnPaths().stacks, { recursive: true });
    await writeFile(settingsFile(spawnPaths().stacks, STACK), "the settings");
    await writeFile(stackFile(), JSON.stringify({ version: 3, checkpoint: {} }));
    await shareUpload(project(url), STACK);
  }

  it("is visible on the other machine, with its settings and its machine", async () => {
    on("a");
    await begin();
    const begun = await readUnfinished(STACK);
    on("b");
    await look();
    const { sharedIn: _url, ...facts } = begun ?? {};
    expect(await readUnfinished(STACK)).to.include({ ...facts, imported: true });
    expect(await readFile(settingsFile(spawnPaths().stacks, STACK), "utf8")).to.equal("the settings");
  });

  it("is forgotten by every machine after a deletion, but not while its stack exists", async () => {
    on("a");
    await begin();
    on("b");
    await look();
    await unshareUpload(project(), STACK);
    for (const machine of ["a", "b"]) {
      on(machine);
      await look();
      expect(await unfinishedStacks("dev"), machine).to.deep.equal([STACK]);
    }
    await rm(stackFile());
    on("a");
    // The journal names this process as the owner.
    await look();
    expect(await unfinishedStacks("dev")).to.deep.equal([]);
    expect(await readdir(spawnPaths().stacks)).to.deep.equal(["unfinished"]);
  });

  it("is not taken over again by its own machine", async () => {
    on("a");
    await begin();
    await look();
    expect(await readUnfinished(STACK)).to.not.have.property("imported");
  });

  it("is not blocked by a damaged copy", async () => {
    on("a");
    await begin();
    await writeFile(join(backend, `.spawn/uploads/${STACK}.json`), "{");
    on("b");
    await look();
    expect(await unfinishedStacks("dev")).to.deep.equal([]);
  });

  it("writes no copy if the state is in the data folder", async () => {
    on("a");
    delete process.env["PULUMI_BACKEND_URL"];
    await begin(stateUrlOf(spawnPaths()));
    expect(await readdir(spawnPaths().data)).to.deep.equal(["stacks"]);
  });
});
