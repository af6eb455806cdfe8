import { expect } from "chai";
import { succeed } from "./support/process.ts";
import { RECORDS, randomFile, sharedWorld, type World } from "./support/world.ts";

const ID = /stage-[0-9a-f]{12}/;

describe("An unwritable output", () => {
  let world: World;
  before(async () => {
    world = await sharedWorld();
  });
  /** With explicit exit codes: the world's `bash` exits at the first failure. */
  const shell = (script: string) => world.bash(`set +e\n${script}\nexit $?`);

  it("fails an upload, whose ID is on stderr; the same upload command then returns that ID", async () => {
    await world.writeFile("lost.dat", randomFile(5_000));
    const lost = await shell("spawn stage upload lost.dat --json > /dev/full");
    expect(lost.code, lost.stderr).to.equal(1);
    const [id = "none"] = ID.exec(lost.stderr) ?? [];
    expect(await (await world.aws()).item(RECORDS, id)).to.include({ staging_id: id });
    // Nothing is missing, so it is no interrupted upload.
    const { stdout: incomplete } = await succeed(world.spawn("stage", "list", "--incomplete", "--json"));
    expect(incomplete).to.not.contain(id);
    const again = await succeed(world.spawn("stage", "upload", "lost.dat"));
    expect(again.stdout).to.equal(`${id}\n`);
    expect(again.stderr).to.contain(`${id} is complete`).and.not.contain("Resuming");
  });

  it("fails an upload whose reader has exited, with its ID on stderr", async () => {
    await world.writeFile("gone.dat", randomFile(5_000));
    const gone = await shell("set -o pipefail; spawn stage upload gone.dat --json | true");
    expect(gone.code, gone.stderr).to.equal(1);
    const [id = "none"] = ID.exec(gone.stderr) ?? [];
    await succeed(world.spawn("stage", "delete", id, "--yes"));
    await world.writeFile("closed.dat", randomFile(5_000));
    const closed = await shell("spawn stage upload closed.dat --json >&-");
    expect(closed.code, closed.stderr).to.equal(0);
    expect(closed.stderr).to.match(/^The data are staged as stage-[0-9a-f]{12}\.\n$/);
  });

  for (const command of [
    "stage list",
    "stage list --json",
    "stage list --format json",
    "stage list --format yaml",
    "stage list --format csv",
    "stage cost",
    "stage cost --format html",
    "stage cost --output /dev/full",
    "stage estimate lost.dat",
    "environment status",
    "config get staging.ttl",
    "env",
  ]) {
    it(`fails "spawn ${command}"`, async () => {
      const { code, stderr } = await shell(`spawn ${command} > /dev/full`);
      expect(code, stderr).to.equal(1);
      expect(stderr).to.match(/could not be written\nWhy: ENOSPC/);
    });
  }
});
