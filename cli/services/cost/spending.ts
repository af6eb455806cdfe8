import type { Savings } from "../../../staging/cost.ts";
import type { Generation, LedgerRow } from "../../../staging/ledger.ts";
import type { MicroDollars } from "../../../staging/money.ts";
import { GUIDE_PRICES } from "../../../staging/price-book.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { CostReporter } from "./reporter.ts";

/** The cost of an entry so far, compared with direct downloads. */
export interface Spending {
  readonly replication: MicroDollars;
  /** For each region, from the arrival of the data until now, or until S3 removed them. */
  readonly storageToDate: MicroDollars;
  readonly total: MicroDollars;
  /** Instances outside the primary region that downloaded the data. Their direct downloads would have cost money. */
  readonly remoteInstances: number;
  readonly compared: Savings;
}

/**
 * Computes the {@link Spending} of an entry at the time `now` like `stage cost`: from the ledger's placements of all its generations,
 * and from the counted downloads.
 * @throws InputError if the price book lacks one of its regions
 */
export function spendingOf(record: StagingRecord, row: LedgerRow, now: Date): Spending {
  // The clocks of servers differ slightly; an upload must not lie in the future.
  const until = new Date(Math.max(now.getTime(), record.uploadedAt.getTime() + 1));
  const reporter = new CostReporter(
    { since: new Date(0), until, label: "", cut: false },
    GUIDE_PRICES,
    until,
  );
  reporter.add({ ...row, lives: generationsWith(record, row.lives) });
  const { replication, storage, total, compared, entries } = reporter.report();
  const remoteInstances = entries.reduce((sum, entry) => sum + entry.remoteInstances, 0);
  return { replication, storageToDate: storage, total, remoteInstances, compared };
}

/** The ledger's generations, and the record's own if its row was lost. */
function generationsWith(record: StagingRecord, generations: readonly Generation[]): readonly Generation[] {
  const { filename, sizeBytes, fileCount, uploadedAt, sweepId, regions, ttl } = record;
  if (generations.some((one) => one.uploadedAt.getTime() === uploadedAt.getTime())) return generations;
  const placements = [{ from: uploadedAt, regions, ttlDays: ttl }];
  return [
    ...generations,
    { filename, sizeBytes, fileCount, uploadedAt, closedAt: undefined, sweepId, placements },
  ];
}
