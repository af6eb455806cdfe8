import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { QueryCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import type { SweepJson } from "../../cli/services/sweep/listing.ts";
import type { SweepReportJson } from "../../cli/services/sweep/report.ts";
import type { Aws } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { randomFile, World } from "./support/world.ts";

/** No index ends by itself, so it does not matter whether workers run. */
const PARAMETERS = (entry: string) => `sweep_name: pipeline
count: 4
regions:
  - us-east-1: 2
  - us-west-2: 2
stage_id: ${entry}
base_command: |
  #!/bin/sh
  sleep 3600
`;

describe("Sweep commands", () => {
  let world: World;
  let aws: Aws;
  let entry: string;
  let id: string;

  const sweep = (...args: string[]) => world.spawn("sweep", ...args);
  const info = async () =>
    JSON.parse((await succeed(sweep("info", id, "--format", "json"))).stdout) as SweepReportJson;
  /** The IDs that a shell completes. */
  const completed = async (): Promise<string> =>
    (await succeed(world.spawn("complete", "sweep", "info", ""))).stdout;
  const states = async (): Promise<Record<string, number>> => {
    const { Items = [] } = await aws.dynamo("us-east-1").send(
      new QueryCommand({
        TableName: "spawn-sweeps-dev",
        ConsistentRead: true,
        KeyConditionExpression: "sweep_id = :id AND begins_with(#item, :index)",
        ExpressionAttributeNames: { "#item": "item" },
        ExpressionAttributeValues: { ":id": { S: id }, ":index": { S: "index#" } },
      }),
    );
    const counts: Record<string, number> = {};
    for (const { state } of Items) counts[state?.S ?? ""] = (counts[state?.S ?? ""] ?? 0) + 1;
    return counts;
  };

  before(async () => {
    world = await World.make();
    await succeed(world.spawn("environment", "up"));
    aws = await world.aws();
    await world.writeFile("genome.dat", randomFile(20_000));
    entry = await world.upload(
      "genome.dat",
      "--regions",
      "us-east-1,us-west-2",
      "--dest",
      "/mnt/data/genome.dat",
    );
    const file = await world.writeFile("sweep.yaml", Buffer.from(PARAMETERS(entry)));
    const { stdout } = await succeed(world.spawn("launch", "--params", file, "--yes"));
    id = stdout.trim();
    expect(id).to.match(/^sweep-[0-9a-f]{12}$/);
  });
  after(async () => await world?.remove());

  it("list and show a sweep with its maximum cost so far", async () => {
    expect(await completed(), "after the launch").to.match(new RegExp(`^words\n${id}\t\\S+\n$`));
    const { stdout } = await succeed(sweep("list", "--format", "json"));
    const [listed] = JSON.parse(stdout) as SweepJson[];
    expect(listed).to.deep.include({ sweep_id: id, state: "running", count: 4, open: 4, entries: [entry] });
    const report = await info();
    expect(report.pending + report.running).to.equal(4);
    expect(report.cost_usd_at_most).to.be.a("number");
    expect((await sweep("info", id.slice(6, 12))).stdout).to.contain(`Sweep ID: ${id}`);
  });

  it("cancel a sweep once", async () => {
    const { stderr } = await succeed(sweep("cancel", id, "--yes"));
    expect(stderr).to.contain("✅ Sweep cancelled (4 indices)");
    expect(await states()).to.deep.equal({ cancelled: 4 });
    const again = await succeed(sweep("cancel", id, "--yes", "--json"));
    expect((JSON.parse(again.stdout) as { result: object }).result).to.deep.equal({
      ...{ sweep_id: id, cancelled: false, indices: 0 },
    });
    expect((await sweep("watch", id)).code).to.equal(1);
  });

  it("refuse to retry an index that does not exist", async () => {
    expect((await sweep("retry", id, "--index", "4")).stderr).to.contain("Its indices are 0 to 3.");
    expect((await sweep("retry", id, "--index", "x")).code).to.equal(2);
    expect((await sweep("retry", id, "--index", "1", "--failed")).code).to.equal(2);
  });

  it("retry one index, then all others, from the state alone", async () => {
    await succeed(sweep("retry", id, "--index", "1"));
    expect((await info()).indices.cancelled).to.deep.equal([0, 2, 3]);
    // As on another machine: only the state exists.
    const stacks = join(world.home, "data/stacks");
    await rename(join(stacks, `Pulumi.dev.${id}.yaml`), join(world.home, "away"));
    await succeed(sweep("retry", id));
    const report = await info();
    expect(report).to.deep.include({ generation: 2, cancelled: 0, open: 4, state: "running" });
    expect((await sweep("retry", id)).stderr).to.contain(`${id} has nothing to retry`);
    await rm(join(world.home, "away"));
  });

  it("delete a sweep and keep its record", async () => {
    const { stderr } = await succeed(sweep("delete", id, "--yes"));
    expect(stderr).to.contain("The sweep is running: 4 indices have not ended.");
    expect(stderr).to.contain("✅ Sweep deleted. Its logs stay until they expire");
    expect(await states()).to.deep.equal({ cancelled: 4 });
    expect((await succeed(sweep("list"))).stdout).not.to.contain(id);
    expect((await info()).state).to.equal("cancelled");
    const left = await readdir(join(world.home, "data/stacks"));
    expect(left.filter((name) => name.includes(id))).to.deep.equal([]);
    expect(await completed(), "after the deletion").to.equal("words\n");
    expect(await world.stacks()).not.to.contain(`dev.${id}`);
    const again = await sweep("delete", id, "--yes");
    expect(again.code).to.equal(2);
    expect(again.stderr).to.contain(`there is no sweep ${id}`);
    await succeed(world.spawn("stage", "delete", entry, "--yes"));
  });
});
