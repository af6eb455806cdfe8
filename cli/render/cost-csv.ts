import type { MicroDollars } from "../../staging/money.ts";
import { isoSeconds } from "../../staging/ttl.ts";
import type { CostReport, EntryCost } from "../services/cost/result.ts";
import type { UnfinishedEntry } from "../services/cost/unfinished.ts";
import { type CsvColumns, type CsvForm, csvHead, csvLine, csvRows } from "./csv.ts";

/**
 * Amounts are US dollars with six decimals, dates UTC. Each row is an entry; the totals of the report are the sums of the
 * columns.
 */
const COLUMNS: CsvColumns<EntryCost> = {
  staging_id: ({ stagingId }) => stagingId,
  filename: ({ filename }) => filename,
  sweep_id: ({ sweepId }) => sweepId ?? "",
  /** From the last upload in the period. */
  size_bytes: ({ sizeBytes }) => String(sizeBytes),
  /** Separated by spaces, the primary region first. */
  regions: ({ regions }) => regions.join(" "),
  uploaded_at: ({ uploadedAt }) => isoSeconds(uploadedAt),
  /** Empty while the data exist. */
  ended_at: ({ endedAt }) => (endedAt === undefined ? "" : isoSeconds(endedAt)),
  operations: ({ operations }) => String(operations),
  staged_bytes: ({ stagedBytes }) => String(stagedBytes),
  replication_usd: ({ replication }) => amount(replication),
  storage_usd: ({ storage }) => amount(storage),
  total_usd: ({ total }) => amount(total),
  remote_instances: ({ remoteInstances }) => String(remoteInstances),
  direct_usd: ({ direct }) => amount(direct),
  /** For unfinished uploads only, which the totals exclude; empty in the rows of entries. */
  unfinished_bytes: () => "",
  unfinished_usd_per_day: () => "",
  noncurrent_usd: ({ noncurrent }) => amount(noncurrent),
  requests_usd: ({ requests }) => amount(requests),
};

export const COST_COLUMNS: readonly string[] = Object.keys(COLUMNS);

/** The report's entries as CSV. */
export function renderCostCsv({ entries, unfinished }: CostReport, form?: CsvForm): string {
  const open = (unfinished?.entries ?? []).map((entry) =>
    csvLine(
      COST_COLUMNS.map((name) => cellOf(entry, name)),
      form,
    ),
  );
  return [csvHead(COLUMNS), csvRows(COLUMNS, entries, form), ...open].join("");
}

/** An unfinished upload is a row with its own columns only, so that the sums of the others are the report's totals. */
function cellOf({ stagingId, regions, bytes, perDay }: UnfinishedEntry, column: string): string {
  const cells: Readonly<Record<string, string>> = {
    staging_id: stagingId,
    regions: regions.join(" "),
    unfinished_bytes: String(bytes),
    unfinished_usd_per_day: amount(perDay),
  };
  return cells[column] ?? "";
}

/** All six decimals, so that the sum of the column is the total. */
const amount = (money: MicroDollars): string => (money / 1_000_000).toFixed(6);
