import { replicationCost, type StagingCost, stagingCost } from "./cost.ts";
import { formatMoney, toDollars } from "./money.ts";
import { GUIDE_PRICES } from "./price-book.ts";
import { formatBytes } from "./units.ts";

/** The data that the creation of an entry moves. */
export interface Transfer {
  readonly sizeBytes: number;
  readonly fileCount: number;
  /** The primary region first. */
  readonly regions: readonly [string, ...string[]];
  readonly ttlDays: number;
}

/** The cost until the expiry, at the guide's prices as in the entry's record. */
const costOf = ({ sizeBytes, regions, ttlDays }: Transfer): StagingCost =>
  stagingCost(sizeBytes, regions, ttlDays, GUIDE_PRICES);

/** Replication, and storage until the expiry, in US dollars. */
export const estimatedCost = (transfer: Transfer): number => toDollars(costOf(transfer).total);

/** As {@link describeTransfer}, of a region that an existing entry gets. */
export function describeReplica(
  sizeBytes: number,
  { from, to }: { readonly from: string; readonly to: string },
): string {
  const cost = formatMoney(replicationCost(sizeBytes, from, [to], GUIDE_PRICES));
  return `would copy ${formatBytes(sizeBytes)} from ${from} to ${to}; estimated cost: ${cost}, and storage until the expiry`;
}

/** `would move 120.7 MB (3 files) to us-east-1, and replicate to us-west-2; estimated cost: $0.01 for 7 days`. */
export function describeTransfer(transfer: Transfer): string {
  const { sizeBytes, fileCount, regions, ttlDays } = transfer;
  const [primary, ...others] = regions;
  const files = fileCount === 1 ? "1 file" : `${fileCount} files`;
  const replicas = others.length === 0 ? "" : `, and replicate to ${others.join(", ")}`;
  const days = ttlDays === 1 ? "1 day" : `${ttlDays} days`;
  const cost = formatMoney(costOf(transfer).total);
  return `would move ${formatBytes(sizeBytes)} (${files}) to ${primary}${replicas}; estimated cost: ${cost} for ${days}`;
}
