import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import type { AttributeValue } from "../../staging/attribute-value.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { parseLaunchedSweepId } from "../../staging/sweep/id.ts";
import { metaItem } from "../../staging/sweep/meta-item.ts";
import { regionItem } from "../../staging/sweep/region-item.ts";
import { EAST, testMeta, testRegion } from "../cli/sweep-items.ts";
import type { Aws } from "./support/aws.ts";
import { type Ended, succeed } from "./support/process.ts";
import { bucketOf, randomFile, sharedWorld, type World } from "./support/world.ts";

const ENVIRONMENT = "guarded";
const FILE = `Pulumi.${ENVIRONMENT}.yaml`;
const BUCKET = "e2e-guarded-us-east-1";
const SWEEP = parseLaunchedSweepId("sweep-0123456789ab");
const PRIVATE_SWEEP = parseLaunchedSweepId("sweep-0123456789ac");

const settings = (items: readonly string[]): string => `config:
  spawn:cloud: local
  spawn:regions: [us-east-1]
  spawn:bucketPrefix: e2e-guarded-
  spawn:entries:${items.length === 0 ? " []\n" : `\n${items.map((name) => `    - name: ${name}\n      source: data/${name}.bin\n`).join("")}`}`;

describe("An entry that a sweep reads, in plain Pulumi", () => {
  let world: World;
  let aws: Aws;
  let id: string;

  const writeSource = (bytes: number) =>
    writeFile(join(world.project, "data", "reference.bin"), randomFile(bytes));
  const put = (table: string, Item: Record<string, AttributeValue>) =>
    aws.dynamo(EAST).send(new PutItemCommand({ TableName: table, Item }));
  /** A sweep with open indices, as its launch writes it. */
  const putSweep = async (table: string, sweepId: typeof SWEEP, entry: string): Promise<void> => {
    await put(table, metaItem(testMeta({ sweepId, entries: [parseStagingId(entry)] })));
    await put(table, regionItem(testRegion(EAST, { sweepId })));
  };
  const endSweep = (table: string, sweepId: typeof SWEEP) =>
    put(table, regionItem(testRegion(EAST, { sweepId, open: 0, done: 3 })));
  const up = (flags = "") => world.pulumi(`pulumi up -s ${ENVIRONMENT} --yes --skip-preview ${flags}`);
  const found = async () => ({
    record: await aws.item("spawn-staging-guarded", id, EAST),
    row: await aws.item("spawn-usage-guarded", id, EAST),
    versions: await aws.versions(EAST, BUCKET, `${id}/`),
    tags: await aws.tags(EAST, BUCKET, `${id}/reference.bin`),
  });
  /** The command fails with the cause and the fix, and nothing of the entry changes. */
  const refused = async (command: () => Promise<Ended>): Promise<void> => {
    const before = await found();
    expect(before.record).to.include({ staging_id: id });
    const { code, stdout, stderr } = await command();
    expect(code, stdout).to.not.equal(0);
    const output = `${stdout}${stderr}`;
    expect(output, output).to.contain(`${id} cannot be deleted: ${SWEEP} reads it`);
    expect(output).to.contain(`spawn sweep cancel ${SWEEP} --environment ${ENVIRONMENT}`);
    expect(await found()).to.deep.equal(before);
  };

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await mkdir(join(world.project, "data"), { recursive: true });
    await writeSource(5_000);
    await world.writeProjectFile(FILE, settings(["reference"]));
    await succeed(world.pulumi(`pulumi stack init ${ENVIRONMENT} --no-select`));
    await succeed(up());
    const [object] = await aws.versions(EAST, BUCKET, "stage-");
    id = object?.key.split("/")[0] ?? "";
    await putSweep("spawn-sweeps-guarded", SWEEP, id);
  });

  it("is not deleted when its item is removed", async () => {
    await world.writeProjectFile(FILE, settings([]));
    await refused(up);
  });

  it("is not deleted when other steps continue after an error", async () => {
    await refused(() => up("--continue-on-error"));
  });

  it("is not deleted with its environment", async () => {
    await refused(() => world.pulumi(`pulumi destroy -s ${ENVIRONMENT} --yes --skip-preview`));
  });

  it("does not change when its item is back", async () => {
    await world.writeProjectFile(FILE, settings(["reference"]));
    await succeed(up());
    await succeed(world.pulumi(`pulumi preview -s ${ENVIRONMENT} --expect-no-changes`));
    await succeed(world.pulumi(`pulumi refresh -s ${ENVIRONMENT} --yes --expect-no-changes`));
  });

  it("stays beside the entry that replaces it, until the sweep ends", async () => {
    const ids = async () =>
      new Set((await aws.versions(EAST, BUCKET, "stage-")).map(({ key }) => key.split("/")[0]));
    await writeSource(6_000);
    await refused(up);
    expect([...(await ids())])
      .to.have.length(2)
      .and.include(id);
    await endSweep("spawn-sweeps-guarded", SWEEP);
    await succeed(up());
    expect([...(await ids())])
      .to.have.length(1)
      .and.not.include(id);
    expect(await aws.item("spawn-staging-guarded", id, EAST)).to.equal(undefined);
  });

  it("is not deleted with the stack of its own", async () => {
    await world.writeFile("own.dat", randomFile(4_000));
    const own = await world.upload("own.dat", "--regions", EAST);
    await putSweep("spawn-sweeps-dev", PRIVATE_SWEEP, own);
    const before = await aws.versions(EAST, bucketOf(EAST), `${own}/`);
    const destroy = () => world.pulumi(`pulumi destroy -s dev.${own} --yes --skip-preview`);
    const { code, stdout } = await destroy();
    expect(code).to.not.equal(0);
    expect(stdout, stdout).to.contain(`${own} cannot be deleted: ${PRIVATE_SWEEP} reads it`);
    expect(await aws.versions(EAST, bucketOf(EAST), `${own}/`)).to.deep.equal(before);
    expect(await aws.item("spawn-staging-dev", own, EAST)).to.include({ staging_id: own });
    await endSweep("spawn-sweeps-dev", PRIVATE_SWEEP);
    await succeed(destroy());
    expect(await aws.versions(EAST, bucketOf(EAST), `${own}/`)).to.deep.equal([]);
  });
});
