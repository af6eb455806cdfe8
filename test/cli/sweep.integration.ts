import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { parse as parseYaml } from "yaml";
import type { SweepJson } from "../../cli/services/sweep/listing.ts";
import type { SweepReportJson } from "../../cli/services/sweep/report.ts";
import type { AttributeValue } from "../../staging/attribute-value.ts";
import { parseLaunchedSweepId } from "../../staging/sweep/id.ts";
import { indexItem } from "../../staging/sweep/index-item.ts";
import {
  CREATED_AT,
  ITEM_KEY,
  SWEEP_KEY,
  SWEEP_KIND_ATTRIBUTE,
  SWEEPS_INDEX,
} from "../../staging/sweep/item-keys.ts";
import { metaItem } from "../../staging/sweep/meta-item.ts";
import { logKey } from "../../staging/sweep/names.ts";
import { regionItem } from "../../staging/sweep/region-item.ts";
import { createTable } from "../support/tables.ts";
import { parseCsv } from "./csv.ts";
import { LocalProject } from "./local-project.ts";
import {
  EAST,
  endedIndex,
  pendingIndex,
  runningIndex,
  SWEEP,
  testMeta,
  testRegion,
  WEST,
} from "./sweep-items.ts";

const SWEEPS = "spawn-sweeps-dev";
const NEWER = parseLaunchedSweepId("sweep-abd000000000");

