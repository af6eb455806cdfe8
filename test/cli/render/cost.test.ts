import { expect } from "chai";
import { COST_COLUMNS, renderCostCsv } from "../../../cli/render/cost-csv.ts";
import { renderCostPage } from "../../../cli/render/cost-page/page.ts";
import { renderCostReport } from "../../../cli/render/cost-text.ts";
import { toCostJson } from "../../../cli/services/cost/json.ts";
import type { UnfinishedCost } from "../../../cli/services/cost/unfinished.ts";
import { parseStagingId } from "../../../staging/ids.ts";
import { dollars, type MicroDollars, toDollars } from "../../../staging/money.ts";
import { GIB } from "../../../staging/units.ts";
import { parseCsv } from "../csv.ts";
import { ledgerItem, reportOf } from "../ledger.ts";

const FOUR = ["us-east-1", "us-west-2", "eu-west-1", "ap-south-1"];
const CLOSED = { closed_at: "2026-11-17T12:00:00Z" };
const USED = { "instances_in_us-east-1": 5, "instances_in_us-west-2": 24, "instances_in_eu-west-1": 6 };
/** Of different sizes, of two sweeps, one with a name that every format must escape. */
const ITEMS = [
  ledgerItem("abc123def456", { ...CLOSED, size_bytes: 500 * GIB, regions: FOUR, ...USED }),
  ledgerItem("def456abc123", {
    ...CLOSED,
    size_bytes: 300 * GIB,
    regions: FOUR.slice(0, 3),
    sweep_id: "sweep-xyz789",
  }),
  ledgerItem("0123456789ab", { ...CLOSED, size_bytes: 200 * GIB, filename: 'données "x", y\n.tar' }),
  ledgerItem("000000000001", { ...CLOSED, size_bytes: 1, ttl_days: 90, closed_at: undefined }),
];

