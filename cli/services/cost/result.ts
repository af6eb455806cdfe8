import type { ChargeSums } from "../../../staging/bill.ts";
import type { Savings } from "../../../staging/cost.ts";
import type { MicroDollars } from "../../../staging/money.ts";
import type { Period } from "../../../staging/period.ts";
import type { PriceBookName } from "../../../staging/price-book.ts";
import type { LedgerFilter } from "./ledger.ts";
import type { UnfinishedCost } from "./unfinished.ts";

/** What was paid, by its cause. */
export interface Cost extends ChargeSums {
  /** Counted whole at the moment at which a region got its replica. */
  readonly replication: MicroDollars;
  /** For the time of the period in which the data were there. */
  readonly storage: MicroDollars;
  /** For the time after they expired, until S3 deleted them for good; nothing under the guide's prices. */
  readonly noncurrent: MicroDollars;
  /** Counted at the moment of the upload, the copy or the change; nothing under the guide's prices. */
  readonly requests: MicroDollars;
}

/** What an entry cost in the period. */
export interface EntryCost extends Cost {
  readonly stagingId: string;
  readonly filename: string;
  /** Of its last upload in the period. */
  readonly sizeBytes: number;
  /** Every region in which it had data in the period, the primary one first. */
  readonly regions: readonly string[];
  readonly sweepId: string | undefined;
  readonly uploadedAt: Date;
  /** When its data went; undefined while they are there. */
  readonly endedAt: Date | undefined;
  /** Uploads whose data were there in the period; their sizes added up. */
  readonly operations: number;
  readonly stagedBytes: number;
  readonly total: MicroDollars;
  /** Instances outside the primary region that have fetched the data, ever. */
  readonly remoteInstances: number;
  /** What their own downloads from the primary region would have cost; the period's part of it. */
  readonly direct: MicroDollars;
}

export interface RegionCost extends Cost {
  readonly region: string;
}

export interface SweepCost extends Cost {
  /** Undefined: of no sweep. */
  readonly sweepId: string | undefined;
  readonly entries: number;
  readonly direct: MicroDollars;
}

export interface DayCost extends Cost {
  /** `2026-11-24`, in UTC. */
  readonly date: string;
}

/** Every sum is exact: entries, regions, sweeps and days each add up to the totals, to the micro-dollar. */
export interface CostReport extends Cost {
  readonly period: Period;
  readonly prices: PriceBookName;
  readonly filter: LedgerFilter;
  readonly operations: number;
  readonly stagedBytes: number;
  readonly total: MicroDollars;
  readonly compared: Savings;
  /** The dearest first. */
  readonly entries: readonly EntryCost[];
  readonly regions: readonly RegionCost[];
  readonly sweeps: readonly SweepCost[];
  readonly days: readonly DayCost[];
  /** Not in the totals; absent if the report did not search for it. */
  readonly unfinished?: UnfinishedCost;
}
