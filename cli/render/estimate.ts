import { downloadCost, replicationCost } from "../../staging/cost.ts";
import { EXCLUDED_CHARGES } from "../../staging/excluded-charges.ts";
import { formatMoney, subtractMoney, ZERO } from "../../staging/money.ts";
import { textOf } from "../screen.ts";
import type { Alternative, Estimate, EstimatedSource, EstimateMetadata } from "../services/cost/estimate.ts";
import { renderBars } from "./bars.ts";
import { csvLine } from "./csv.ts";
import { compactSize, formatGb, formatSize } from "./estimate-sizes.ts";
import { breakdown, storageTimeLines } from "./estimate-storage.ts";
import { REQUESTER_PAYS } from "./summary.ts";
import { formatShare, plural, priceRange } from "./text.ts";

interface EstimateView {
  readonly estimate: Estimate;
  /** The result with AWS's list prices, shown below the guide's figures. */
  readonly aws: Alternative;
  readonly source?: EstimatedSource | undefined;
  /** Whether the account of the credentials pays for reading the source. */
  readonly requestPayer?: boolean;
  /** Columns of the terminal. */
  readonly columns: number;
}

/** The estimate as text: the guide's layout, a bar chart, and the result with AWS's list prices. */
export function renderEstimate({ estimate, aws, source, columns, requestPayer }: EstimateView): string {
  const { regions, instancesPerRegion, compared, staging } = estimate;
  return textOf([
    `Dataset: ${datasetOf(estimate, source)}`,
    `Instances: ${instancesPerRegion.toLocaleString("en-US")} per region`,
    `Regions: ${regions.length} (${regions.join(", ")})`,
    "",
    "Scenario A: Direct Downloads (No Staging)",
    ...directLines(estimate),
    "",
    "Scenario B: Data Staging",
    ...stagingLines(estimate),
    "",
    `Savings: ${savingsText(estimate)}`,
    "",
    `Break-even: ${breakEvenText(estimate.breakEven)}`,
    `Recommendation: ${recommendationText(estimate)}`,
    "",
    ...renderBars(
      [
        { name: "Direct downloads", value: compared.direct, label: formatMoney(compared.direct) },
        { name: "Data staging", value: staging.total, label: formatMoney(staging.total) },
      ],
      columns,
    ),
    "",
    ...pricesLines(estimate, aws),
    ...(requestPayer === true ? [REQUESTER_PAYS] : []),
    "",
  ]);
}

function datasetOf({ sizeBytes }: Estimate, source: EstimatedSource | undefined): string {
  const size = formatSize(sizeBytes);
  if (source === undefined) return size;
  const { filename, fileCount } = source;
  const name = filename;
  return fileCount === undefined ? `${size} (${name})` : `${size} (${name}/, ${plural(fileCount, "file")})`;
}

function directLines({ sizeBytes, regions, instancesPerRegion, prices, compared }: Estimate): string[] {
  const [primary, ...others] = regions;
  if (others.length === 0) {
    return [`  Cross-region transfers: none (every instance is in ${primary})`, "  Cost: $0.00"];
  }
  const size = compactSize(sizeBytes);
  const instances = plural(instancesPerRegion, "instance");
  const each = formatGb(sizeBytes * instancesPerRegion);
  const all = formatGb(sizeBytes * instancesPerRegion * others.length);
  const paid = others.map((region) => prices.downloadPerGb(primary, region));
  return [
    `  Cross-region transfers: ${size} × ${plural(others.length, "region")} × ${instances} = ${all}`,
    `  Cost: ${all} × ${priceRange(paid)}/GB = ${formatMoney(compared.direct)}`,
    ...breakdown(others, paid, (region, price) => {
      const cost = downloadCost(sizeBytes, primary, region, instancesPerRegion, prices);
      return `to ${region}: ${each} × ${price}/GB = ${formatMoney(cost)}`;
    }),
  ];
}

