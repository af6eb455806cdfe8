import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteTableCommand, DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { succeed } from "./support/process.ts";
import { REGIONS, randomFile, World } from "./support/world.ts";

const SWEEPS = "spawn-sweeps-dev";

interface State {
  readonly deployment: {
    resources: { urn: string; dependencies?: string[]; propertyDependencies?: Record<string, string[]> }[];
  };
}

describe("An environment of a version without sweeps", () => {
  let world: World;

  /** Removes the sweeps table from the stack's state, as an older version would have left it. */
  async function forgetSweeps(): Promise<void> {
    const file = join(world.project, "dev.state");
    await succeed(world.pulumi(`pulumi stack export -s dev --file dev.state`));
    const state = JSON.parse(await readFile(file, "utf8")) as State;
    const isTable = (urn: string) => urn.endsWith("::dev-tables-sweeps");
    const { deployment } = state;
    deployment.resources = deployment.resources.filter(({ urn }) => !isTable(urn));
    for (const resource of deployment.resources)
      resource.dependencies = (resource.dependencies ?? []).filter((urn) => !isTable(urn));
    await writeFile(file, JSON.stringify(state));
    await succeed(world.pulumi(`pulumi stack import -s dev --file dev.state`));
  }

  before(async () => {
    world = await World.make();
    await succeed(world.spawn("environment", "up"));
    const dynamo = (await world.aws()).dynamo(REGIONS[0]);
    await dynamo.send(new DeleteTableCommand({ TableName: SWEEPS }));
    await forgetSweeps();
  });
  after(async () => await world?.remove());

  it("stages entries as before", async () => {
    await world.writeFile("genome.dat", randomFile(1_000));
    const id = await world.upload("genome.dat", "--regions", "us-east-1");
    await succeed(world.spawn("stage", "info", id));
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  });

  it("is reported to lack the sweeps table", async () => {
    const status = await world.spawn("environment", "status");
    expect(status.code).to.equal(1);
    expect(status.stdout).to.match(/^ {2}usage +spawn-usage-dev +up$/m);
    expect(status.stdout).to.match(/^ {2}sweeps +spawn-sweeps-dev +missing$/m);
    expect(status.stderr).to.contain("spawn environment up");
  });

  it("gets the table at the next update, and no other change", async () => {
    const { stdout } = await succeed(world.spawn("environment", "up", "--json"));
    const { changes } = (JSON.parse(stdout) as { result: { changes: Record<string, number> } }).result;
    expect(changes).to.have.property("create", 1);
    expect(changes).to.not.have.any.keys("delete", "replace");
    const dynamo = (await world.aws()).dynamo(REGIONS[0]);
    const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: SWEEPS }));
    expect(Table?.KeySchema).to.deep.equal([
      { AttributeName: "sweep_id", KeyType: "HASH" },
      { AttributeName: "item", KeyType: "RANGE" },
    ]);
    await succeed(world.spawn("environment", "status"));
  });
});
