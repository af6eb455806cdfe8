import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { Aws } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { bucketOf, RECORDS, REGIONS, randomFile, sharedWorld, USAGE, type World } from "./support/world.ts";

describe("Deleting an entry", () => {
  let world: World;
  let aws: Aws;

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await world.writeFile("mesh.dat", randomFile(300_000));
  });

  const everythingOf = async (id: string) =>
    (await Promise.all(REGIONS.map((region) => aws.versions(region, bucketOf(region), `${id}/`)))).flat();

  const expectGone = async (id: string) => {
    expect(await everythingOf(id)).to.deep.equal([]);
    expect(await aws.item(RECORDS, id)).to.equal(undefined);
    const usage = (await aws.item(USAGE, id)) ?? {};
    expect(usage).to.deep.include({ staging_id: id, filename: "mesh.dat", size_bytes: 300_000 });
    expect(usage["closed_at"]).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await world.stacks()).to.not.include(`dev.${id}`);
    expect((await world.traces()).filter((name) => name.includes(id))).to.deep.equal([]);
  };

  it("needs --yes without a terminal, and then deletes everything", async () => {
    const id = await world.upload("mesh.dat", "--regions", REGIONS.join(","));
    const before = await everythingOf(id);
    expect(before).to.have.length(6);

    const refused = await world.spawn("stage", "delete", id);
    expect(refused.code).to.equal(2);
    expect(refused.stdout).to.equal("");
    expect(refused.stderr).to.contain("needs --yes");
    expect(refused.stderr).to.contain(`Fix: spawn stage delete ${id} --yes\n`);
    expect(await everythingOf(id)).to.deep.equal(before);
    expect(await aws.item(RECORDS, id)).to.include({ staging_id: id });

    // A client without support for versions leaves another version and a delete marker: both must go.
    const object = { Bucket: bucketOf("us-west-2"), Key: `${id}/mesh.dat` };
    await aws.s3("us-west-2").send(new PutObjectCommand({ ...object, Body: "by hand" }));
    await aws.s3("us-west-2").send(new DeleteObjectCommand(object));
    expect((await everythingOf(id)).filter(({ deleteMarker }) => deleteMarker)).to.have.length(1);

    const deleted = await world.spawn("stage", "delete", id, "--yes");
    expect({ code: deleted.code, stdout: deleted.stdout }).to.deep.equal({ code: 0, stdout: "" });
    const lines = deleted.stderr.split("\n");
    for (const line of [
      `Deleting staged data: ${id}`,
      "File: mesh.dat",
      "Size: 293.0 KB",
      "Regions: us-east-1, us-west-2, eu-west-1",
      ...REGIONS.map((region) => `Deleting from ${region}... ✓`),
      "Removing metadata... ✓",
      "✅ Staging deleted",
    ]) {
      expect(lines).to.include(line);
    }
    await expectGone(id);

    const again = await world.spawn("stage", "delete", id, "--yes");
    expect(again.code).to.equal(2);
    expect(again.stdout).to.equal("");
    expect(again.stderr).to.contain(`there is no staging entry ${id} in environment dev`);
    const info = await world.spawn("stage", "info", id);
    expect(info.code).to.equal(2);
    expect(info.stderr).to.contain(`there is no staging entry ${id} in environment dev`);
  });

  it("looks up all entries before it deletes any, and reports the result of each", async () => {
    const upload = () => world.upload("mesh.dat", "--regions", "us-east-1");
    const ids = [await upload(), await upload()];
    const [first = "", second = ""] = ids;
    const unknown = await world.spawn("stage", "delete", first, "stage-0123456789ab", second, "--yes");
    expect(unknown).to.include({ code: 2, stdout: "" });
    expect(unknown.stderr).to.contain("there is no staging entry stage-0123456789ab in environment dev");
    expect((await world.spawn("stage", "delete", first, "stage-1", "--yes")).code).to.equal(2);
    for (const id of ids) expect(await aws.item(RECORDS, id)).to.include({ staging_id: id });
    const refused = await world.spawn("stage", "delete", first, second);
    expect(refused.stderr).to.contain(`Fix: spawn stage delete ${first} ${second} --yes\n`);

    const { stderr } = await succeed(world.spawn("stage", "delete", first, second, first, "--yes"));
    for (const id of ids) {
      expect(stderr.split(`Deleting staged data: ${id}\n`)).to.have.length(2);
      expect(stderr).to.contain(`${id}: Deleting from us-east-1... ✓\n`);
      expect(stderr).to.contain(`${id}: Removing metadata... ✓\n`);
      await expectGone(id);
    }
    expect(stderr).to.match(/\n✅ Staging deleted \(2 entries\)\n$/);
  });

  it("continues after one entry fails, and names the failed entry and the next command", async () => {
    const upload = () => world.upload("mesh.dat", "--regions", "us-east-1");
    const [bad, good, other] = [await upload(), await upload(), await upload()];
    // A lock of another machine, which may be running.
    const locks = join(world.home, "data/state/.pulumi/locks/organization/spawn", `dev.${bad}`);
    const lock = join(locks, "0.json");
    await mkdir(locks, { recursive: true });
    await writeFile(lock, JSON.stringify({ pid: 1, username: "ada", hostname: "elsewhere" }));
    const failed = await world.spawn("stage", "delete", bad, good, "--yes");
    expect(failed.code).to.equal(1);
    expect(failed.stderr).to.contain("Error: 1 of 2 entries could not be removed\n");
    expect(failed.stderr).to.contain(`Why: ${bad}: the stack dev.${bad} is locked.`);
    expect(failed.stderr).to.contain(`Fix: spawn stage delete ${bad} --yes\n`);
    await expectGone(good);
    const json = await world.spawn("stage", "delete", bad, other, "--yes", "--json");
    expect(json).to.include({ code: 1, stderr: "" });
    const { status, result } = JSON.parse(json.stdout) as { status: number; result: object[] };
    expect(status).to.equal(1);
    expect(result).to.have.length(2);
    expect(result[0]).to.include({ staging_id: bad, deleted: false });
    expect(result[0]).to.have.nested.property("error.message", `the stack dev.${bad} is locked`);
    expect(result[1]).to.deep.equal({ staging_id: other, deleted: true });
    await rm(lock);
    await succeed(world.spawn("stage", "delete", bad, "--yes"));
    await expectGone(bad);
  });

  it('prompts at a terminal, and only "yes" confirms', async () => {
    const { stdout } = await succeed(uploadAtTerminal(100));
    const id = idIn(stdout);
    const remove = async (answer: string) => {
      const running = world.startOnTerminal(100, "stage", "delete", id);
      await running.wrote("Continue? [y/N]: ");
      running.type(answer);
      return await running.ended;
    };
    const kept = await remove("\r");
    expect(kept.code).to.equal(0);
    expect(kept.stdout).to.contain("Nothing was deleted.");
    expect((await remove("\u0003")).code).to.equal(130);
    expect(await everythingOf(id)).to.have.length(4);

    const deleted = await remove("y\r");
    expect(deleted.code).to.equal(0);
    expect(deleted.stdout).to.contain("⚠️  This will delete data from all regions and cannot be undone.");
    expect(deleted.stdout).to.contain("✅ Staging deleted");
    await expectGone(id);
  });

  it("keeps an upload's progress bars on a terminal of any width", async () => {
    const { stdout } = await succeed(uploadAtTerminal(0));
    expect(stdout).to.not.contain("Infinity");
    // As in the guide, the last lines show how each region got its data.
    const [before = ""] = stdout.split("\r\n\r\n✅ Staging Complete!\r\n");
    const [primary, replica] = before.split("\r\n").slice(-2);
    expect(primary).to.match(/us-east-1 {2}Uploading {2}█{20,40} 100% \|.* [KMG]B\/s \| ETA: 0s$/);
    expect(replica).to.match(/^us-west-2 {2}Copying {4}█{20,40} 100% \|.* [KMG]B\/s \| ETA: 0s$/);
    await succeed(world.spawn("stage", "delete", idIn(stdout), "--yes"));
  });

  const uploadAtTerminal = (columns: number) =>
    world.startOnTerminal(columns, "stage", "upload", "mesh.dat", "--replication", "copy").ended;
  const idIn = (screen: string) => /^Staging ID: (stage-[0-9a-f]{12})\r$/m.exec(screen)?.[1] ?? "";
});
