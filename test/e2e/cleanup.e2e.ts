import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketTaggingCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { CleanupJson } from "../../cli/services/cleanup/json.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { recordItem } from "../../staging/record.ts";
import { parseRegionList } from "../../staging/regions.ts";
import { parseTtlDays } from "../../staging/ttl.ts";
import { testRecord } from "../cli/records.ts";
import type { Aws } from "./support/aws.ts";
import { clockOff, later } from "./support/later.ts";
import { type Ended, succeed } from "./support/process.ts";
import { bucketOf, RECORDS, randomFile, sharedWorld, USAGE, type World } from "./support/world.ts";

const PRIMARY = "us-east-1";
const SECOND = "us-west-2";
/** Orphaned data, an abandoned upload, and an entry whose stack is lost. */
const [LOST, CUT, STACKLESS] = ["stage-00000000c1ea", "stage-00000000c1eb", "stage-00000000c1ec"];
const FOREIGN = ["stage-notours/x", "stage-00000000c1ea.txt", "other/stage-00000000c1ea/x"];

describe("stage cleanup", () => {
  let world: World;
  let aws: Aws;
  let inTwoDays: NodeJS.ProcessEnv;
  /** The first two expire within two days, and DynamoDB has already removed the record of the second. The third does not expire. */
  let expired: string;
  let unrecorded: string;
  let lasting: string;

  const put = (region: string, key: string) =>
    aws.s3(region).send(new PutObjectCommand({ Bucket: bucketOf(region), Key: key, Body: "x".repeat(1000) }));
  const beginUpload = async (region: string, key: string) => {
    const place = { Bucket: bucketOf(region), Key: key };
    const { UploadId } = await aws.s3(region).send(new CreateMultipartUploadCommand(place));
    await aws.s3(region).send(new UploadPartCommand({ ...place, UploadId, PartNumber: 1, Body: "part" }));
  };
  const keysOf = async (region: string, prefix: string) =>
    (await aws.versions(region, bucketOf(region), prefix)).map(({ key }) => key);
  const uploadsOf = async (region: string, prefix: string) =>
    (await aws.openUploads(region, bucketOf(region), prefix)).length;
  const cleanup = (...args: string[]) => world.spawn("stage", "cleanup", ...args);
  const cleanupLater = (...args: string[]): Promise<Ended> =>
    world.startIn({ env: inTwoDays }, "stage", "cleanup", ...args).ended;
  const resultOf = ({ stdout }: Ended) => (JSON.parse(stdout) as { result: CleanupJson }).result;
  const find = <T extends { readonly staging_id: string }>(items: readonly T[], id: string) =>
    items.find(({ staging_id }) => staging_id === id);

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    inTwoDays = await later(world, 2);
    await world.writeFile("old.dat", randomFile(50_000));
    const upload = (...flags: string[]) => world.upload("old.dat", "--regions", PRIMARY, ...flags);
    [expired, unrecorded, lasting] = await Promise.all([
      upload("--ttl", "1", "--sweep-id", "sweep-old"),
      upload("--ttl", "1"),
      upload("--ttl", "30", "--sweep-id", "sweep-clean"),
    ]);
    const dynamo = aws.dynamo(PRIMARY);
    await dynamo.send(new DeleteItemCommand({ TableName: RECORDS, Key: { staging_id: { S: unrecorded } } }));
    const lost = testRecord({
      stagingId: parseStagingId(STACKLESS),
      regions: parseRegionList([PRIMARY]),
      uploadedAt: new Date(),
      ttl: parseTtlDays(1),
    });
    await dynamo.send(new PutItemCommand({ TableName: RECORDS, Item: recordItem(lost) }));
    await put(PRIMARY, `${STACKLESS}/reference-genome.fasta`);
    await put(SECOND, `${LOST}/a`);
    await put(SECOND, `${LOST}/folder/b`);
    for (const key of FOREIGN) await put(SECOND, key);
    await beginUpload(PRIMARY, `${CUT}/large.bin`);
    await beginUpload(PRIMARY, `${lasting}/old.dat`);
  });

  // Other files of the run use the same buckets.
  after(async () => {
    for (const { bucket: Bucket, key: Key, versionId: VersionId } of await aws.versions(
      SECOND,
      bucketOf(SECOND),
    ))
      if (FOREIGN.includes(Key))
        await aws.s3(SECOND).send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  });

  it("requires a selection, and prompts before it deletes", async () => {
    const nothing = await cleanup("--yes");
    expect(nothing).to.include({ code: 2, stdout: "" });
    expect(nothing.stderr).to.contain("at least one of --expired, --sweep-id ID and --orphans");
    const unanswered = await cleanupLater("--expired", "--orphans");
    expect(unanswered.code).to.equal(2);
    expect(unanswered.stderr).to.contain("Fix: spawn stage cleanup --expired --orphans --yes\n");
  });

  it("removes no recent entry", async () => {
    const { entries, orphans } = resultOf(
      await succeed(cleanup("--expired", "--orphans", "--yes", "--json")),
    );
    const ids = [...entries, ...orphans].map(({ staging_id }) => staging_id);
    expect(ids).to.not.include.members([expired]);
    for (const id of [unrecorded, lasting, LOST, CUT, STACKLESS]) expect(ids).to.not.include(id);
    expect(await keysOf(SECOND, LOST)).to.have.length(3);
  });

  for (const days of [40, -40]) {
    it(`removes nothing when the machine's clock is off by ${days} days, and uses the server's time for the list`, async () => {
      const env = await clockOff(world, days);
      const on = (...args: string[]) => world.startIn({ env }, "stage", ...args).ended;
      for (const flag of ["--expired", "--orphans"]) {
        const { code, stderr } = await on("cleanup", flag, "--yes");
        expect(code, stderr).to.equal(1);
        expect(stderr).to.match(
          /Why: It shows \S+ \S+ UTC, the server \S+ \S+ UTC: it is (40|39) days (ahead of|behind) the server. Nothing was removed./,
        );
      }
      const { stdout } = await succeed(on("list"));
      expect(stdout).to.match(new RegExp(`^${expired} .* 1d expiring `, "m"));
      expect(stdout).to.not.match(new RegExp(`^(${expired}|${lasting}) .*expired`, "m"));
      expect(await keysOf(SECOND, LOST)).to.have.length(3);
    });
  }

  it("lists expired entries and orphans in a dry run, and changes nothing", async () => {
    const [text, json] = await Promise.all([
      succeed(cleanupLater("--expired", "--dry-run")),
      succeed(cleanupLater("--expired", "--dry-run", "--json")),
    ]);
    expect(text.stdout).to.match(
      /^To be removed: \d+ entries \(.* in all regions, \$.* a day\)\nSTAGING ID /,
    );
    for (const id of [expired, unrecorded, STACKLESS]) expect(text.stdout).to.contain(`\n${id}  `);
    expect(text.stdout).to.match(new RegExp(`\nOrphans: [\\s\\S]*\n${LOST}  2        0        2KB `));
    expect(text.stdout).to.contain("\nTo remove it: spawn stage cleanup --orphans\n");
    expect(text.stderr).to.contain("Nothing was removed. To remove ");
    const { dry_run, entries, orphans } = resultOf(json);
    expect(dry_run).to.equal(true);
    expect(find(entries, expired)).to.include({ reason: "expired", recorded: true, state: "found" });
    expect(find(entries, unrecorded)).to.include({ filename: "old.dat", recorded: false });
    expect(find(entries, lasting)).to.equal(undefined);
    expect(find(orphans, LOST)).to.deep.include({ kind: "data", removable: true, state: "found" });
    expect(find(orphans, LOST)?.places).to.deep.equal([
      { region: SECOND, bucket: bucketOf(SECOND), objects: 2, size_bytes: 2000, uploads: 0, removable: true },
    ]);
    expect(find(orphans, CUT)?.places[0]).to.include({ objects: 0, size_bytes: 4, uploads: 1 });
    expect(find(orphans, lasting)).to.include({ kind: "uploads" });
    for (const id of [expired, unrecorded]) expect(await keysOf(PRIMARY, id)).to.have.length(2);
    expect(await aws.item(RECORDS, expired)).to.include({ staging_id: expired });
  });

  it("removes expired entries, even while another cleanup runs", async () => {
    const both = await Promise.all([cleanupLater("--expired", "--yes"), cleanupLater("--expired", "--yes")]);
    for (const { code, stderr } of both) expect(code, stderr).to.equal(0);
    for (const id of [expired, unrecorded, STACKLESS]) {
      expect(await keysOf(PRIMARY, id), id).to.deep.equal([]);
      expect(await aws.item(RECORDS, id), id).to.equal(undefined);
    }
    const stacks = await world.stacks();
    expect(stacks).to.not.include(`dev.${expired}`).and.not.include(`dev.${unrecorded}`);
    expect(stacks).to.include(`dev.${lasting}`);
    for (const id of [expired, unrecorded]) expect(await aws.item(USAGE, id)).to.have.property("closed_at");
    expect(await keysOf(SECOND, `${LOST}/`)).to.have.length(2);
    expect(await uploadsOf(PRIMARY, CUT)).to.equal(1);
  });

  it("leaves a bucket with another environment's tag untouched, and exits with 1", async () => {
    const s3 = aws.s3(SECOND);
    const bucket = { Bucket: bucketOf(SECOND) };
    const { TagSet = [] } = await s3.send(new GetBucketTaggingCommand(bucket));
    const others = TagSet.map((tag) => ({ ...tag, Value: "prod" }));
    await s3.send(new PutBucketTaggingCommand({ ...bucket, Tagging: { TagSet: others } }));
    try {
      const { code, stdout } = await cleanupLater("--orphans", "--yes", "--json");
      const { result, warnings } = JSON.parse(stdout);
      expect(code).to.equal(1);
      expect(find(result.orphans, LOST)).to.equal(undefined);
      expect(warnings[0])
        .to.contain(`${bucketOf(SECOND)} was not searched`)
        .and.contain("environment prod");
      expect(await keysOf(SECOND, `${LOST}/`)).to.have.length(2);
    } finally {
      await s3.send(new PutBucketTaggingCommand({ ...bucket, Tagging: { TagSet } }));
    }
  });

  it("removes orphans and nothing else", async () => {
    const { stderr } = await succeed(cleanupLater("--orphans", "--yes"));
    expect(stderr).to.contain(`${LOST}: Removing orphans... ✓\n`).and.contain("✅ Cleaned up: ");
    expect(await keysOf(SECOND, "stage-00000000c1e")).to.deep.equal([FOREIGN[1]]);
    expect(await keysOf(SECOND, "stage-notours/")).to.deep.equal(["stage-notours/x"]);
    expect(await keysOf(SECOND, "other/")).to.have.length(1);
    expect(await uploadsOf(PRIMARY, CUT)).to.equal(0);
    expect(await uploadsOf(PRIMARY, lasting)).to.equal(0);
    expect(await keysOf(PRIMARY, lasting)).to.have.length(2);
    const again = await succeed(cleanupLater("--orphans"));
    expect(again.stdout).to.not.contain(LOST);
  });

  it("removes a sweep's entries, expired or not", async () => {
    const narrow = resultOf(
      await succeed(cleanup("--sweep-id", "sweep-clean", "--expired", "--yes", "--json")),
    );
    expect(narrow.entries).to.deep.equal([]);
    const { entries } = resultOf(await succeed(cleanup("--sweep-id", "sweep-clean", "--yes", "--json")));
    expect(entries.map(({ staging_id, reason, state }) => [staging_id, reason, state])).to.deep.equal([
      [lasting, "sweep", "removed"],
    ]);
    expect(await keysOf(PRIMARY, lasting)).to.deep.equal([]);
    const empty = await succeed(cleanup("--sweep-id", "sweep-clean"));
    expect(empty.stdout).to.not.contain("To be removed");
  });

  it("reports the remaining work on Ctrl-C, and the same command resumes", async () => {
    const ids = await Promise.all(
      [1, 2, 3, 4].map(() => world.upload("old.dat", "--regions", PRIMARY, "--sweep-id", "sweep-stop")),
    );
    const running = world.start("stage", "cleanup", "--sweep-id", "sweep-stop", "--yes");
    await running.wrote("Deleting from us-east-1... ✓");
    running.kill("SIGINT");
    const { code, stderr } = await running.ended;
    expect(code, stderr).to.equal(130);
    expect(stderr).to.match(/\nError: interrupted; [1-4] of 4 items not removed\nWhy: .*Left: stage-/);
    expect(stderr).to.contain("\nFix: spawn stage cleanup --sweep-id sweep-stop --yes\n");
    const left = await Promise.all(ids.map((id) => keysOf(PRIMARY, id)));
    expect(left.flat()).to.not.deep.equal([]);
    await succeed(cleanup("--sweep-id", "sweep-stop", "--yes"));
    for (const id of ids) expect(await keysOf(PRIMARY, id)).to.deep.equal([]);
  });
});
