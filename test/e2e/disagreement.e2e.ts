import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import type { Aws } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { bucketOf, RECORDS, REGIONS, randomFile, USAGE, World } from "./support/world.ts";

describe("A state that disagrees with the cloud", () => {
  let world: World;
  let aws: Aws;
  let stateFolder: string;

  before(async () => {
    // The error about all entries of the environment names only twenty, so no other file may have entries in it.
    world = await World.make();
    await succeed(world.spawn("environment", "up"));
    aws = await world.aws();
    stateFolder = join(world.home, "data/state/.pulumi/stacks/spawn");
    await world.writeFile("cells.dat", randomFile(200_000));
  });
  after(() => world?.remove());

  const upload = () => world.upload("cells.dat", "--regions", "us-east-1,us-west-2");
  const full = (id: string) => `organization/spawn/dev.${id}`;
  const stateFile = (id: string) => join(stateFolder, `dev.${id}.json`);
  const urnOf = async (id: string, type: string): Promise<string> => {
    const state = JSON.parse(await readFile(stateFile(id), "utf8")) as {
      checkpoint: { latest: { resources: { urn: string; type: string }[] } };
    };
    return state.checkpoint.latest.resources.find((one) => one.type === type)?.urn ?? "";
  };
  const versionsOf = async (id: string) =>
    (await Promise.all(REGIONS.map((region) => aws.versions(region, bucketOf(region), `${id}/`)))).flat();
  const expectGone = async (id: string) => {
    expect(await versionsOf(id)).to.deep.equal([]);
    expect(await aws.item(RECORDS, id)).to.equal(undefined);
    expect((await aws.item(USAGE, id))?.["closed_at"]).to.match(/^\d{4}-/);
    const traces = await world.traces();
    expect(traces.filter((name) => name.includes(id))).to.deep.equal([]);
  };
  /** The command after `Fix:`. */
  const fixIn = (stderr: string): string => /^Fix: (.*)$/m.exec(stderr)?.[1] ?? "";
  const remove = async (id: string) => {
    const { stderr } = await succeed(world.spawn("stage", "delete", id, "--yes"));
    expect(stderr).to.contain("✅ Staging deleted");
    await expectGone(id);
  };

  it("does not prevent the deletion of an entry by its ID after the stack lost it", async () => {
    const [unstacked, renamed, unrecorded, empty] = [
      await upload(),
      await upload(),
      await upload(),
      await upload(),
    ];
    const record = await urnOf(unrecorded, "aws:dynamodb/tableItem:TableItem");
    const data = await urnOf(empty, "staging:index:StagedData");
    await succeed(
      world.pulumi(
        [
          `pulumi stack rm --force --yes --stack ${full(unstacked)}`,
          `pulumi stack rename dev.renamed --stack ${full(renamed)}`,
          `pulumi state delete '${record}' --target-dependents --yes --stack ${full(unrecorded)}`,
          `pulumi state delete '${data}' --target-dependents --yes --stack ${full(empty)}`,
        ].join("\n"),
      ),
    );
    // Other commands report the problem and a command that works.
    const update = (id: string) => world.spawn("stage", "update", id, "--ttl", "9");
    for (const id of [unstacked, unrecorded]) {
      const { code, stderr } = await update(id);
      expect({ code, fix: fixIn(stderr) }).to.deep.equal({ code: 1, fix: `spawn stage delete ${id} --yes` });
    }
    const moved = await update(renamed);
    expect(moved.stderr).to.contain(
      `the stack dev.${renamed}, which holds ${renamed}, was renamed to dev.renamed`,
    );
    await succeed(world.bash(fixIn(moved.stderr)));
    await succeed(update(renamed));
    await succeed(world.pulumi(`pulumi stack rename dev.renamed --stack ${full(renamed)}`));
    const destroy = await world.spawn("environment", "destroy", "--yes");
    expect(destroy.code).to.equal(2);
    const all = [unstacked, renamed, unrecorded, empty].sort();
    expect(fixIn(destroy.stderr)).to.match(/^spawn stage delete( stage-[0-9a-f]{12})+ --yes$/);
    for (const id of all) expect(fixIn(destroy.stderr)).to.contain(id);

    for (const id of all) await remove(id);
    expect((await world.stacks()).filter((stack) => stack.includes("renamed"))).to.deep.equal([]);
    const info = await world.spawn("stage", "info", unstacked);
    expect(info).to.include({ code: 2 });
    expect(info.stderr).to.contain(`there is no staging entry ${unstacked} in environment dev`);
  });

  it("does not hide data that no record, stack or journal lists: spawn finds, names and deletes them", async () => {
    const id = await upload();
    await rm(stateFile(id));
    await rm(join(world.home, `data/stacks/Pulumi.dev.${id}.yaml`));
    const key = { staging_id: { S: id } };
    await aws.dynamo("us-east-1").send(new DeleteItemCommand({ TableName: RECORDS, Key: key }));
    for (const command of ["info", "resume"]) {
      const { code, stderr } = await world.spawn("stage", command, id);
      expect(stderr).to.contain(`${id} has no record and no stack`);
      expect({ code, fix: fixIn(stderr) }).to.deep.equal({ code: 2, fix: `spawn stage delete ${id} --yes` });
    }
    // An old version or an unreadable record is enough.
    const broken = { staging_id: { S: id }, record: { S: "staging" } };
    await aws.dynamo("us-east-1").send(new PutItemCommand({ TableName: RECORDS, Item: broken }));
    await remove(id);
  });

  it("does not delete anything while a resource is protected, and the error names a working command", async () => {
    const id = await upload();
    const urn = await urnOf(id, "staging:index:StagedData");
    await succeed(world.pulumi(`pulumi state protect '${urn}' --yes --stack ${full(id)}`));
    const before = await versionsOf(id);
    const refused = await world.spawn("stage", "delete", id, "--yes");
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.contain(
      `${id} is protected and was not deleted: staging:index:StagedData ${id}-data`,
    );
    expect(await versionsOf(id)).to.deep.equal(before);
    expect(await aws.item(RECORDS, id)).to.include({ staging_id: id });
    expect(await aws.item(USAGE, id)).to.not.have.property("closed_at");
    await succeed(world.spawn("stage", "info", id));
    await succeed(world.bash(fixIn(refused.stderr)));
    await expectGone(id);
  });

  it("is restored from the engine's backup if the file is damaged, and blocks no other stack", async () => {
    const [cut, lost, other] = [await upload(), await upload(), await upload()];
    await truncate(stateFile(cut), 0);
    await writeFile(stateFile(lost), "\0\0\0");
    await rm(`${stateFile(lost)}.bak`);
    await rm(join(stateFolder, "../../backups/spawn", `dev.${lost}`), { recursive: true });
    await succeed(world.spawn("stage", "cleanup", "--orphans", "--dry-run"));
    await remove(other);
    const destroy = await world.spawn("environment", "destroy", "--yes");
    expect(fixIn(destroy.stderr)).to.contain(cut).and.to.contain(lost);
    const updated = await succeed(world.spawn("stage", "update", cut, "--ttl", "9"));
    expect(updated.stderr).to.contain(`The state file ${stateFile(cut)} is damaged. It is empty`);
    await truncate(stateFile(cut), 0);
    await remove(cut);
    await remove(lost);
    expect((await readdir(stateFolder)).filter((name) => name.endsWith(".damaged"))).to.deep.equal([]);
  });

  it("never destroys another entry's stack", async () => {
    const [first, second] = [await upload(), await upload()];
    await succeed(
      world.pulumi(
        `pulumi stack rm --force --yes --stack ${full(second)}\npulumi stack rename dev.${second} --stack ${full(first)}`,
      ),
    );
    const refused = await world.spawn("stage", "delete", second, "--yes");
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.contain(`the stack dev.${second} does not hold ${second} but ${first}`);
    expect(await versionsOf(first)).to.have.length(4);
    await succeed(world.bash(fixIn(refused.stderr)));
    await expectGone(first);
    await expectGone(second);
  });
});
