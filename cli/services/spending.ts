import { downloadCost, replicationCost, type Savings, savings, storageCost } from "../../staging/cost.ts";
import { addMoney, type MicroDollars } from "../../staging/money.ts";
import { GUIDE_PRICES, type PriceBook } from "../../staging/price-book.ts";
import type { StagingRecord } from "../../staging/record.ts";
import { expiresAt } from "../../staging/ttl.ts";
import type { UsageRow } from "../../staging/usage.ts";

/** What an entry has cost so far, and what its use would have cost without it. */
export interface Spending {
  readonly replication: MicroDollars;
  /** From the upload until now, or until the expiry where that is past. */
  readonly storageToDate: MicroDollars;
  readonly total: MicroDollars;
  /** Instances outside the primary region that fetched the data: what direct downloads would have been paid for. */
  readonly remoteInstances: number;
  readonly compared: Savings;
}

/** Computes the {@link Spending} of an entry at the time `now` from the downloads that were really made. */
export function spendingOf(
  record: StagingRecord,
  usage: UsageRow,
  now: Date,
  prices: PriceBook = GUIDE_PRICES,
): Spending {
  const { sizeBytes, regions } = record;
  const [primary, ...others] = regions;
  const replication = replicationCost(sizeBytes, primary, others, prices);
  const end = Math.min(now.getTime(), expiresAt(record.uploadedAt, record.ttl).getTime());
  const milliseconds = Math.max(0, end - record.uploadedAt.getTime());
  const storageToDate = storageCost(sizeBytes, regions, milliseconds, prices);
  const total = addMoney(replication, storageToDate);
  const remote = Object.entries(usage.instancesByRegion).filter(([region]) => region !== primary);
  const remoteInstances = remote.reduce((sum, [, count]) => sum + count, 0);
  const direct = addMoney(
    ...remote.map(([region, count]) => downloadCost(sizeBytes, primary, region, count, prices)),
  );
  return { replication, storageToDate, total, remoteInstances, compared: savings(direct, total) };
}