describe("The cost report", () => {
  it("has the guide's layout", () => {
    expect(renderCostReport(reportOf(ITEMS))).to.equal(`Staging Cost Report (Last 30 Days)

Total Staging Operations: 4
Total Data Staged: 1000.0 GB
Total Cost: $63.71

Breakdown:
  Replication: $46.00 (72%)
  Storage: $17.71 (28%)

Top Staging by Cost:
  1. stage-abc123def456 (500GB, 4 regions): $40.73
  2. stage-def456abc123 (300GB, 3 regions): $16.83
  3. stage-0123456789ab (200GB, 2 regions): $6.15

Savings vs. Direct Transfer: $1,286.29 (95.3%)
`);
  });

  it("shows its filters", () => {
    const text = renderCostReport(reportOf(ITEMS, { filter: { sweepId: "sweep-xyz789" } }));
    expect(text).to.match(
      /^Staging Cost Report \(Last 30 Days\)\nSweep ID: sweep-xyz789\n\nTotal Staging Operations: 1\n/,
    );
  });

  it("reports an empty period, and a period without savings", () => {
    expect(renderCostReport(reportOf(ITEMS, { since: "2026-01-01", until: "2026-01-31" }))).to.equal(
      "Staging Cost Report (2026-01-01 to 2026-01-31)\n\nNothing was staged in this period.\n",
    );
    const savings = (changes: Record<string, unknown>) =>
      renderCostReport(reportOf([ledgerItem("a", changes)])).split("Savings vs. Direct Transfer: ")[1];
    expect(savings({})).to.equal("none yet (no instance outside the primary region)\n");
    expect(savings({ regions: FOUR, ttl_days: 30, "instances_in_us-west-2": 1 })).to.equal(
      "none yet (direct transfer would have cost $9.00)\n",
    );
  });

  it("shows zero as zero, and small amounts as such", () => {
    const text = renderCostReport(reportOf([ledgerItem("a", { size_bytes: 0 })]));
    expect(text).to.contain("Total Cost: $0.00\n").and.contain("  Replication: $0.00 (0%)\n");
    expect(renderCostReport(reportOf([ledgerItem("a", { size_bytes: 10_000_000 })]))).to.contain(
      "Total Cost: <$0.01\n",
    );
  });

  it("has the same figures as CSV, which parses back, and as JSON", () => {
    const report = reportOf(ITEMS);
    const json = toCostJson(report);
    const [head, ...rows] = parseCsv(renderCostCsv(report, "raw"));
    expect(head).to.deep.equal(COST_COLUMNS);
    expect(rows).to.have.length(4);
    const column = (name: string) => rows.map((row) => row[COST_COLUMNS.indexOf(name)] ?? "");
    const total = (name: string) =>
      column(name).reduce((sum, text) => sum + dollars(Number(text)), 0) as MicroDollars;
    expect(json.cost).to.deep.equal({
      replication: toDollars(total("replication_usd")),
      storage: toDollars(total("storage_usd")),
      noncurrent: 0,
      requests: 0,
      total: toDollars(total("total_usd")),
    });
    expect(json.savings.direct).to.equal(toDollars(total("direct_usd")));
    expect(column("staged_bytes").reduce((sum, text) => sum + Number(text), 0)).to.equal(json.staged_bytes);
    expect(column("filename")[2]).to.equal('données "x", y\n.tar');
    expect(column("regions")[0]).to.equal("us-east-1 us-west-2 eu-west-1 ap-south-1");
    expect(column("ended_at")).to.deep.equal([...Array(3).fill("2026-11-17T12:00:00Z"), ""]);
    expect(json.entries.map(({ ended_at }) => ended_at ?? "")).to.deep.equal(column("ended_at"));
    expect(json.entries.map(({ cost }) => cost.total.toFixed(6))).to.deep.equal(column("total_usd"));
  });

  it("lists unfinished uploads separately in every format, and in no total", async () => {
    const unfinished: UnfinishedCost = {
      ...{ bytes: 60 * GIB, perDay: dollars(0.046) },
      entries: [
        {
          stagingId: parseStagingId("stage-0123456789ab"),
          ...{ regions: ["us-east-1"], bytes: 60 * GIB, openUploads: 1, perDay: dollars(0.046) },
        },
      ],
    };
    const report = { ...reportOf(ITEMS), unfinished };
    expect(renderCostReport(report)).to.contain(
      "\n\nUnfinished Uploads (not in the total): 1, 60.0 GB, $0.05 per day\n  stage-0123456789ab (60GB, us-east-1): $0.05 per day\n",
    );
    const { unfinished: part, ...json } = toCostJson(report);
    expect(part).to.deep.equal({
      ...{ count: 1, bytes: 60 * GIB, cost_per_day: 0.046 },
      entries: [
        {
          staging_id: "stage-0123456789ab",
          ...{ regions: ["us-east-1"], bytes: 60 * GIB, open_uploads: 1, cost_per_day: 0.046 },
        },
      ],
    });
    const { unfinished: none, ...plain } = toCostJson(reportOf(ITEMS));
    expect(none).to.equal(null);
    expect(json).to.deep.equal(plain);
    const [head = [], ...rows] = parseCsv(renderCostCsv(report));
    expect(rows).to.have.length(5);
    const last = Object.fromEntries(head.map((name, at) => [name, rows[4]?.[at]]));
    expect(last).to.include({ staging_id: "stage-0123456789ab", total_usd: "", size_bytes: "" });
    expect(last).to.include({ unfinished_bytes: String(60 * GIB), unfinished_usd_per_day: "0.046000" });
    const page = await renderCostPage(report);
    expect(page).to.contain("Unfinished uploads").and.contain("<code>stage-0123456789ab</code>");
    expect(await renderCostPage(reportOf(ITEMS))).to.not.contain("Unfinished uploads");
  });

  it("keeps its columns and its keys", () => {
    expect(COST_COLUMNS.join()).to.equal(
      "staging_id,filename,sweep_id,size_bytes,regions,uploaded_at,ended_at,operations,staged_bytes,replication_usd,storage_usd,total_usd,remote_instances,direct_usd,unfinished_bytes,unfinished_usd_per_day,noncurrent_usd,requests_usd",
    );
    const { entries, by_day, ...rest } = toCostJson(reportOf(ITEMS.slice(0, 1)));
    const none = { noncurrent: 0, requests: 0 };
    const cost = { replication: 30, storage: 10.733332, ...none, total: 40.733332 };
    expect(entries).to.deep.equal([
      {
        staging_id: "stage-abc123def456",
        filename: "abc123def456.fasta",
        sweep_id: null,
        size_bytes: 500 * GIB,
        regions: FOUR,
        uploaded_at: "2026-11-10T12:00:00Z",
        ended_at: "2026-11-17T12:00:00Z",
        operations: 1,
        staged_bytes: 500 * GIB,
        cost,
        remote_instances: 30,
        direct: 1350,
      },
    ]);
    expect(by_day).to.have.length(31);
    expect(by_day[16]).to.deep.equal({
      date: "2026-11-10",
      cost: { replication: 30, storage: 0.766668, ...none, total: 30.766668 },
    });
    const { by_region, ...totals } = rest;
    expect(totals).to.deep.equal({
      period: { since: "2026-10-25T12:00:00Z", until: "2026-11-24T12:00:00Z", label: "Last 30 Days" },
      prices: "guide",
      operations: 1,
      staged_bytes: 500 * GIB,
      cost,
      savings: { direct: 1350, saved: 1309.266668, share: 1309.266668 / 1350 },
      by_sweep: [{ sweep_id: null, entries: 1, cost, direct: 1350 }],
      unfinished: null,
    });
    expect(by_region[3]).to.deep.equal({
      region: "us-east-1",
      cost: { replication: 0, storage: 2.683333, ...none, total: 2.683333 },
    });
  });
});
