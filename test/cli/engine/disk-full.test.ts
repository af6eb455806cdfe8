import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { explainFullDisk } from "../../../cli/engine/disk-full.ts";
import { takeOverDeadLocks } from "../../../cli/engine/lock.ts";

const STACK = "dev.stage-0123456789ab";

describe("A full disk under the state", () => {
  for (const [text, message] of [
    [
      'error: could not create stack: blob (key ".pulumi/locks/x.json") (code=Unknown): write /small disk/.pulumi/locks/x.json.1.tmp: no space left on device',
      "no space is left for the state in '/small disk'",
    ],
    [
      "open /state/.pulumi/stacks/spawn/x.json: disk quota exceeded",
      "no space is left for the state in /state",
    ],
    [
      "rename /state/.pulumi/a /state/.pulumi/b: read-only file system",
      "the state in /state cannot be written",
    ],
  ] as const) {
    it(`is named with its folder: ${text.slice(-40)}`, () => {
      expect(explainFullDisk(`1 error occurred:\n\t* ${text}\n`)).to.have.property("message", message);
    });
  }

  it("is not detected in other failures", () => {
    expect(explainFullDisk("error: no stack named 'dev' found")).to.equal(undefined);
  });

  it("leaves no lock that stops the next command", async () => {
    const folder = await mkdtemp(join(tmpdir(), "spawn locks "));
    const locks = join(folder, ".pulumi/locks/organization/spawn", STACK);
    await mkdir(locks, { recursive: true });
    for (const name of ["a.json.18ec.tmp", "b.json", "b.json.attrs"]) {
      await writeFile(join(locks, name), "");
      await utimes(join(locks, name), 1, 1);
    }
    const env = { PULUMI_BACKEND_URL: pathToFileURL(folder).href };
    await takeOverDeadLocks({ command: "/no/engine", env, project: folder }, STACK);
    expect(await readdir(locks)).to.deep.equal([]);
    await rm(folder, { recursive: true });
  });
});
