import { GUIDE_PRICES, type PriceBook, type Savings, savings, stagingCost } from "../../staging/cost.ts";
import { addMoney, type MicroDollars, scaleMoney } from "../../staging/money.ts";
import type { StagingRecord } from "../../staging/record.ts";
import { expiresAt, MS_PER_DAY } from "../../staging/ttl.ts";
import { GIB } from "../../staging/units.ts";
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
  const regions = record.regions.length;
  const { replication } = stagingCost(record.sizeBytes, regions, record.ttl, prices);
  const end = Math.min(now.getTime(), expiresAt(record.uploadedAt, record.ttl).getTime());
  const milliseconds = Math.max(0, end - record.uploadedAt.getTime());
  const storageToDate = scaleMoney(
    prices.storagePerGbMonth,
    BigInt(record.sizeBytes) * BigInt(regions) * BigInt(milliseconds),
    BigInt(GIB) * BigInt(30 * MS_PER_DAY),
  );
  const total = addMoney(replication, storageToDate);
  const remoteInstances = Object.entries(usage.instancesByRegion)
    .filter(([region]) => region !== record.regions[0])
    .reduce((sum, [, count]) => sum + count, 0);
  const direct = scaleMoney(
    prices.directPerGb,
    BigInt(record.sizeBytes) * BigInt(remoteInstances),
    BigInt(GIB),
  );
  return { replication, storageToDate, total, remoteInstances, compared: savings(direct, total) };
}
