import type { LedgerFilter } from "../../cli/services/cost/ledger.ts";
import { CostReporter } from "../../cli/services/cost/reporter.ts";
import type { CostReport } from "../../cli/services/cost/result.ts";
import { parseLedgerRow } from "../../staging/ledger.ts";
import { parsePeriod } from "../../staging/period.ts";
import { GUIDE_PRICES } from "../../staging/price-book.ts";
import { GIB } from "../../staging/units.ts";

export const NOW = new Date("2026-11-24T12:00:00Z");

/** A row of the usage table as the provider writes it: 100 GB in two regions for a week. */
export function ledgerItem(id: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  const row = {
    staging_id: `stage-${id.padEnd(12, "0")}`,
    filename: `${id}.fasta`,
    size_bytes: 100 * GIB,
    regions: ["us-east-1", "us-west-2"],
    uploaded_at: "2026-11-10T12:00:00Z",
    ttl_days: 7,
    opened_at: "2026-11-10T12:00:05Z",
    ...changes,
  };
  const { regions, ttl_days, uploaded_at } = row;
  return { history: [{ from: uploaded_at, regions, ttl_days }], revision: 1, ...row };
}

interface ReportOptions {
  readonly since?: string;
  readonly until?: string;
  readonly filter?: LedgerFilter;
}

/** The report of these rows at {@link NOW} under the guide's prices. */
export function reportOf(
  items: readonly Record<string, unknown>[],
  { since, until, filter }: ReportOptions = {},
): CostReport {
  const reporter = new CostReporter(parsePeriod(since, until, NOW), GUIDE_PRICES, NOW, filter);
  for (const item of items) reporter.add(parseLedgerRow(item));
  return reporter.report();
}
