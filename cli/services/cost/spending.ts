import type { Savings } from "../../../staging/cost.ts";
import type { Generation, LedgerRow } from "../../../staging/ledger.ts";
import type { MicroDollars } from "../../../staging/money.ts";
import { GUIDE_PRICES, type PriceBook } from "../../../staging/price-book.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { CostReporter } from "./reporter.ts";

/** What an entry has cost so far, and what its use would have cost without it. */
export interface Spending {
  readonly replication: MicroDollars;
  /** For the time in which the data were in each region until now, or until S3 removed them. */
  readonly storageToDate: MicroDollars;
  readonly total: MicroDollars;
  /** Instances outside the primary region that fetched the data: what direct downloads would have been paid for. */
  readonly remoteInstances: number;
  readonly compared: Savings;
}

/**
 * Computes the {@link Spending} of an entry at the time `now` as `stage cost` does it: from the places that the ledger has
 * it in, under whichever upload, and from the downloads that were really made.
 * @throws InputError when the price book lacks one of its regions
 */
export function spendingOf(
  record: StagingRecord,
  row: LedgerRow,
  now: Date,
  prices: PriceBook = GUIDE_PRICES,
): Spending {
  // Servers differ by moments, which must not make an upload one of the future.
  const until = new Date(Math.max(now.getTime(), record.uploadedAt.getTime() + 1));
  const reporter = new CostReporter({ since: new Date(0), until, label: "", cut: false }, prices, until);
  reporter.add({ ...row, lives: livesWith(record, row.lives) });
  const { replication, storage, total, compared, entries } = reporter.report();
  const remoteInstances = entries.reduce((sum, entry) => sum + entry.remoteInstances, 0);
  return { replication, storageToDate: storage, total, remoteInstances, compared };
}

/** The ledger's lives, with the record's own where its row was lost. */
function livesWith(record: StagingRecord, lives: readonly Generation[]): readonly Generation[] {
  const { filename, sizeBytes, fileCount, uploadedAt, sweepId, regions, ttl } = record;
  if (lives.some((life) => life.uploadedAt.getTime() === uploadedAt.getTime())) return lives;
  const placements = [{ from: uploadedAt, regions, ttlDays: ttl }];
  return [...lives, { filename, sizeBytes, fileCount, uploadedAt, closedAt: undefined, sweepId, placements }];
}
