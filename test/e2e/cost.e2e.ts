import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BatchWriteItemCommand } from "@aws-sdk/client-dynamodb";
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { marshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import { COST_COLUMNS } from "../../cli/render/cost-csv.ts";
import type { CostJson } from "../../cli/services/cost/json.ts";
import { GIB } from "../../staging/units.ts";
import { parseCsv } from "../cli/csv.ts";
import { ledgerItem } from "../cli/ledger.ts";
import { succeed } from "./support/process.ts";
import { bucketOf, randomFile, sharedWorld, USAGE, type World } from "./support/world.ts";

/** Long before the entries of other tests. */
const MARCH = ["--since", "2025-03-01", "--until", "2025-03-31"];
const ROWS = [
  ledgerItem("c057", {
    uploaded_at: "2025-03-10T00:00:00Z",
    closed_at: "2025-03-17T00:00:00Z",
    sweep_id: "sweep-costs",
    filename: 'a "quoted", <b>name</b>.tar',
    "instances_in_us-west-2": 10,
  }),
  // Expired, so no command closed its row.
  ledgerItem("c058", { uploaded_at: "2025-03-20T00:00:00Z", ttl_days: 1, size_bytes: 10 * GIB }),
  // Outside the reported month.
  ledgerItem("c059", { uploaded_at: "2025-01-20T00:00:00Z" }),
  ledgerItem("c060", { uploaded_at: "2025-04-01T00:00:00Z" }),
];

describe("stage cost", () => {
  let world: World;
  const cost = (...args: string[]) => world.spawn("stage", "cost", ...args);
  before(async () => {
    world = await sharedWorld();
    const dynamo = (await world.aws()).dynamo("us-east-1");
    await dynamo.send(
      new BatchWriteItemCommand({
        RequestItems: { [USAGE]: ROWS.map((row) => ({ PutRequest: { Item: marshall(row) } })) },
      }),
    );
  });

  it("reports a month's deleted entries in the guide's layout", async () => {
    const { stdout, stderr } = await succeed(cost(...MARCH));
    expect(stderr).to.equal("");
    expect(stdout).to.equal(`Staging Cost Report (2025-03-01 to 2025-03-31)

Total Staging Operations: 2
Total Data Staged: 110.0 GB
Total Cost: $3.30

Breakdown:
  Replication: $2.20 (67%)
  Storage: $1.10 (33%)

Top Staging by Cost:
  1. stage-c05700000000 (100GB, 2 regions): $3.07
  2. stage-c05800000000 (10GB, 2 regions): $0.23

Savings vs. Direct Transfer: $86.70 (96.3%)
`);
    const bySweep = await succeed(cost("--since", "2025-03-01", "--sweep-id", "sweep-costs"));
    expect(bySweep.stdout).to.contain("\nSweep ID: sweep-costs\n").and.contain("\nTotal Cost: $3.07\n");
  });

  it("has the same figures in every format", async () => {
    const page = join(world.folder, "costs of march.html");
    const [plain, envelope, csv, html] = await Promise.all([
      succeed(cost(...MARCH, "--format", "json")),
      succeed(cost(...MARCH, "--json")),
      succeed(cost(...MARCH, "--format", "csv")),
      succeed(cost(...MARCH, "--format", "html", "--output", page)),
    ]);
    const report = JSON.parse(plain.stdout) as CostJson;
    expect((JSON.parse(envelope.stdout) as { result: CostJson }).result).to.deep.equal(report);
    expect(report.cost.replication).to.equal(2.2);
    expect(report.savings.direct).to.equal(90);
    const [head, ...rows] = parseCsv(csv.stdout);
    expect(head).to.deep.equal(COST_COLUMNS);
    expect(rows.map(([id, name]) => [id, name])).to.deep.equal([
      ["stage-c05700000000", 'a "quoted", <b>name</b>.tar'],
      ["stage-c05800000000", "c058.fasta"],
    ]);
    const totals = rows.map((row) => Number(row[COST_COLUMNS.indexOf("total_usd")]));
    expect(totals).to.deep.equal(report.entries.map((entry) => entry.cost.total));
    expect(html).to.deep.include({ stdout: "", stderr: `Written to ${page}\n` });
    const text = await readFile(page, "utf8");
    expect(text).to.contain(`<data value="${report.cost.total}">$3.30</data>`).and.contain("Chart.js v4");
    expect(text).to.contain("a &quot;quoted&quot;, &lt;b&gt;name&lt;/b&gt;.tar").and.not.contain("<b>name");
  });

  it("bills an entry from its upload to its deletion", async () => {
    await world.writeFile("costs.dat", randomFile(4 * 1024 * 1024));
    const id = await world.upload("costs.dat", "--regions", "us-east-1,us-west-2");
    const entryOf = async () => {
      const { stdout } = await succeed(cost("--staging-id", id, "--format", "json"));
      const { entries, cost: sum } = JSON.parse(stdout) as CostJson;
      return { entry: entries[0], entries: entries.length, sum };
    };
    const { entry, sum, entries } = await entryOf();
    expect(entries).to.equal(1);
    expect(entry).to.include({ staging_id: id, filename: "costs.dat", ended_at: null, operations: 1 });
    expect(sum.replication).to.equal(0.000078);
    await succeed(world.spawn("stage", "delete", id, "--yes"));
    const deleted = await entryOf();
    expect(deleted.entry?.ended_at).to.match(/^20\d\d-/);
    expect(deleted.sum.replication).to.equal(0.000078);
  });

  it("bills the S3 objects of an upload without a ledger row, by its ID and apart from the totals", async () => {
    const id = "stage-0f0f0f0f0f0f";
    const s3 = (await world.aws()).s3("us-west-2");
    const key = { Bucket: bucketOf("us-west-2"), Key: `${id}/big.bin` };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(key));
    const part = { ...key, UploadId, PartNumber: 1, Body: Buffer.alloc(6 * 1024 * 1024) };
    await s3.send(new UploadPartCommand(part));
    const small = { ...key, Key: `${id}/small.bin` };
    await s3.send(new PutObjectCommand({ ...small, Body: "small" }));
    for (const args of [[], ["--staging-id", id]]) {
      const { stdout } = await succeed(cost("--format", "json", ...args));
      const { unfinished, operations } = JSON.parse(stdout) as CostJson;
      if (args.length > 0) expect(operations).to.equal(0);
      const [found] = unfinished?.entries.filter(({ staging_id }) => staging_id === id) ?? [];
      expect(found).to.deep.include({ regions: ["us-west-2"], bytes: 6 * 1024 * 1024 + 5, open_uploads: 1 });
      expect(found?.cost_per_day).to.equal(0.000004);
    }
    expect((await succeed(cost())).stdout).to.contain("Unfinished Uploads (not in the total): ");
    await s3.send(new AbortMultipartUploadCommand({ ...key, UploadId }));
    for (const { versionId } of await (await world.aws()).versions("us-west-2", key.Bucket, `${id}/`))
      await s3.send(new DeleteObjectCommand({ ...small, VersionId: versionId }));
  });

  it("reports an empty period, and explains invalid options", async () => {
    const [empty, emptyCsv, form, future, turned, unknown, aws, folder] = await Promise.all([
      cost("--since", "2025-02-10", "--until", "2025-02-11"),
      cost("--since", "2025-02-10", "--until", "2025-02-11", "--format", "csv"),
      cost("--since", "last tuesday"),
      cost("--since", "2999-01-01"),
      cost("--since", "2025-03-31", "--until", "2025-03-01"),
      cost("--staging-id", "stage-0123456789ab"),
      cost(...MARCH, "--prices", "aws"),
      cost(...MARCH, "--output", "no such folder/costs.txt"),
    ]);
    expect(empty).to.deep.equal({
      code: 0,
      stdout: "Staging Cost Report (2025-02-10 to 2025-02-11)\n\nNothing was staged in this period.\n",
      stderr: "",
    });
    expect(emptyCsv).to.deep.equal({
      code: 0,
      stdout: `${COST_COLUMNS.join()}\r\n`,
      stderr: "Nothing was staged in this period.\n",
    });
    for (const [ended, text] of [
      [form, 'Error: --since "last tuesday" is not a time\n'],
      [future, 'Error: --since "2999-01-01" is in the future\n'],
      [turned, 'Error: --since "2025-03-31" is not before --until "2025-03-01"\n'],
      [unknown, "Error: no staging entry stage-0123456789ab was ever in environment dev\n"],
    ] as const) {
      expect(ended).to.include({ code: 2, stdout: "" });
      expect(ended.stderr).to.contain(text).and.contain("\nFix: ");
    }
    expect(form.stderr).to.contain("yesterday, 30 days ago, 2 weeks");
    expect(aws.stdout).to.contain("\nPrices: aws\n").and.contain("\n  Replication: $2.20 (");
    expect(folder).to.include({ code: 1, stdout: "" });
    expect(folder.stderr).to.contain("Error: no such folder/costs.txt could not be written\n");
  });
});
