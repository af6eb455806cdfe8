import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { createStack } from "../../../cli/engine/new-stack.ts";

const STACK = "dev.stage-0123456789ab";
const LAYOUT = "version: 1\n";

describe("createStack", () => {
  let folder: string;
  let calls: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "spawn stacks "));
    calls = join(folder, "calls");
    await mkdir(join(folder, ".pulumi"));
    await engine("exit 0");
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  /** An engine that records its arguments, and ends as `end` says. */
  async function engine(end: string): Promise<void> {
    await writeFile(join(folder, "engine"), `#!/bin/sh\necho "$@" >> '${calls}'\n${end}\n`);
    await chmod(join(folder, "engine"), 0o755);
  }

  const meta = (text: string) => writeFile(join(folder, ".pulumi/meta.yaml"), text);
  const stacks = () => join(folder, ".pulumi/stacks/spawn");
  const settings = (url = pathToFileURL(folder).href) => ({
    command: join(folder, "engine"),
    env: { ...process.env, PULUMI_BACKEND_URL: url },
    project: folder,
  });
  const called = () => readFile(calls, "utf8").catch(() => "");
  const INIT = `stack init ${STACK} --no-select --non-interactive\n`;

  it("writes the checkpoint of a stack without resources, and starts no engine", async () => {
    await meta(LAYOUT);
    expect(await createStack(settings(), STACK)).to.equal(true);
    expect(await readdir(stacks())).to.deep.equal([`${STACK}.json`]);
    expect(JSON.parse(await readFile(join(stacks(), `${STACK}.json`), "utf8"))).to.deep.equal({
      version: 3,
      checkpoint: { stack: `organization/spawn/${STACK}` },
    });
    expect(await called()).to.equal("");
  });

  for (const extension of ["", ".gz", ".zst"]) {
    it(`keeps an existing stack with .json${extension}`, async () => {
      await meta(LAYOUT);
      await mkdir(stacks(), { recursive: true });
      await writeFile(join(stacks(), `${STACK}.json${extension}`), "state");
      expect(await createStack(settings(), STACK)).to.equal(false);
      expect(await readdir(stacks())).to.deep.equal([`${STACK}.json${extension}`]);
      expect(await readFile(join(stacks(), `${STACK}.json${extension}`), "utf8")).to.equal("state");
      expect(await called()).to.equal("");
    });
  }

  it("creates one stack for concurrent calls", async () => {
    await meta(LAYOUT);
    const made = await Promise.all(Array.from({ length: 8 }, () => createStack(settings(), STACK)));
    expect(made.filter(Boolean)).to.have.length(1);
    expect(await readdir(stacks())).to.deep.equal([`${STACK}.json`]);
    expect(await called()).to.equal("");
  });

  const leftToTheEngine: [string, () => Promise<unknown>, string?][] = [
    ["in a backend that is no folder", () => meta(LAYOUT), "s3://state"],
    ["in a backend that is new, whose layout the engine chooses", async () => {}],
    ["in a layout from before there were projects", () => meta("version: 0\n")],
    ["in a layout of the future", () => meta("version: 2\n")],
    [
      "where it cannot write itself",
      async () => {
        await meta(LAYOUT);
        await writeFile(join(folder, ".pulumi/stacks"), "a file in the folder's place");
      },
    ],
  ];
  for (const [where, arrange, url] of leftToTheEngine) {
    it(`uses the engine ${where}`, async () => {
      await arrange();
      expect(await createStack(settings(url), STACK)).to.equal(true);
      expect(await called()).to.equal(INIT);
    });
  }

  it("accepts the engine's report of an existing stack", async () => {
    await engine("echo \"error: stack 'x' already exists\" >&2; exit 255");
    expect(await createStack(settings(), STACK)).to.equal(false);
  });

  it("reports the engine's error", async () => {
    await engine('echo "error: no space left on device" >&2; exit 255');
    const error = await createStack(settings(), STACK).then(
      () => expect.fail("it was made"),
      (thrown: unknown) => thrown,
    );
    expect(error).to.include({
      message: `the stack ${STACK} could not be created`,
      why: "no space left on device",
    });
  });
});
