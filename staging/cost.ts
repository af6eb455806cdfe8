import { addMoney, type MicroDollars, scaleMoney, subtractMoney, ZERO } from "./money.ts";
import type { PriceBook } from "./price-book.ts";
import { MS_PER_DAY } from "./ttl.ts";
import { GIB } from "./units.ts";

/*
 * The cost model. Its specification is the calculator of the user guide:
 *
 *   replication = GB × (regions − 1) × price
 *   storage     = GB × regions × price × days / 30
 *   direct      = GB × (regions − 1) × instances × price
 *
 * with one price for all regions there; here each region and each pair of regions has its own. Every amount is computed
 * in whole numbers and rounded once, to the micro-dollar, at its end.
 */

const DAYS_PER_MONTH = 30;
const MS_PER_MONTH = BigInt(DAYS_PER_MONTH * MS_PER_DAY);
const BYTES_PER_GB = BigInt(GIB);

/**
 * The cost of `bytes` in S3 Standard for `milliseconds`, one copy in each of `regions`. A month has 30 days; there
 * are no tiers, although https://aws.amazon.com/s3/pricing/ lowers prices above 50 TB per month.
 * @throws InputError if the price book lacks one of the regions
 */
export function storageCost(
  bytes: number,
  regions: readonly string[],
  milliseconds: number,
  prices: PriceBook,
): MicroDollars {
  const perGbMonth = addMoney(...regions.map((region) => prices.storagePerGbMonth(region)));
  return scaleMoney(perGbMonth, BigInt(bytes) * BigInt(milliseconds), BYTES_PER_GB * MS_PER_MONTH);
}

/**
 * The cost of replicating `bytes` from `primary` once to each of `others`.
 * @throws InputError if the price book lacks one of the pairs
 */
export function replicationCost(
  bytes: number,
  primary: string,
  others: readonly string[],
  prices: PriceBook,
): MicroDollars {
  const perGb = addMoney(...others.map((region) => prices.replicationPerGb(primary, region)));
  return scaleMoney(perGb, BigInt(bytes), BYTES_PER_GB);
}

/**
 * The cost of `downloads` downloads of `bytes` by instances in `to` from a bucket in `from`; zero within a region.
 * @throws InputError if the price book lacks the pair
 */
export function downloadCost(
  bytes: number,
  from: string,
  to: string,
  downloads: number,
  prices: PriceBook,
): MicroDollars {
  const perGb = addMoney(...(from === to ? [] : [prices.downloadPerGb(from, to)]));
  return scaleMoney(perGb, BigInt(bytes) * BigInt(downloads), BYTES_PER_GB);
}

export interface StagingCost {
  /** Replication to every other region, once. */
  readonly replication: MicroDollars;
  /** Storage in all regions for the given days. */
  readonly storage: MicroDollars;
  /** Storage of expired data until S3 deletes them permanently; zero with the guide's prices. */
  readonly noncurrent: MicroDollars;
  /** Requests to S3; zero with the guide's prices. */
  readonly requests: MicroDollars;
  /** Storage in all regions for one day. */
  readonly storagePerDay: MicroDollars;
  readonly total: MicroDollars;
}

/**
 * The cost by the guide's calculator of staging `bytes` in `regions`, the primary region first, for `days` days.
 * @throws InputError if the price book lacks a region or a pair of them
 */
export function stagingCost(
  bytes: number,
  regions: readonly string[],
  days: number,
  prices: PriceBook,
): StagingCost {
  const { primary, others } = split(regions);
  const replication = replicationCost(bytes, primary, others, prices);
  const storage = storageCost(bytes, regions, days * MS_PER_DAY, prices);
  const storagePerDay = storageCost(bytes, regions, MS_PER_DAY, prices);
  const total = addMoney(replication, storage);
  return { replication, storage, noncurrent: ZERO, requests: ZERO, storagePerDay, total };
}

/**
 * The cost if `instancesPerRegion` instances in each of `regions` downloaded `bytes` from the first region; downloads
 * in that region are free.
 * @throws InputError if the price book lacks a pair of regions
 */
export function directCost(
  bytes: number,
  regions: readonly string[],
  instancesPerRegion: number,
  prices: PriceBook,
): MicroDollars {
  const { primary, others } = split(regions);
  const perGb = addMoney(...others.map((region) => prices.downloadPerGb(primary, region)));
  return scaleMoney(perGb, BigInt(bytes) * BigInt(instancesPerRegion), BYTES_PER_GB);
}

/**
 * The smallest number of instances per region for which staging costs no more than direct downloads. It does not
 * depend on the size. It is exact, before any rounding.
 * @returns undefined if direct downloads are free (a single region), so that staging never saves money
 * @throws InputError if the price book lacks a region or a pair of them
 */
export function breakEvenInstances(
  regions: readonly string[],
  days: number,
  prices: PriceBook,
): number | undefined {
  const { primary, others } = split(regions);
  const months = BigInt(DAYS_PER_MONTH);
  const replication = addMoney(...others.map((region) => prices.replicationPerGb(primary, region)));
  const storage = addMoney(...regions.map((region) => prices.storagePerGbMonth(region)));
  const direct = addMoney(...others.map((region) => prices.downloadPerGb(primary, region)));
  if (direct === 0) return undefined;
  const staged = BigInt(replication) * months + BigInt(storage) * BigInt(days);
  const perInstance = BigInt(direct) * months;
  return Number((staged + perInstance - 1n) / perInstance);
}

/**
 * The smallest number of instances per region whose direct downloads cost at least `staged`.
 * @returns undefined if direct downloads are free (a single region)
 * @throws InputError if the price book lacks a pair of regions
 */
export function instancesFor(
  staged: MicroDollars,
  bytes: number,
  regions: readonly string[],
  prices: PriceBook,
): number | undefined {
  const { primary, others } = split(regions);
  const direct = addMoney(...others.map((region) => prices.downloadPerGb(primary, region)));
  const perInstance = BigInt(direct) * BigInt(bytes);
  if (perInstance === 0n) return undefined;
  return Number((BigInt(staged) * BYTES_PER_GB + perInstance - 1n) / perInstance);
}

export interface Savings {
  readonly direct: MicroDollars;
  readonly staged: MicroDollars;
  /** Negative if staging costs more. */
  readonly saved: MicroDollars;
  /** `saved` as a share of `direct`: at most 1, possibly negative; undefined if direct downloads are free. */
  readonly share: number | undefined;
}

export function savings(direct: MicroDollars, staged: MicroDollars): Savings {
  const saved = subtractMoney(direct, staged);
  return { direct, staged, saved, share: direct === 0 ? undefined : saved / direct };
}

function split(regions: readonly string[]): { primary: string; others: readonly string[] } {
  const [primary, ...others] = regions;
  if (primary === undefined) throw new RangeError("no region is given");
  return { primary, others };
}
