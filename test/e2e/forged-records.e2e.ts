import { readdir } from "node:fs/promises";
import {
  type AttributeValue,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { parseStagingId } from "../../staging/ids.ts";
import { recordItem } from "../../staging/record.ts";
import { testRecord } from "../cli/records.ts";
import type { Aws } from "./support/aws.ts";
import { type Ended, succeed } from "./support/process.ts";
import { bucketOf, RECORDS, REGIONS, randomFile, sharedWorld, USAGE, type World } from "./support/world.ts";

type Item = Record<string, AttributeValue>;
const PRIMARY = "us-east-1";
/** A foreign bucket in the same account, with objects under the prefix of an entry that it does not hold. */
const FOREIGN_BUCKET = "another-users-bucket";
const FOREIGN_ID = "stage-00000000f0e1";

/** Attacks by a process that can write to the tables. */
describe("Forged records and usage rows", () => {
  let world: World;
  let aws: Aws;
  let victim: string;
  let forged: string;
  /** The original items, which the suite restores. */
  const truth = new Map<string, Item>();

  const key = (id: string): Item => ({ staging_id: { S: id } });
  const put = (TableName: string, Item: Item) =>
    aws.dynamo(PRIMARY).send(new PutItemCommand({ TableName, Item }));
  const get = async (TableName: string, id: string): Promise<Item> =>
    (await aws.dynamo(PRIMARY).send(new GetItemCommand({ TableName, Key: key(id) }))).Item ?? {};
  const stage = (...args: string[]): Promise<Ended> => world.spawn("stage", ...args);
  const versionsOf = async (id: string) =>
    (await Promise.all(REGIONS.map((region) => aws.versions(region, bucketOf(region), `${id}/`)))).flat();
  const upload = () => world.upload("cells.dat", "--regions", "us-east-1,us-west-2");
  /** Files that a forged stack's name could have created. Other tests own the user's own files. */
  const suspicious = async (): Promise<string[]> =>
    (await readdir(world.home, { recursive: true })).filter(
      (name) => !name.startsWith("user files/") && /(^|\/)(x|Pulumi\.\.\.)/.test(name),
    );
  let suspects: readonly string[];
  const forge = async (id: string, changes: Item) => put(RECORDS, { ...(truth.get(id) as Item), ...changes });

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await world.writeFile("cells.dat", randomFile(100_000));
    victim = await upload();
    forged = await upload();
    for (const id of [victim, forged]) truth.set(id, await get(RECORDS, id));
    suspects = await suspicious();
  });

  after(async () => {
    await succeed(stage("delete", victim, "--yes"));
  });

  it("redirect no command to another stack, file or key, and block no other entry", async () => {
    const stacks = await world.stacks();
    const before = await versionsOf(forged);
    const forgeries: [string, Item][] = [
      [`dev.${victim}`, { stack: { S: `dev.${victim}` } }],
      ["the environment", { stack: { S: "dev" } }],
      ["a path", { stack: { S: "../../../../x" } }],
      ["a bucket", { buckets: { L: [{ S: FOREIGN_BUCKET }, { S: bucketOf("us-west-2") }] } }],
    ];
    for (const [what, changes] of forgeries) {
      await forge(forged, changes);
      const refused = [await stage("update", forged, "--ttl", "9"), await stage("info", forged)];
      for (const { code, stderr } of refused) {
        expect(code, what).to.equal(1);
        expect(stderr).to.match(new RegExp(`the record of ${forged} (is corrupt|cannot be read): `));
        expect(stderr).to.contain(`Fix: spawn stage delete ${forged} --yes`);
      }
    }
    // The state of its own stack still has the true record.
    const { stderr } = await succeed(stage("repair", forged));
    expect(stderr).to.contain(`The record of ${forged} was changed by hand. It is written again.`);
    expect(await get(RECORDS, forged)).to.deep.equal(truth.get(forged));
    await forge(forged, forgeries[0]?.[1] ?? {});
    const list = await stage("list", "--json");
    expect(list.code).to.equal(1);
    const { result } = JSON.parse(list.stdout) as { result: { staging_id: string }[] };
    expect(result.map(({ staging_id }) => staging_id))
      .to.include(victim)
      .and.not.include(forged);
    expect(await versionsOf(forged)).to.deep.equal(before);
    expect(await world.stacks()).to.deep.equal(stacks);
    // A new upload and `--reuse` ignore the forged record: the other entry takes its place.
    const again = await succeed(
      stage("upload", "./cells.dat", "--regions", "us-east-1,us-west-2", "--reuse"),
    );
    expect(again.stdout.trim()).to.equal(victim);
  });

  it("do not prevent a deletion by ID, which deletes nothing else", async () => {
    const before = await versionsOf(victim);
    await forge(forged, { stack: { S: `dev.${victim}` }, declared_as: { S: "mesh" } });
    await put(USAGE, {
      ...(await get(USAGE, forged)),
      revision: { S: "no number" },
      size_bytes: { N: "-1" },
    });
    const { stderr } = await succeed(stage("delete", forged, "--yes"));
    expect(await get(USAGE, forged)).to.have.property("closed_at");
    expect(stderr).to.contain(
      `the record of ${forged} is corrupt: stack is "dev.${victim}" instead of "dev"`,
    );
    expect(stderr).to.contain("✅ Staging deleted");
    expect(await versionsOf(forged)).to.deep.equal([]);
    expect(await get(RECORDS, forged)).to.deep.equal({});
    expect(await versionsOf(victim)).to.deep.equal(before);
    expect((await get(USAGE, victim))["closed_at"]).to.equal(undefined);
    expect(await world.stacks()).to.include.members(["dev", `dev.${victim}`]);
    await succeed(stage("info", victim));
    await succeed(world.spawn("environment", "status"));
    expect((await suspicious()).filter((name) => !suspects.includes(name))).to.deep.equal([]);
    expect((await world.traces()).filter((name) => name.includes(forged))).to.deep.equal([]);
    // Every later cost report in this environment would name it and exit with 1.
    await aws.dynamo(PRIMARY).send(new DeleteItemCommand({ TableName: USAGE, Key: key(forged) }));
  });

  it("do not make a cleanup remove entries that have not expired or belong to no such sweep", async () => {
    const before = await versionsOf(victim);
    const old = { uploaded_at: { S: "2020-01-01T00:00:00Z" }, expires_at: { S: "2020-01-08T00:00:00Z" } };
    const row = await get(USAGE, victim);
    for (const [changes, flags] of [
      [old, ["--expired"]],
      [{ sweep_id: { S: "sweep-forged" } }, ["--sweep-id", "sweep-forged"]],
    ] as const) {
      await forge(victim, changes);
      const { code, stderr } = await stage("cleanup", ...flags, "--yes");
      expect(code).to.equal(1);
      expect(stderr).to.contain(`${victim} is not removed: its record or its usage row was changed by hand`);
    }
    // The same by a usage row, after the record's removal.
    await aws.dynamo(PRIMARY).send(new DeleteItemCommand({ TableName: RECORDS, Key: key(victim) }));
    const { history: _, ...rest } = row;
    await put(USAGE, { ...rest, uploaded_at: { S: "2020-01-01T00:00:00Z" } });
    const { code, stderr } = await stage("cleanup", "--expired", "--yes");
    expect({ code, stderr }).to.have.property("code", 1);
    expect(stderr).to.contain(`${victim} is not removed`);
    await put(USAGE, row);
    await put(RECORDS, truth.get(victim) as Item);
    expect(await versionsOf(victim)).to.deep.equal(before);
    await succeed(stage("info", victim));
  });

  it("do not make a cleanup or a deletion read a bucket that only a record names", async () => {
    const s3 = aws.s3(PRIMARY);
    await s3.send(new CreateBucketCommand({ Bucket: FOREIGN_BUCKET }));
    await s3.send(new PutObjectCommand({ Bucket: FOREIGN_BUCKET, Key: `${FOREIGN_ID}/data`, Body: "x" }));
    const record = testRecord({
      stagingId: parseStagingId(FOREIGN_ID),
      buckets: [FOREIGN_BUCKET, bucketOf("us-west-2")],
      // DynamoDB deletes expired items.
      uploadedAt: new Date(),
    });
    await put(RECORDS, recordItem(record) as Item);
    const cleanup = await stage("cleanup", "--expired", "--orphans", "--yes");
    expect(cleanup.code).to.equal(1);
    expect(cleanup.stderr).to.contain(
      `the record of ${FOREIGN_ID} is corrupt: buckets is "${FOREIGN_BUCKET}"`,
    );
    await succeed(stage("delete", FOREIGN_ID, "--yes"));
    expect(await get(RECORDS, FOREIGN_ID)).to.deep.equal({});
    const [left] = await aws.versions(PRIMARY, FOREIGN_BUCKET);
    expect(left?.key).to.equal(`${FOREIGN_ID}/data`);
    await s3.send(new DeleteObjectCommand({ Bucket: FOREIGN_BUCKET, Key: `${FOREIGN_ID}/data` }));
    await s3.send(new DeleteBucketCommand({ Bucket: FOREIGN_BUCKET }));
  });

  it("do not prevent a cost report", async () => {
    const row = await get(USAGE, victim);
    const rows: Item[] = [
      { ...row, ...key("stage-00000000f0e2"), size_bytes: { N: "-5" } },
      { ...row, ...key("stage-00000000f0e3"), size_bytes: { N: "1e100" } },
      { ...row, ...key("stage-00000000f0e4"), "instances_in_us-west-2": { N: "0.5" } },
      { ...row, ...key("stage-00000000f0e5"), uploaded_at: { S: "+275760-09-12T00:00:00Z" } },
      {
        ...{ ...row, ...key("stage-00000000f0e6"), size_bytes: { N: String(2 ** 53 - 1) } },
        "instances_in_us-west-2": { N: "1000000000" },
      },
      { ...row, ...key("../../x") },
    ];
    try {
      for (const one of rows) await put(USAGE, one);
      const { code, stdout, stderr } = await stage("cost", "--format", "csv");
      expect(code).to.equal(1);
      expect(stdout)
        .to.contain(victim)
        .and.to.not.match(/NaN|Infinity|,-\d|stage-00000000f0e/);
      for (const number of [2, 3, 4, 5, 6]) expect(stderr).to.contain(`stage-00000000f0e${number}`);
    } finally {
      for (const { staging_id } of rows)
        await aws
          .dynamo(PRIMARY)
          .send(
            new DeleteItemCommand({ TableName: USAGE, Key: { staging_id: staging_id as AttributeValue } }),
          );
    }
  });
});
