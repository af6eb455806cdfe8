import { Flags } from "@oclif/core";
import { parseSweepId } from "../../../staging/entry.ts";
import { EXCLUDED_CHARGES } from "../../../staging/excluded-charges.ts";
import { checkTimes, parsePeriod, TIME_FORMS } from "../../../staging/period.ts";
import { BaseCommand } from "../../base-command.ts";
import { csvForm, ifGiven, pricesFlag, rawFlag } from "../../flags.ts";
import { writeData, writeOut } from "../../output.ts";
import type { CsvForm } from "../../render/csv.ts";
import { toJson } from "../../render/json.ts";
import { writeReportFile } from "../../report-file.ts";
import { serverTime } from "../../services/common/server-time.ts";
import { type CostJson, toCostJson } from "../../services/cost/json.ts";
import { costReport } from "../../services/cost/report.ts";
import type { CostReport } from "../../services/cost/result.ts";
import { resolveId } from "../../services/entry/resolve-id.ts";

const FORMATS = ["table", "json", "csv", "html"] as const;

export default class StageCost extends BaseCommand {
  static override summary = "Report the costs and savings of staging.";
  static override description =
    `Adds up the usage ledger, which contains every entry: deleted and expired entries count for the days on which their data existed.

A replication counts when a region gets its copy. Storage counts per millisecond, in every region, while the data exist. Expired data count until the 00:00 UTC at which S3 deletes them.

--prices aws also includes AWS's other charges: expired data for up to two more days, until S3 deletes their noncurrent versions, and the requests of uploads, copies and changes. Not included:
${EXCLUDED_CHARGES.map((line) => `- ${line}`).join("\n")}

Unfinished uploads and remains of deletions have no row in the ledger, though S3 charges for them. The report lists them separately, with their current bytes and their cost per day; the totals do not include them. spawn stage list --incomplete and spawn stage cleanup show how to remove them.

Savings count instances that downloaded the data outside the primary region: the cost of direct downloads, minus the cost of staging. The ledger counts these instances without a time, so an entry's downloads are spread evenly over the lifetime of its data, and a period gets its share.

Amounts are computed from a price book; they are not AWS's bill. All times are in UTC: a day as --since starts at its beginning, and as --until ends at its end.

--format csv has one row per entry, with these columns: staging_id, filename, sweep_id, size_bytes, regions, uploaded_at, ended_at, operations, staged_bytes, replication_usd, storage_usd, total_usd, remote_instances, direct_usd, unfinished_bytes, unfinished_usd_per_day, noncurrent_usd, requests_usd. The sums of a column are the totals of the report. Text that a spreadsheet would parse as a formula starts with an apostrophe; --raw prints the exact text.`;
  static override examples = [
    { description: "Report on the last 30 days", command: "<%= config.bin %> stage cost" },
    {
      description: "Report on a month",
      command: "<%= config.bin %> stage cost --since 2026-10-01 --until 2026-10-31",
    },
    {
      description: "Report on a sweep",
      command: "<%= config.bin %> stage cost --since '3 months ago' --sweep-id sweep-xyz789",
    },
    {
      description: "Save the entries for a spreadsheet",
      command: "<%= config.bin %> stage cost --format csv > staging-costs.csv",
    },
    {
      description: "Create a web page with charts, for offline use",
      command: "<%= config.bin %> stage cost --format html --output costs.html",
    },
  ];

  static override flags = {
    since: Flags.string({
      summary: "Start of the period. Default: 30 days ago.",
      description: `Formats, in UTC: ${TIME_FORMS.join(", ")}.`,
      helpValue: "TIME",
    }),
    until: Flags.string({
      summary: "End of the period; a day includes its end. Default: now.",
      helpValue: "TIME",
    }),
    "staging-id": Flags.string({
      summary: "Include only this entry: its ID, or its first digits.",
      helpValue: "ID",
    }),
    "sweep-id": Flags.string({ summary: "Include only data of this sweep.", helpValue: "ID" }),
    prices: pricesFlag(),
    format: Flags.option({
      options: FORMATS,
      default: "table",
      summary: "Output format: a table, a format for programs, or a web page.",
      helpValue: FORMATS.join("|"),
      exclusive: ["json"],
    })(),
    raw: rawFlag,
    output: Flags.string({
      summary: "Write to this file instead of stdout.",
      helpValue: "FILE",
      exclusive: ["json"],
    }),
  };

  async run(): Promise<CostJson | undefined> {
    const { flags } = await this.parse(StageCost);
    const form = csvForm(flags.raw, flags.format);
    checkTimes(flags.since, flags.until);
    const sweepId = ifGiven(flags["sweep-id"], parseSweepId);
    const context = this.contextOf(flags);
    const now = await serverTime(context);
    const period = parsePeriod(flags.since, flags.until, now);
    const stagingId = await ifGiven(flags["staging-id"], (id) => resolveId(context, id, "ledger"));
    const filter = { stagingId, sweepId };
    const question = { period, filter, prices: flags.prices, now };
    const report = await costReport(context, question, (error) => this.incomplete(error));
    if (period.cut) this.warn(`--until ${flags.until} is in the future: the period ends now.`);
    if (this.jsonEnabled()) return toCostJson(report);
    const text = await render(report, flags.format, form);
    if (flags.output === undefined) await (flags.format === "table" ? writeOut : writeData)(text);
    else {
      await writeReportFile(flags.output, text);
      this.note(`Written to ${flags.output}`);
    }
    if (report.operations === 0 && flags.format !== "table") this.note("Nothing was staged in this period.");
    return undefined;
  }
}

/** The renderers are loaded on demand: a page includes a charting library. */
async function render(report: CostReport, format: (typeof FORMATS)[number], form: CsvForm): Promise<string> {
  switch (format) {
    case "table":
      return (await import("../../render/cost-text.ts")).renderCostReport(report);
    case "csv":
      return (await import("../../render/cost-csv.ts")).renderCostCsv(report, form);
    case "html":
      return (await import("../../render/cost-page/page.ts")).renderCostPage(report);
    case "json":
      return toJson(toCostJson(report));
  }
}