describe("spawn sweep on the local cloud", () => {
  const suite = LocalProject.forSuite();
  const run = (...args: string[]) => suite.run("sweep", ...args);
  const s3In = (region: string): S3Client => {
    const { endpoint, keys: credentials } = suite.cloud;
    return new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  };
  const put = (Item: Record<string, AttributeValue>) =>
    suite.dynamo.send(new PutItemCommand({ TableName: SWEEPS, Item }));
  const putLog = async (region: string, index: number, attempt: number, text: string | Uint8Array) => {
    const s3 = s3In(region);
    const Key = logKey(SWEEP, index, attempt);
    await s3.send(new PutObjectCommand({ Bucket: `spawn-staging-${region}`, Key, Body: text }));
    s3.destroy();
  };

  it("names the command that creates a missing environment", async () => {
    const { code, stderr } = await run("list");
    expect(code).to.equal(2);
    expect(stderr).to.contain("Fix: spawn environment up\n");
  });

  describe("with a table", () => {
    before(async () => {
      await createTable(suite.dynamo, SWEEPS, [SWEEP_KEY, ITEM_KEY], {
        [SWEEPS_INDEX]: [SWEEP_KIND_ATTRIBUTE, CREATED_AT],
      });
      for (const region of [EAST, WEST]) {
        const s3 = s3In(region);
        await s3.send(new CreateBucketCommand({ Bucket: `spawn-staging-${region}` }));
        s3.destroy();
      }
      await put(metaItem(testMeta()));
      await put(regionItem(testRegion(EAST, { open: 1, done: 1, failed: 1 })));
      await put(regionItem(testRegion(WEST, { open: 2, done: 1 })));
      for (const item of [
        endedIndex(0, "done"),
        endedIndex(1, "failed", { attempt: 2, error: "disk full\u001b[2J", exitCode: 28 }),
        runningIndex(2),
        pendingIndex(3),
        endedIndex(4, "done"),
        pendingIndex(5),
      ])
        await put(indexItem(item));
      const newer = {
        sweepId: NEWER,
        name: "simulation",
        createdAt: new Date("2026-11-29T12:00:00Z"),
        cancelledAt: new Date("2026-11-29T12:30:00Z"),
      };
      await put(metaItem(testMeta(newer)));
      for (const region of [EAST, WEST])
        await put(regionItem(testRegion(region, { sweepId: NEWER, open: 0, cancelled: 3 })));
      await putLog(EAST, 0, 1, "hello\nworld");
      await putLog(EAST, 1, 1, "first\n");
      await putLog(EAST, 1, 2, "second\u001b[2J\n");
      await putLog(WEST, 4, 1, Buffer.of(0xff, 0x0a));
    });

    it("lists all sweeps, the newest first", async () => {
      const { code, stdout, stderr } = await run("list");
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
      expect(
        stdout,
      ).to.equal(`SWEEP ID            NAME             STATE      DONE  FAILED  REGIONS  STARTED                  DEADLINE
sweep-abd000000000  simulation       cancelled  0/6   0       2        2026-11-29 10:00:05 UTC  2126-11-30 10:00:00 UTC
sweep-abc123def456  genome-pipeline  running    2/6   1       2        2026-11-29 10:00:05 UTC  2126-11-30 10:00:00 UTC
`);
    });

    it("lists sweeps as JSON, by state, and limited", async () => {
      const { stdout } = await run("list", "--format", "json");
      const [, sweep] = JSON.parse(stdout) as SweepJson[];
      expect(sweep).to.deep.equal({
        sweep_id: SWEEP,
        name: "genome-pipeline",
        state: "running",
        count: 6,
        open: 3,
        done: 2,
        failed: 1,
        cancelled: 0,
        regions: ["us-east-1", "us-west-2"],
        entries: ["stage-abc123def456"],
        generation: 0,
        created_at: "2026-11-29T10:00:00Z",
        started_at: "2026-11-29T10:00:05Z",
        deadline_at: "2126-11-30T10:00:00Z",
        cancelled_at: null,
        stack: "dev.sweep-abc123def456",
      });
      const yaml = parseYaml(
        (await run("list", "--format", "yaml", "--state", "running")).stdout,
      ) as SweepJson[];
      expect(yaml).to.deep.equal([sweep]);
      const envelope = JSON.parse((await run("list", "--json", "--limit", "1")).stdout) as {
        result: SweepJson[];
      };
      expect(envelope.result.map(({ sweep_id }) => sweep_id)).to.deep.equal([NEWER]);
      const csv = parseCsv((await run("list", "--format", "csv")).stdout);
      expect(csv.map(([id]) => id)).to.deep.equal(["sweep_id", NEWER, SWEEP]);
    });

    it("finds a sweep by the first digits of its ID", async () => {
      const short = await run("info", "abc1", "--format", "json");
      expect((JSON.parse(short.stdout) as SweepReportJson).sweep_id).to.equal(SWEEP);
      const both = await run("info", "sweep-abc123def457");
      expect(both.code).to.equal(2);
      expect(both.stderr).to.contain("there is no sweep sweep-abc123def457 in environment dev");
      expect(both.stderr).to.contain("Fix: spawn sweep list");
      for (const command of ["info", "logs", "watch"]) expect((await run(command, "ffff")).code).to.equal(2);
    });

    it("shows a sweep with its failures and the next command", async () => {
      const { code, stdout } = await run("info", SWEEP);
      expect(code).to.equal(0);
      for (const text of [
        "State: running\n",
        "Indices: 6 (2 pending, 1 running, 2 done, 1 failed)\n  pending: 3, 5\n  running: 2\n  failed: 1\n",
        "  us-east-1: 0-2, 2 workers: 0 pending, 1 running, 1 done, 1 failed\n",
        "  stage-abc123def456\n",
        "  ./analyze /mnt/data/reference.fasta\n",
        "  1 (us-east-1, attempt 2, exit code 28): disk full\\x1b[2J\n",
        "Logs: spawn sweep logs sweep-abc123def456\n",
      ])
        expect(stdout).to.contain(text);
      const { stdout: json } = await run("info", SWEEP, "--format", "json");
      const report = JSON.parse(json) as SweepReportJson;
      expect(report.indices).to.deep.equal({
        pending: [3, 5],
        running: [2],
        done: [0, 4],
        failed: [1],
        cancelled: [],
      });
      expect(report.failures).to.deep.equal([
        {
          index: 1,
          region: "us-east-1",
          attempt: 2,
          exit_code: 28,
          error: "disk full\u001b[2J",
          ended_at: "2026-11-29T10:05:00Z",
        },
      ]);
    });

    it("follows a sweep that has ended, and its exit code reports failures", async () => {
      const { code, stderr } = await run("watch", NEWER);
      expect(code).to.equal(1);
      expect(stderr).to.equal(
        "0 pending, 0 running, 0 done, 0 failed, 6 cancelled (us-east-1 3 of 3, us-west-2 3 of 3 ended)\n" +
          `${NEWER} ended as cancelled: spawn sweep info ${NEWER}\n`,
      );
    });

    it("prints the logs of all regions unchanged, each line with its index", async () => {
      const { code, stdout } = await run("logs", SWEEP);
      expect(code).to.equal(0);
      expect(stdout).to.equal("[0] hello\n[0] world\n[1] second\u001b[2J\n[4] \ufffd\n");
      expect((await run("logs", SWEEP, "--index", "1", "--attempt", "1")).stdout).to.equal("first\n");
      expect((await run("logs", SWEEP, "--index", "1", "--index", "0")).stdout).to.equal(
        "[0] hello\n[0] world\n[1] second\u001b[2J\n",
      );
      const list = JSON.parse((await run("logs", SWEEP, "--json", "--index", "4")).stdout) as {
        result: unknown;
      };
      expect(list.result).to.deep.equal([
        {
          index: 4,
          attempt: 1,
          region: "us-west-2",
          url: "s3://spawn-staging-us-west-2/sweep-abc123def456/logs/4/1.log",
          size_bytes: 2,
        },
      ]);
      expect((await run("logs", SWEEP, "--index", "6")).stderr).to.contain("Its indices are 0 to 5.");
      expect((await run("logs", NEWER)).stderr).to.equal("There are no such logs (yet).\n");
      expect((await run("logs", "sweep-000000000000")).code).to.equal(2);
    });

    it("stops following a log when the sweep ends", async () => {
      const { code, stdout, stderr } = await run("logs", NEWER, "--follow");
      expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: "", stderr: "" });
    });

    it("reports a corrupt item, and lists everything else", async () => {
      const corrupt = { ...indexItem(pendingIndex(5)), state: { S: "lost" } };
      await put(corrupt);
      const { code, stdout, stderr } = await run("info", SWEEP);
      expect(code).to.equal(1);
      expect(stderr).to.contain("index#000005").and.to.contain("attribute state");
      expect(stdout).to.contain("  pending: 3\n");
      await put(indexItem(pendingIndex(5)));
      await put({ ...regionItem(testRegion(EAST)), open: { N: "-1" } });
      const list = await run("list", "--format", "csv");
      expect(list.code).to.equal(1);
      expect(list.stderr).to.contain("region#us-east-1");
      expect(parseCsv(list.stdout).map(([id]) => id)).to.deep.equal(["sweep_id", NEWER]);
      await put(regionItem(testRegion(EAST, { open: 1, done: 1, failed: 1 })));
    });
  });
});
