import { InputError, UserError } from "../../../staging/errors.ts";
import type { LedgerRow } from "../../../staging/ledger.ts";
import type { Period } from "../../../staging/period.ts";
import type { PriceBookName } from "../../../staging/price-book.ts";
import { priceBook } from "../../../staging/price-books.ts";
import type { Context } from "../../context.ts";
import { type LedgerFilter, ledgerPages } from "./ledger.ts";
import { CostReporter } from "./reporter.ts";
import type { CostReport } from "./result.ts";

interface CostQuestion {
  readonly period: Period;
  readonly filter: LedgerFilter;
  readonly prices: PriceBookName;
  readonly now: Date;
}

/**
 * The cost report of an environment: from its usage ledger, and separately the current charges of S3 that are not in the ledger.
 * A report on a sweep, or on a period in the past, does not have the second part.
 * @param onProblem called with rows and buckets that cannot be read; the report still counts the others
 * @throws InputError if neither the ledger nor a bucket knows the entry, or the price book lacks one of its regions
 */
export async function costReport(
  context: Pick<Context, "s3" | "store" | "settings" | "tables">,
  { period, filter, prices, now }: CostQuestion,
  onProblem: (error: Error) => void,
): Promise<CostReport> {
  const reporter = new CostReporter(period, priceBook(prices), now, filter);
  const counted = new Set<string>();
  let unknown: unknown;
  try {
    for await (const page of ledgerPages(await context.tables(), filter, onProblem)) {
      for (const row of page) {
        if (!countRow(reporter, row, filter, onProblem)) continue;
        const last = row.lives.at(-1);
        if (last !== undefined && last.closedAt === undefined) counted.add(row.stagingId);
      }
    }
  } catch (error) {
    if (!(error instanceof InputError) || filter.stagingId === undefined) throw error;
    unknown = error;
  }
  if (filter.sweepId !== undefined || period.until < now) {
    if (unknown !== undefined) throw unknown;
    return reporter.report();
  }
  const { unfinishedCost } = await import("./unfinished.ts");
  const question = { stagingId: filter.stagingId, isCounted: (id: string) => counted.has(id) };
  const unfinished = await unfinishedCost(context, { ...question, prices: priceBook(prices) }, onProblem);
  if (unknown !== undefined && unfinished.entries.length === 0) throw unknown;
  return { ...reporter.report(), unfinished };
}

/**
 * Counts a row of the ledger. A row with impossible values must not prevent a report about the others.
 * @returns whether it was counted
 * @throws UserError if the filter names this row
 */
function countRow(
  reporter: CostReporter,
  row: LedgerRow,
  { stagingId }: LedgerFilter,
  onProblem: (error: Error) => void,
): boolean {
  try {
    reporter.add(row);
    return true;
  } catch (error) {
    if (!(error instanceof UserError) || stagingId !== undefined) throw error;
    onProblem(
      new UserError(`the cost of ${row.stagingId} is not counted: ${error.message}`, {
        why: "Its usage row in DynamoDB was changed by hand, or all amounts together are too large.",
        cause: error,
      }),
    );
    return false;
  }
}
