import { addMoney, dollars, type MicroDollars, scaleMoney, subtractMoney } from "./money.ts";
import { GIB } from "./units.ts";

/** Prices in US dollars, as micro-dollars. */
export interface PriceBook {
  readonly name: string;
  /** Replication from one region to another, a GB. */
  readonly replicationPerGb: MicroDollars;
  /** S3 Standard storage, a GB and 30 days. */
  readonly storagePerGbMonth: MicroDollars;
  /** What an instance's own download from another region is taken to cost, a GB. */
  readonly directPerGb: MicroDollars;
}

/** The prices of the users' guide. Its direct price is AWS's internet price; see docs/architecture.md. */
export const GUIDE_PRICES: PriceBook = {
  name: "guide",
  replicationPerGb: dollars(0.02),
  storagePerGbMonth: dollars(0.023),
  directPerGb: dollars(0.09),
};

const DAYS_PER_MONTH = 30n;
const BYTES_PER_GB = BigInt(GIB);

export interface StagingCost {
  /** Replication to every region but the primary one; once. */
  readonly replication: MicroDollars;
  /** Storage in all regions for the given days. */
  readonly storage: MicroDollars;
  /** Storage in all regions for one day. */
  readonly storagePerDay: MicroDollars;
  readonly total: MicroDollars;
}

/**
 * What it costs to stage `bytes` in `regions` regions for `days` days.
 * replication = GB × (regions − 1) × 0.02; storage = GB × regions × 0.023 × days / 30 (guide, "Calculator").
 */
export function stagingCost(bytes: number, regions: number, days: number, prices: PriceBook): StagingCost {
  const size = BigInt(bytes);
  const copies = BigInt(regions);
  const replication = scaleMoney(prices.replicationPerGb, size * (copies - 1n), BYTES_PER_GB);
  const storageFor = (time: bigint) =>
    scaleMoney(prices.storagePerGbMonth, size * copies * time, BYTES_PER_GB * DAYS_PER_MONTH);
  const storage = storageFor(BigInt(days));
  return { replication, storage, storagePerDay: storageFor(1n), total: addMoney(replication, storage) };
}

/**
 * What it would cost if `instancesPerRegion` instances in every region but the primary one downloaded from there:
 * GB × (regions − 1) × instances × 0.09 (guide, "Calculator").
 */
export function directCost(
  bytes: number,
  regions: number,
  instancesPerRegion: number,
  prices: PriceBook,
): MicroDollars {
  return scaleMoney(
    prices.directPerGb,
    BigInt(bytes) * BigInt(regions - 1) * BigInt(instancesPerRegion),
    BYTES_PER_GB,
  );
}

export interface Savings {
  readonly direct: MicroDollars;
  readonly staged: MicroDollars;
  /** Negative where staging costs more. */
  readonly saved: MicroDollars;
  /** `saved` as a share of `direct`, 0 to 1 and below 0; undefined where nothing would be paid for direct downloads. */
  readonly share: number | undefined;
}

export function savings(direct: MicroDollars, staged: MicroDollars): Savings {
  const saved = subtractMoney(direct, staged);
  return { direct, staged, saved, share: direct === 0 ? undefined : saved / direct };
}
