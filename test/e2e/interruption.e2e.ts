import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { Aws } from "./support/aws.ts";
import { pidsOf } from "./support/interrupting.ts";
import { type Ended, Running, succeed } from "./support/process.ts";
import { leftRunning } from "./support/processes.ts";
import { bucketOf, RECORDS, REGIONS, sharedWorld, type World } from "./support/world.ts";

/** Takes no room on the disk, and seconds to upload. */
const FILE = "sparse.img";
const BYTES = 640 * 1024 ** 2;

describe("An upload that is broken off", function () {
  this.timeout(120_000);
  let world: World;
  let aws: Aws;

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await truncate(await world.writeFile(FILE, Buffer.alloc(0)), BYTES);
  });

  const UPLOAD = ["stage", "upload", FILE, "--regions", REGIONS.join(",")];

  /** Waits until parts of it are under way, and gives its id. */
  async function inTheMiddle(upload: Running): Promise<string> {
    while (!upload.hasEnded) {
      const [open] = await aws.openUploads("us-east-1", bucketOf("us-east-1"));
      const id = open?.Key?.split("/")[0];
      if (id !== undefined) return id;
      await sleep(20);
    }
    throw new Error(`it ended before it could be broken off: ${JSON.stringify(await upload.ended)}`);
  }

  /** The entry has no record, nothing of it runs, the error says how to remove it, and that removes all of it. */
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
    it(`by ${signal} to the process alone ends with 130 and can be removed`, async () => {
      const upload = world.start(...UPLOAD);
      const id = await inTheMiddle(upload);
      upload.kill(signal);
      const ended = await upload.ended;
      expect(ended.code, ended.stderr).to.equal(130);
      expect(ended.stderr).to.match(/^Error: interrupted$/m);
      await expectRemovable(id, ended);
    });
  }

  it("not by SIGHUP if SIGHUP was ignored at its start: neither its engine nor its plugins end", async () => {
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
  it("by impatient Ctrl-C at a terminal ends with 130 and can be removed", async () => {
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

  it("by the local cloud's end says so, and can be removed once it runs again", async () => {
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
