import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { SWEEP_SETTINGS } from "../../stacks/sweep-settings.ts";
import { parseEnvironmentSettings } from "../../staging/environment-values.ts";
import { parseLaunchedSweepId, sweepStackName } from "../../staging/sweep/id.ts";
import type { SweepSpec } from "../../staging/sweep/spec.ts";
import { shares, sweepSpec } from "../staging/sweep/sweep-spec.ts";
import { succeed } from "./support/process.ts";
import { World } from "./support/world.ts";

const ID = parseLaunchedSweepId("sweep-0123456789ab");
const STACK = sweepStackName("dev", ID);

describe("Plain pulumi on a sweep's stack", () => {
  let world: World;

  const writeSettings = async (changes: Partial<SweepSpec> = {}): Promise<void> => {
    const environment = parseEnvironmentSettings("dev", {
      cloud: "local",
      regions: ["us-east-1", "us-west-2", "eu-west-1"],
    });
    const regions = shares({ "us-east-1": 2, "us-west-2": 2 });
    const spec = sweepSpec({ id: ID, regions, datasets: [], ...changes });
    const file = join(world.home, "data/stacks", `Pulumi.${STACK}.yaml`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, SWEEP_SETTINGS.render({ spec, environment }));
  };

  before(async () => {
    world = await World.make();
    await succeed(world.spawn("environment", "up"));
    await writeSettings();
    await succeed(world.pulumi(`pulumi stack init ${STACK}`));
  });
  after(async () => await world?.remove());

  it("previews its resources, whose number does not depend on the number of workers", async () => {
    const previewed = async () => {
      const { stdout } = await succeed(world.pulumi(`pulumi preview -s ${STACK} --json`));
      return (JSON.parse(stdout) as { changeSummary: unknown }).changeSummary;
    };
    // The stack, the provider, the sweep, the role with its policy and profile, four for each region, and the run.
    const expected = { create: 3 + 4 + 2 * 4 + 1 };
    expect(await previewed()).to.deep.equal(expected);
    await writeSettings({ regions: shares({ "us-east-1": 1_000, "us-west-2": 1_000 }) });
    expect(await previewed()).to.deep.equal(expected);
    await writeSettings();
  });

  it("starts the sweep", async () => {
    await succeed(world.pulumi(`pulumi up -s ${STACK} --yes --skip-preview`));
    const { stdout } = await succeed(world.pulumi(`pulumi stack output -s ${STACK} sweep --json`));
    expect(JSON.parse(stdout)).to.include({ id: ID, name: "genomics", count: 4, generation: 0 });
    expect(JSON.parse(stdout)).to.have.deep.property("groups", {
      "us-east-1": `spawn-${ID}`,
      "us-west-2": `spawn-${ID}`,
    });
  });

  it("finds no change afterwards, although the groups have workers", async () => {
    await succeed(world.pulumi(`pulumi preview -s ${STACK} --expect-no-changes`));
    await succeed(world.pulumi(`pulumi up -s ${STACK} --yes --skip-preview --expect-no-changes`));
    await succeed(world.pulumi(`pulumi refresh -s ${STACK} --yes --expect-no-changes`));
  });

  it("destroys the sweep completely", async () => {
    await succeed(world.pulumi(`pulumi destroy -s ${STACK} --yes`));
    const { stdout } = await succeed(world.pulumi(`pulumi stack export -s ${STACK}`));
    const { resources = [] } = (JSON.parse(stdout) as { deployment: { resources?: { type: string }[] } })
      .deployment;
    expect(resources.map(({ type }) => type)).to.deep.equal([]);
    await succeed(world.pulumi(`pulumi stack rm ${STACK} --yes`));
  });
});
