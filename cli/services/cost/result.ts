import type { ChargeSums } from "../../../staging/bill.ts";
import type { Savings } from "../../../staging/cost.ts";
import type { MicroDollars } from "../../../staging/money.ts";
import type { Period } from "../../../staging/period.ts";
import type { PriceBookName } from "../../../staging/price-book.ts";
import type { LedgerFilter } from "./ledger.ts";
import type { UnfinishedCost } from "./unfinished.ts";

/**
 * Charges by their cause: `replication` when a region got its replica, `storage` while the data existed in the period, `noncurrent` from
 * the expiry until S3 deleted the data permanently, and `requests`. The last two are zero at the guide's prices.
 */
export type Cost = ChargeSums;

/** The cost of an entry in the period. */
export interface EntryCost extends Cost {
  readonly stagingId: string;
  readonly filename: string;
  /** Of its last upload in the period. */
  readonly sizeBytes: number;
  /** All regions with its data in the period, the primary one first. */
  readonly regions: readonly string[];
  readonly sweepId: string | undefined;
  readonly uploadedAt: Date;
  /** The end of its data; undefined while they exist. */
  readonly endedAt: Date | undefined;
  /** Uploads with data in the period, and the sum of their sizes. */
  readonly operations: number;
  readonly stagedBytes: number;
  readonly total: MicroDollars;
  /** Instances outside the primary region that have downloaded the data at any time. */
  readonly remoteInstances: number;
  /** The cost of their direct downloads from the primary region: the part in the period. */
  readonly direct: MicroDollars;
}

export interface DayCost extends Cost {
  /** `2026-11-24`, in UTC. */
  readonly date: string;
}

/** All sums are exact: entries, regions, sweeps and days each add up to the totals, to the micro-dollar. */
export interface CostReport extends Cost {
  readonly period: Period;
  readonly prices: PriceBookName;
  readonly filter: LedgerFilter;
  readonly operations: number;
  readonly stagedBytes: number;
  readonly total: MicroDollars;
  readonly compared: Savings;
  /** The most expensive first. */
  readonly entries: readonly EntryCost[];
  readonly regions: readonly (Cost & { readonly region: string })[];
  readonly sweeps: readonly (Cost & {
    /** Undefined: no sweep. */
    readonly sweepId: string | undefined;
    readonly entries: number;
    readonly direct: MicroDollars;
  })[];
  readonly days: readonly DayCost[];
  /** Not in the totals; absent if the report did not search for it. */
  readonly unfinished?: UnfinishedCost;
}
