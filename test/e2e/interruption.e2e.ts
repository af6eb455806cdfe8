import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { Aws } from "./support/aws.ts";
import { pidsOf } from "./support/interrupting.ts";
import { type Ended, Running, succeed } from "./support/process.ts";
import { leftRunning } from "./support/processes.ts";
import { bucketOf, RECORDS, REGIONS, World } from "./support/world.ts";

/** Sparse: takes no disk space, and seconds to upload. */
const FILE = "sparse.img";
const BYTES = 640 * 1024 ** 2;

describe("An interrupted upload", () => {
  let world: World;
  let aws: Aws;

  before(async () => {
    // The error about all entries of the environment names only twenty, so no other file may have entries in it.
    world = await World.make();
    await succeed(world.spawn("environment", "up"));
    aws = await world.aws();
    await truncate(await world.writeFile(FILE, Buffer.alloc(0)), BYTES);
  });
  after(() => world?.remove());

  const UPLOAD = ["stage", "upload", FILE, "--regions", REGIONS.join(",")];

  /** Waits until some of its parts are in flight, and returns its ID. */
  async function inTheMiddle(upload: Running): Promise<string> {
    while (!upload.hasEnded) {
      const [open] = await aws.openUploads("us-east-1", bucketOf("us-east-1"));
      const id = open?.Key?.split("/")[0];
      if (id !== undefined) return id;
      await sleep(20);
    }
    throw new Error(`it ended before it could be broken off: ${JSON.stringify(await upload.ended)}`);
  }

  /** The entry has no record and no process, the error names the command that removes it, and that command removes everything. */
  async function expectRemovable(id: string, ended: Ended): Promise<void> {
    expect(ended.stdout).to.equal("");
    expect(ended.stderr).to.contain(`The entry ${id} is incomplete and has no record.`);
    const remove = /spawn (stage delete stage-[0-9a-f]{12} --yes)/.exec(ended.stderr)?.[1] ?? "";
    expect(remove).to.equal(`stage delete ${id} --yes`);
    expect(await leftRunning(world.home)).to.deep.equal([]);

    expect((await world.spawn("stage", "info", id)).code).to.equal(2);
    expect(await aws.item(RECORDS, id)).to.equal(undefined);
    const destroy = await world.spawn("environment", "destroy", "--yes");
    expect(destroy.code).to.equal(2);
    expect(destroy.stderr).to.contain(id);

    await succeed(world.spawn(...remove.split(" ")));
    for (const region of REGIONS) {
      expect(await aws.versions(region, bucketOf(region), `${id}/`), region).to.deep.equal([]);
      expect(await aws.openUploads(region, bucketOf(region), `${id}/`), region).to.deep.equal([]);
    }
    expect((await world.traces()).filter((name) => name.includes(id))).to.deep.equal([]);
    expect((await world.spawn("stage", "delete", id, "--yes")).code).to.equal(2);
  }

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(`exits with 130 after ${signal} to its process alone, and can be removed`, async () => {
      const upload = world.start(...UPLOAD);
      const id = await inTheMiddle(upload);
      upload.kill(signal);
      const ended = await upload.ended;
      expect(ended.code, ended.stderr).to.equal(130);
      expect(ended.stderr).to.match(/^Error: interrupted$/m);
      await expectRemovable(id, ended);
    });
  }

  it("continues after SIGHUP if it started with SIGHUP ignored, with its engine and plugins", async () => {
    const { env, folder: cwd, project } = world;
    const upload = new Running(
      "/bin/sh",
      [
        "-c",
        `trap '' HUP; exec "$0" "$@"`,
        join(project, "bin/spawn"),
        "stage",
        "upload",
        FILE,
        "--regions",
        "us-east-1",
      ],
      { env, cwd },
    );
    const id = await inTheMiddle(upload);
    const pids = await Promise.all(
      ["pulumi up", "resource-staging", "provider/main"].map((part) => pidsOf(world, part)),
    );
    for (const pid of [upload.pid, ...pids.flat()]) process.kill(pid, "SIGHUP");
    expect(await succeed(upload.ended)).to.have.property("stdout", `${id}\n`);
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  });

  // At a terminal Ctrl-C goes to the whole process group.
  it("exits with 130 after repeated Ctrl-C at a terminal, and can be removed", async () => {
    const upload = world.startOnTerminal(100, ...UPLOAD);
    const id = await inTheMiddle(upload);
    for (let times = 0; times < 5; times++) {
      upload.type("\u0003");
      await sleep(50);
    }
    const { code, stdout } = await upload.ended;
    expect(code, stdout).to.equal(130);
    await expectRemovable(id, { code, stdout: "", stderr: stdout });
  });

  it("reports the local cloud's end, and can be removed once the cloud runs again", async () => {
    const upload = world.start(...UPLOAD);
    const id = await inTheMiddle(upload);
    await succeed(world.spawn("local", "down"));
    const ended = await upload.ended;
    expect(ended.code, ended.stderr).to.equal(1);
    expect(ended.stderr).to.match(/^Error: upload to us-east-1 .*failed$/m);
    expect(ended.stderr).to.match(/^Why: .*It was stopped, or it is still starting \(ECONNREFUSED\)/m);
    expect(ended.stderr).to.match(/^Fix: spawn local up/m);
    expect(ended.stderr).to.not.match(/\n\s+at |rpc error|urn:pulumi|--verbose/);
    await succeed(world.spawn("local", "up"));
    await expectRemovable(id, ended);
  });
});
