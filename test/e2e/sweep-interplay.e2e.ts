import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { CleanupJson } from "../../cli/services/cleanup/json.ts";
import type { EntryReportJson } from "../../cli/services/entry/report.ts";
import type { AttributeValue } from "../../staging/attribute-value.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { SWEEP_KEY } from "../../staging/sweep/item-keys.ts";
import { metaItem } from "../../staging/sweep/meta-item.ts";
import { logKey, logPrefix } from "../../staging/sweep/names.ts";
import { regionItem } from "../../staging/sweep/region-item.ts";
import { EAST, SWEEP, testMeta, testRegion, WEST } from "../cli/sweep-items.ts";
import type { Aws } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { bucketOf, randomFile, USAGE, World } from "./support/world.ts";

const SWEEPS = "spawn-sweeps-dev";

describe("A running sweep", () => {
  let world: World;
  let aws: Aws;
  let entry: string;

  const put = (Item: Record<string, AttributeValue>) =>
    aws.dynamo(EAST).send(new PutItemCommand({ TableName: SWEEPS, Item }));
  const putLog = (region: string) =>
    aws
      .s3(region)
      .send(new PutObjectCommand({ Bucket: bucketOf(region), Key: logKey(SWEEP, 0, 1), Body: "log\n" }));

  before(async () => {
    world = await World.make();
    await succeed(world.spawn("environment", "up"));
    aws = await world.aws();
    await world.writeFile("genome.dat", randomFile(50_000));
    entry = await world.upload("genome.dat", "--regions", "us-east-1,us-west-2", "--sweep-id", "genomes");
    await put(metaItem(testMeta({ entries: [parseStagingId(entry)] })));
    await put(regionItem(testRegion(EAST, { open: 1, done: 2 })));
    await put(regionItem(testRegion(WEST, { open: 0, done: 3 })));
    await putLog(EAST);
    await putLog(WEST);
  });
  after(async () => await world?.remove());

  it("blocks the removal of its entries and of its environment", async () => {
    const deletion = await world.spawn("stage", "delete", entry, "--yes");
    expect(deletion.code).to.equal(2);
    expect(deletion.stderr).to.contain(`${entry} cannot be deleted: ${SWEEP} reads it`);
    expect(deletion.stderr).to.contain(`spawn sweep cancel ${SWEEP}`);
    const cleanup = await world.spawn("stage", "cleanup", "--sweep-id", "genomes", "--yes");
    expect(cleanup.code).to.equal(1);
    expect(cleanup.stderr).to.contain(`${entry} cannot be removed: ${SWEEP} reads it`);
    const destroy = await world.spawn("environment", "destroy", "--yes");
    expect(destroy.code).to.equal(2);
    expect(destroy.stderr).to.contain("environment dev still has a sweep");
    expect(destroy.stderr).to.contain(`Fix: spawn sweep delete ${SWEEP} --yes`);
    const { stdout } = await succeed(world.spawn("stage", "info", entry, "--format", "json"));
    expect((JSON.parse(stdout) as EntryReportJson).status).to.equal("active");
  });

  it("writes logs that cleanup does not report as orphans", async () => {
    const { stdout } = await succeed(world.spawn("stage", "cleanup", "--orphans", "--dry-run", "--json"));
    const { result } = JSON.parse(stdout) as { result: CleanupJson };
    expect(JSON.stringify(result)).not.to.contain(SWEEP);
    const listed = await succeed(world.spawn("stage", "list", "--verify"));
    expect(listed.stdout).not.to.contain(SWEEP);
  });

  it("counts its downloads as real savings", async () => {
    // As a worker writes them.
    for (const [region, count] of [
      ["us-east-1", 2],
      ["us-west-2", 40],
    ] as const) {
      await aws.dynamo(EAST).send(
        new UpdateItemCommand({
          TableName: USAGE,
          Key: { staging_id: { S: entry } },
          UpdateExpression: "ADD instance_count :n, download_count :n, #region :n",
          ExpressionAttributeNames: { "#region": `instances_in_${region}` },
          ExpressionAttributeValues: { ":n": { N: String(count) } },
        }),
      );
    }
    const info = await succeed(world.spawn("stage", "info", entry, "--format", "json"));
    const report = JSON.parse(info.stdout) as EntryReportJson;
    expect(report).to.deep.include({ instance_count: 42, download_count: 42 });
    expect(report.instances_by_region).to.deep.equal({ "us-east-1": 2, "us-west-2": 40 });
    expect(report.savings.remote_instances).to.equal(40);
    const list = await succeed(world.spawn("stage", "list", "--format", "json"));
    expect((JSON.parse(list.stdout) as { download_count: number }[])[0]?.download_count).to.equal(42);
    const cost = await succeed(world.spawn("stage", "cost", "--format", "csv"));
    expect(cost.stdout.split("\r\n")[1]).to.contain(",40,");
  });

  it("releases its entries when it ends", async () => {
    await put(regionItem(testRegion(EAST, { open: 0, done: 2, failed: 1 })));
    await succeed(world.spawn("stage", "delete", entry, "--yes"));
    expect(await aws.versions(EAST, bucketOf(EAST), logPrefix(SWEEP))).to.have.length(1);
  });

  it("leaves logs that are removed with the buckets", async () => {
    await aws
      .dynamo(EAST)
      .send(
        new DeleteItemCommand({ TableName: SWEEPS, Key: { [SWEEP_KEY]: { S: SWEEP }, item: { S: "meta" } } }),
      );
    const { stderr } = await succeed(world.spawn("environment", "destroy", "--yes"));
    expect(stderr).to.contain("Deleting the logs of 1 sweep in us-west-2");
    for (const region of [EAST, WEST]) expect(await aws.hasBucket(region, bucketOf(region))).to.equal(false);
  });
});
