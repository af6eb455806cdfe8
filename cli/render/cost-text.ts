import { formatMoney } from "../../staging/money.ts";
import { formatBytes, formatInteger } from "../../staging/units.ts";
import { textOf } from "../screen.ts";
import type { CostReport, EntryCost } from "../services/cost/result.ts";
import { compactBytes, formatShare, plural } from "./text.ts";

/** The number in the guide's report. */
const TOP = 3;

/** The report as text, in the guide's layout. */
export function renderCostReport(report: CostReport): string {
  return textOf([
    `Staging Cost Report (${report.period.label})`,
    ...filterLines(report),
    "",
    ...(report.operations === 0 ? ["Nothing was staged in this period."] : bodyLines(report)),
    ...unfinishedLines(report),
    "",
  ]);
}

function filterLines({ filter, prices }: CostReport): string[] {
  return [
    ...(filter.stagingId === undefined ? [] : [`Staging ID: ${filter.stagingId}`]),
    ...(filter.sweepId === undefined ? [] : [`Sweep ID: ${filter.sweepId}`]),
    ...(prices === "guide" ? [] : [`Prices: ${prices}`]),
  ];
}

function bodyLines(report: CostReport): string[] {
  return [
    `Total Staging Operations: ${formatInteger(report.operations)}`,
    `Total Data Staged: ${formatBytes(report.stagedBytes)}`,
    `Total Cost: ${formatMoney(report.total)}`,
    "",
    "Breakdown:",
    `  Replication: ${formatMoney(report.replication)} (${percent(report.replication, report.total)})`,
    `  Storage: ${formatMoney(report.storage)} (${percent(report.storage, report.total)})`,
    ...awsLines(report),
    "",
    "Top Staging by Cost:",
    ...report.entries.slice(0, TOP).map((entry, at) => `  ${at + 1}. ${topLine(entry)}`),
    "",
    `Savings vs. Direct Transfer: ${savingsOf(report)}`,
  ];
}

/** Charges that only AWS's prices include. */
function awsLines({ prices, noncurrent, requests, total }: CostReport): string[] {
  if (prices === "guide") return [];
  return [
    `  Storage after expiry: ${formatMoney(noncurrent)} (${percent(noncurrent, total)})`,
    `  Requests: ${formatMoney(requests)} (${percent(requests, total)})`,
  ];
}

/** Unfinished uploads and leftovers of deletions, which the totals exclude. */
function unfinishedLines({ unfinished }: CostReport): string[] {
  if (unfinished === undefined || unfinished.entries.length === 0) return [];
  const { entries, bytes, perDay } = unfinished;
  const more = entries.length - TOP;
  return [
    "",
    `Unfinished Uploads (not in the total): ${formatInteger(entries.length)}, ${formatBytes(bytes)}, ${formatMoney(perDay)} per day`,
    ...entries
      .slice(0, TOP)
      .map(
        (entry) =>
          `  ${entry.stagingId} (${compactBytes(entry.bytes)}, ${entry.regions.join(", ")}): ${formatMoney(entry.perDay)} per day`,
      ),
    ...(more > 0 ? [`  and ${formatInteger(more)} more`] : []),
  ];
}

function topLine({ stagingId, sizeBytes, regions, total }: EntryCost): string {
  const where = plural(regions.length, "region");
  return `${stagingId} (${compactBytes(sizeBytes)}, ${where}): ${formatMoney(total)}`;
}

/** The savings of staging, as text if there are none. */
export function savingsOf({ compared }: CostReport): string {
  if (compared.share === undefined) return "none yet (no instance outside the primary region)";
  return compared.saved > 0
    ? `${formatMoney(compared.saved)} (${formatShare(compared.share)})`
    : `none yet (direct transfer would have cost ${formatMoney(compared.direct)})`;
}

/** A share, in whole per cent. */
function percent(part: number, whole: number): string {
  return whole === 0 ? "0%" : `${Math.round((part / whole) * 100)}%`;
}
