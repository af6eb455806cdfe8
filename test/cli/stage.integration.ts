import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { parse as parseYaml } from "yaml";
import { parseStagingId } from "../../staging/ids.ts";
import {
  RECORD_KEY,
  RECORD_KIND_ATTRIBUTE,
  recordItem,
  type StagingRecord,
  SWEEP_INDEX,
  UPLOADED_INDEX,
} from "../../staging/record.ts";
import { parseRegionList } from "../../staging/regions.ts";
import { USAGE_KEY } from "../../staging/usage.ts";
import { createTable } from "../support/tables.ts";
import { parseCsv } from "./csv.ts";
import { LocalProject } from "./local-project.ts";
import { runProgram } from "./process.ts";
import { testId, testRecord } from "./records.ts";

/** The tables of the environment `dev`, as its settings name them. */
const RECORDS = "spawn-staging-dev";
const USAGE = "spawn-usage-dev";
const HOUR = 3_600_000;

describe("stage list and stage info on the local cloud", () => {
  const suite = LocalProject.forSuite();
  const run = (...args: string[]) => suite.run(...args);

  it("name the command that creates a missing environment", async () => {
    for (const args of [
      ["stage", "list"],
      ["stage", "info", "stage-abc123def456"],
    ]) {
      expect(await run(...args)).to.deep.equal({
        code: 2,
        stdout: "",
        stderr:
          "Error: environment dev is not up\nWhy: Its table or bucket does not exist.\nFix: spawn environment up\n",
      });
    }
  });

  describe("with tables", () => {
    // Not the guide's dates: DynamoDB removes expired records.
    const uploadedAt = new Date(Math.floor(Date.now() / 1000) * 1000 - 5 * HOUR);
    const day = (date: Date) => date.toISOString().slice(0, 10);
    const first = testRecord({ uploadedAt });
    const second = testRecord({
      stagingId: parseStagingId("stage-0123456789ab"),
      filename: 'données "x".tar',
      sizeBytes: 50 * 1024 ** 3,
      regions: parseRegionList("us-east-1,eu-west-1,us-west-2"),
      uploadedAt: new Date(uploadedAt.getTime() - HOUR),
      sweepId: undefined,
    });

    before(async () => {
      await createTables(suite.dynamo);
      await putRecords(suite.dynamo, [second, first]);
      await suite.dynamo.send(
        new PutItemCommand({
          TableName: USAGE,
          Item: {
            [USAGE_KEY]: { S: first.stagingId },
            instance_count: { N: "47" },
            download_count: { N: "48" },
            "instances_in_us-east-1": { N: "23" },
            "instances_in_us-west-2": { N: "24" },
          },
        }),
      );
    });

    it("list the newest entries first", async () => {
      const { code, stdout, stderr } = await run("stage", "list");
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
      expect(stdout).to.equal(`STAGING ID          SIZE    REGIONS  UPLOADED    TTL   SWEEP ID
stage-abc123def456  100GB   2        ${day(first.uploadedAt)}  7d    sweep-xyz789
stage-0123456789ab  50GB    3        ${day(second.uploadedAt)}  7d    -
`);
    });

    it("filter by sweep and by region", async () => {
      const ids = async (...args: string[]) => {
        const { stdout } = await run("stage", "list", "--format", "json", ...args);
        return (JSON.parse(stdout) as { staging_id: string }[]).map((entry) => entry.staging_id);
      };
      expect(await ids("--sweep-id", "sweep-xyz789")).to.deep.equal([first.stagingId]);
      expect(await ids("--region", "eu-west-1")).to.deep.equal([second.stagingId]);
      expect(await ids("--region", "us-west-2")).to.deep.equal([first.stagingId, second.stagingId]);
      expect(await ids("--sweep-id", "sweep-xyz789", "--region", "eu-west-1")).to.deep.equal([]);
      const none = await run("stage", "list", "--sweep-id", "sweep-none");
      expect(none.stderr).to.equal("No entry matches.\n");
    });

    it("sort, reverse and limit", async () => {
      const rows = async (...args: string[]) => {
        const { code, stdout, stderr } = await run("stage", "list", "--format", "csv", ...args);
        expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
        return parseCsv(stdout)
          .slice(1)
          .map(([id]) => id);
      };
      const [newer, older] = [first.stagingId, second.stagingId];
      expect(await rows()).to.deep.equal([newer, older]);
      expect(await rows("--sort", "-uploaded")).to.deep.equal([older, newer]);
      expect(await rows("--sort", "size", "--reverse")).to.deep.equal([older, newer]);
      expect(await rows("--sort", "name", "--limit", "1")).to.deep.equal([older]);
      expect(await rows("--limit", "1")).to.deep.equal([newer]);
      const refused = await run("stage", "list", "--sort", "age");
      expect(refused).to.include({ code: 2, stdout: "" });
      expect(refused.stderr).to.contain('Error: a list cannot be sorted by "age"\n');
      expect((await run("stage", "list", "--limit", "0")).code).to.equal(2);
      const incomplete = await run("stage", "list", "--incomplete", "--sort", "size");
      expect(incomplete.code).to.equal(2);
      expect(incomplete.stderr).to.contain("Fix: spawn stage list --incomplete\n");
    });

    it("print the guide's metadata as JSON and YAML, and the same in the envelope", async () => {
      const json = JSON.parse((await run("stage", "list", "--format", "json")).stdout);
      const expires = new Date(first.uploadedAt.getTime() + 7 * 24 * HOUR);
      expect(json[0]).to.deep.include({
        staging_id: "stage-abc123def456",
        filename: "reference-genome.fasta",
        size_bytes: 107374182400,
        sha256: first.sha256,
        regions: ["us-east-1", "us-west-2"],
        destination: "/mnt/data/reference.fasta",
        uploaded_at: first.uploadedAt.toISOString().replace(".000", ""),
        expires_at: expires.toISOString().replace(".000", ""),
        sweep_id: "sweep-xyz789",
        instance_count: 47,
        download_count: 48,
        cost: { replication: 2, storage_per_day: 0.153333 },
      });
      expect(Object.keys(json[0]).slice(0, 12)).to.deep.equal([
        "staging_id",
        "filename",
        "size_bytes",
        "sha256",
        "regions",
        "destination",
        "uploaded_at",
        "expires_at",
        "sweep_id",
        "instance_count",
        "download_count",
        "cost",
      ]);
      expect(json[1]).to.include({ filename: 'données "x".tar', sweep_id: null, instance_count: 0 });
      expect(parseYaml((await run("stage", "list", "--format", "yaml")).stdout)).to.deep.equal(json);
      expect(JSON.parse((await run("stage", "list", "--json")).stdout)).to.deep.equal({
        status: 0,
        result: json,
        warnings: [],
      });
      const info = (...args: string[]) => run("stage", "info", first.stagingId, ...args);
      const details = JSON.parse((await info("--format", "json")).stdout);
      expect(details).to.deep.include(json[0]);
      expect(details).to.deep.include({
        instances_by_region: { "us-east-1": 23, "us-west-2": 24 },
        lifecycle_rules: { "us-east-1": null, "us-west-2": null },
      });
      const { cost_to_date: _cost, savings: _savings, ...fixed } = details;
      expect(parseYaml((await info("--format", "yaml")).stdout)).to.deep.include(fixed);
      const envelope = JSON.parse((await info("--json")).stdout);
      expect(envelope.result).to.deep.include(fixed);
      // There are no buckets here.
      expect(envelope.warnings).to.have.length(3);
      expect(details.presence["us-west-2"], JSON.stringify(details.presence)).to.include({
        state: "missing",
      });
      expect(envelope.status).to.equal(1);
      expect(envelope.warnings[2]).to.contain("are missing in us-east-1, missing in us-west-2");
      expect(envelope.warnings[0]).to.contain("the lifecycle rules of spawn-staging-us-east-1 in us-east-1");
    });

    it("check the regions with --verify in every format, and exit with 1 if data are damaged", async () => {
      // There are no buckets here.
      const verify = (...args: string[]) => run("stage", "list", "--verify", ...args);
      const missing = "missing in us-east-1, missing in us-west-2";
      const damage = `the data of ${first.stagingId} are ${missing}`;
      const one = ["--sweep-id", "sweep-xyz789", "--region", "us-west-2"];
      const table = await verify(...one);
      expect(table.code).to.equal(1);
      expect(table.stdout).to.match(/ SWEEP ID +DATA\n/);
      expect(table.stdout).to.contain(`  sweep-xyz789  ${missing}\n`);
      expect(table.stderr).to.contain(`Warning: ${damage}. Fix: No region holds the data any more.`);
      const [json, yaml, csv, envelope] = await Promise.all([
        verify("--format", "json", "--sort", "size", "--reverse", "--limit", "1"),
        verify("--format", "yaml", ...one),
        verify("--format", "csv", ...one),
        verify("--json", ...one),
      ]);
      expect([json.code, yaml.code, csv.code, envelope.code]).to.deep.equal([1, 1, 1, 1]);
      const entries = JSON.parse(json.stdout);
      expect(entries).to.have.length(1);
      expect(Object.keys(entries[0]).at(-1)).to.equal("presence");
      expect(entries[0].presence["eu-west-1"]).to.include({ state: "missing" });
      expect(parseYaml(yaml.stdout)[0].presence["us-west-2"]).to.include({ state: "missing" });
      const [head, row] = parseCsv(csv.stdout);
      expect(head?.at(-1)).to.equal("presence");
      expect(row?.at(-1)).to.equal("us-east-1=missing us-west-2=missing");
      const { status, result, warnings } = JSON.parse(envelope.stdout);
      expect({ status, ids: result.map((entry: { staging_id: string }) => entry.staging_id) }).to.deep.equal({
        status: 1,
        ids: [first.stagingId],
      });
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.contain(damage);
      const refused = await verify("--incomplete");
      expect(refused).to.include({ code: 2, stdout: "" });
      expect(refused.stderr).to.contain("--incomplete");
    });

    it("show the details together with the usage", async () => {
      const { code, stdout } = await run("stage", "info", first.stagingId);
      expect(code).to.equal(1);
      expect(stdout).to.contain("Staging ID: stage-abc123def456\nFile: reference-genome.fasta\n");
      expect(stdout).to.contain(
        "Instances Using Data: 47\n  us-east-1: 23 instances\n  us-west-2: 24 instances\n",
      );
      expect(stdout).to.match(/Storage \(to date\): \$0\.03\n {2}Total: \$2\.03\n/);
      expect(stdout).to.contain("  vs. direct downloads: $216.00 (99.1% savings)\n");
    });

    it("accept the first digits of an ID, with or without its prefix, in every command", async () => {
      for (const short of ["stage-abc1", "abc1", "abc123def456"]) {
        const { stdout } = await run("stage", "info", short);
        expect(stdout.split("\n")[0]).to.equal("Staging ID: stage-abc123def456");
      }
      const deletion = await run("stage", "delete", "abc1");
      expect(deletion.code).to.equal(2);
      expect(deletion.stderr).to.contain("Deleting staged data: stage-abc123def456\n");
      expect(deletion.stderr).to.contain("spawn stage delete stage-abc123def456 --yes");
      const resume = await run("stage", "resume", "abc1");
      // The record exists, but its data do not.
      expect(resume.code).to.equal(1);
      expect(resume.stderr).to.contain("the data of stage-abc123def456 are");
      const cost = await run("stage", "cost", "--staging-id", "abc1", "--json");
      expect(cost.code).to.equal(0);
    });

    it("refuse digits that begin no ID", async () => {
      expect(await run("stage", "info", "ffff")).to.deep.equal({
        code: 2,
        stdout: "",
        stderr: "Error: no staging ID in environment dev begins with stage-ffff\nFix: spawn stage list\n",
      });
    });

    it("list the candidates of ambiguous digits", async () => {
      const names = ["one.dat", "two\u001b[2J.dat"];
      for (const [at, filename] of names.entries()) {
        const record = testRecord({
          stagingId: parseStagingId(`stage-dddd0000000${at}`),
          filename,
          uploadedAt,
        });
        await suite.dynamo.send(new PutItemCommand({ TableName: RECORDS, Item: recordItem(record) }));
      }
      for (const command of [
        ["stage", "info"],
        ["stage", "delete", "--yes"],
        ["stage", "update", "--ttl", "9"],
      ]) {
        const { code, stdout, stderr } = await run(...command, "stage-dddd");
        expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
        expect(stderr).to.contain("Error: 2 staging IDs begin with stage-dddd\n");
        expect(stderr).to.contain("stage-dddd00000000 (one.dat), stage-dddd00000001 (two");
        expect(stderr).not.to.contain("\u001b");
      }
      for (const at of names.keys()) {
        const Key = { [RECORD_KEY]: { S: `stage-dddd0000000${at}` } };
        await suite.dynamo.send(new DeleteItemCommand({ TableName: RECORDS, Key }));
      }
    });

    it("refuse an ID that the environment does not have", async () => {
      expect(await run("stage", "info", "stage-ffffffffffff")).to.deep.equal({
        code: 2,
        stdout: "",
        stderr:
          "Error: there is no staging entry stage-ffffffffffff in environment dev\nWhy: It was deleted, has expired, or belongs to another environment.\nFix: spawn stage list\n",
      });
    });

    it("list the rest and warn if a record is unreadable, and exit with an error", async () => {
      const broken = {
        ...recordItem(testRecord({ stagingId: testId(0xbad), uploadedAt })),
        sha256: { N: "7" },
      };
      await suite.dynamo.send(new PutItemCommand({ TableName: RECORDS, Item: broken }));
      const { code, stdout, stderr } = await run("stage", "list");
      expect(code).to.equal(1);
      expect(stdout.split("\n")).to.have.length(4);
      expect(stderr).to.equal(
        "Warning: the record of stage-000000000bad cannot be read: attribute sha256 is missing or malformed\n",
      );
      const json = JSON.parse((await run("stage", "list", "--json")).stdout);
      expect(json.status).to.equal(1);
      expect(json.result).to.have.length(2);
      expect(json.warnings).to.have.length(1);
    });
  });

  describe("with 10,000 entries", () => {
    const MANY = 10_000;

    before(async () => {
      const start = Date.now() - 24 * HOUR;
      const records = Array.from({ length: MANY }, (_, number) =>
        testRecord({
          stagingId: testId(number),
          uploadedAt: new Date(start + number * 1000),
          sweepId: "sweep-many",
        }),
      );
      await putRecords(suite.dynamo, records);
    });

    it("stream all of them, newest first, with a heap that could not hold them", async () => {
      const heap = ["--max-old-space-size=36", "--max-semi-space-size=2"];
      const args = ["stage", "list", "--sweep-id", "sweep-many", "--format", "json"];
      const { code, stdout, stderr } = await runProgram(
        process.execPath,
        [...heap, suite.project.spawn, ...args],
        {
          env: suite.cloud.env,
        },
      );
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
      const ids = (JSON.parse(stdout) as { staging_id: string }[]).map((entry) => entry.staging_id);
      expect(ids).to.deep.equal(Array.from({ length: MANY }, (_, number) => testId(MANY - 1 - number)));
    });

    it("exit quietly when the reader stops", async () => {
      const command = `"$0" "$1" stage list --sweep-id sweep-many --format json | head -1; exit \${PIPESTATUS[0]}`;
      const result = await runProgram("/bin/bash", ["-c", command, process.execPath, suite.project.spawn], {
        env: suite.cloud.env,
      });
      expect(result).to.deep.equal({ code: 0, stdout: "[\n", stderr: "" });
    });
  });
});

async function createTables(dynamo: DynamoDBClient): Promise<void> {
  await createTable(dynamo, RECORDS, [RECORD_KEY], {
    [UPLOADED_INDEX]: [RECORD_KIND_ATTRIBUTE, "uploaded_at"],
    [SWEEP_INDEX]: ["sweep_id", "uploaded_at"],
  });
  await createTable(dynamo, USAGE, [USAGE_KEY]);
}

/** BatchWriteItem takes 25 items. */
async function putRecords(dynamo: DynamoDBClient, records: readonly StagingRecord[]): Promise<void> {
  for (let at = 0; at < records.length; at += 25) {
    const requests: WriteRequest[] = records
      .slice(at, at + 25)
      .map((record) => ({ PutRequest: { Item: recordItem(record) } }));
    const { UnprocessedItems } = await dynamo.send(
      new BatchWriteItemCommand({ RequestItems: { [RECORDS]: requests } }),
    );
    if (Object.keys(UnprocessedItems ?? {}).length > 0) throw new Error("records were left unwritten");
  }
}
