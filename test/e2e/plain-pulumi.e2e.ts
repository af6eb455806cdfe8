import { rm } from "node:fs/promises";
import { expect } from "chai";
import type { Aws } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { filesOf } from "./support/project.ts";
import { bucketOf, RECORDS, REGIONS, randomFile, sharedWorld, USAGE, type World } from "./support/world.ts";

describe("Plain pulumi on stacks of the command line", () => {
  let world: World;
  let aws: Aws;
  let id: string;
  let stack: string;
  let files: Record<string, string>;
  const versions = async () =>
    (await Promise.all(REGIONS.map((region) => aws.versions(region, bucketOf(region), `${id}/`)))).flat();
  const names = async () => Object.keys(await filesOf(world.project)).sort();

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    files = await filesOf(world.project);
    await world.writeFile("weights.pt", randomFile(2_000_000));
    id = await world.upload("weights.pt", "--regions", REGIONS.join(","));
    stack = `dev.${id}`;
    // The entry no longer needs its source.
    await rm(`${world.folder}/weights.pt`);
  });

  it("lists the environment and the entry", async () => {
    expect(await world.stacks()).to.include.members(["dev", stack]);
    expect((await succeed(world.pulumi("pulumi stack ls"))).stdout).to.contain(stack);
  });

  it("previews and updates the environment without a change", async () => {
    await succeed(world.pulumi("pulumi preview -s dev --expect-no-changes"));
    const up = await succeed(world.pulumi("pulumi up -s dev --yes --skip-preview"));
    expect(up.stdout).to.match(/\b\d\d unchanged\b/);
    expect(up.stdout).to.not.match(/\b\d+ (created|updated|deleted|replaced)\b/);
  });

  it("refreshes the environment without a difference", async () => {
    await succeed(world.pulumi("pulumi refresh -s dev --yes --expect-no-changes"));
  });

  it("refreshes, previews and updates the entry without a change", async () => {
    const before = await versions();
    await succeed(world.pulumi(`pulumi refresh -s ${stack} --yes --expect-no-changes`));
    await succeed(world.pulumi(`pulumi preview -s ${stack} --expect-no-changes`));
    await succeed(world.pulumi(`pulumi up -s ${stack} --yes --skip-preview --expect-no-changes`));
    expect(await versions()).to.deep.equal(before);
  });

  it("destroys the entry with all versions, its record and its line in the list", async () => {
    expect(await versions()).to.have.length(6);
    await succeed(world.pulumi(`pulumi destroy -s ${stack} --yes`));
    expect(await versions()).to.deep.equal([]);
    expect(await aws.item(RECORDS, id)).to.equal(undefined);
    expect((await aws.item(USAGE, id))?.["closed_at"]).to.be.a("string");
    const { stdout } = await succeed(world.spawn("stage", "list", "--json"));
    expect(stdout).to.not.contain(id);
    expect((await world.spawn("stage", "info", id)).code).to.equal(2);
  });

  it("leaves the checkout unchanged", async () => {
    expect(await names()).to.deep.equal(Object.keys(files).sort());
    expect(await filesOf(world.project)).to.deep.equal(files);
  });

  it("leaves an empty stack, which delete removes", async () => {
    expect(await world.stacks()).to.include(stack);
    await succeed(world.spawn("stage", "delete", id, "--yes"));
    expect(await world.stacks()).to.not.include(stack);
    expect((await world.traces()).filter((name) => name.includes(id))).to.deep.equal([]);
  });
});