function stagingLines(estimate: Estimate): string[] {
  const { sizeBytes, regions, prices, staging } = estimate;
  const [primary, ...others] = regions;
  const size = compactSize(sizeBytes);
  const replicated = others.map((region) => prices.replicationPerGb(primary, region));
  return [
    others.length === 0
      ? "  Replication: none (one region)"
      : `  Replication: ${size} × ${plural(others.length, "region")} × ${priceRange(replicated)}/GB = ${formatMoney(staging.replication)}`,
    ...breakdown(others, replicated, (region, price) => {
      const cost = replicationCost(sizeBytes, primary, [region], prices);
      return `to ${region}: ${size} × ${price}/GB = ${formatMoney(cost)}`;
    }),
    ...storageTimeLines(estimate),
    ...(prices.requestsPer1000 === undefined ? [] : [`  Requests: ${formatMoney(staging.requests)}`]),
    "  Downloads (within region): FREE",
    `  Total: ${formatMoney(staging.total)}`,
  ];
}

function savingsText({ compared: { saved, share } }: Estimate): string {
  if (share === undefined) return "none possible (within a region downloads are free)";
  if (saved > 0) return `${formatMoney(saved)} (${formatShare(share)} reduction)`;
  return saved === 0
    ? "none (both cost the same)"
    : `none (staging costs ${formatMoney(subtractMoney(ZERO, saved))} more)`;
}

function breakEvenText(breakEven: number | undefined): string {
  return breakEven === undefined
    ? "never (within a region downloads are free)"
    : `${plural(breakEven, "instance")} per region`;
}

function recommendationText({ recommendation, sizeBytes, instancesPerRegion, breakEven }: Estimate): string {
  switch (recommendation) {
    case "required":
      return "✅ Use staging (required: above 1 TB direct downloads may be impractical)";
    case "highly-recommended":
      return "✅ Use staging (highly cost-effective)";
    case "recommended":
      return "✅ Use staging (cost-effective)";
    case "optional":
      return "➖ Optional (cost-effective, but savings below 10 GB are small)";
    case "skip":
      if (breakEven === undefined) return "❌ Skip staging (a single region needs none)";
      if (instancesPerRegion < breakEven) {
        return `❌ Skip staging (it saves money from ${plural(breakEven, "instance")} per region)`;
      }
      return `❌ Skip staging (${formatSize(sizeBytes)} cost almost nothing to transfer)`;
  }
}

/** The price book in use, and the result of the other one. */
function pricesLines({ prices }: Estimate, aws: Alternative): string[] {
  if (prices.sources !== undefined) {
    const { storagePerGbMonth, transferPerGb, requestsPer1000 } = prices.sources;
    return [
      `AWS's list prices: storage as of ${storagePerGbMonth.date}, transfers as of ${transferPerGb.date}, requests as of ${requestsPer1000.date}.`,
      "Not counted:",
      ...EXCLUDED_CHARGES.map((line) => `  - ${line}`),
    ];
  }
  if ("missing" in aws) return [`With AWS's list prices: not known, ${aws.missing}.`];
  const { compared, breakEven } = aws.estimate;
  const saved =
    compared.share === undefined
      ? "no savings possible"
      : compared.saved > 0
        ? `savings of ${formatMoney(compared.saved)} (${formatShare(compared.share)})`
        : "no savings";
  const even =
    breakEven === undefined ? "no break-even" : `break-even at ${plural(breakEven, "instance")} per region`;
  return [`With AWS's list prices: ${saved}, ${even}. For the calculation: --prices aws`];
}

/** The estimate as CSV: a header and a row, with the keys and figures of `--format json`. */
export function renderEstimateCsv(metadata: EstimateMetadata): string {
  const cells = Object.values(metadata).map((value) =>
    typeof value === "object" ? value?.join(",") : value,
  );
  return csvLine(Object.keys(metadata)) + csvLine(cells);
}
