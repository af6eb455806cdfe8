import { totalOf } from "../../../staging/bill.ts";
import { toDollars } from "../../../staging/money.ts";
import { isoSeconds } from "../../../staging/ttl.ts";
import type { Cost, CostReport } from "./result.ts";
import type { UnfinishedCost } from "./unfinished.ts";

interface Dollars {
  readonly replication: number;
  readonly storage: number;
  /** Storage of expired data until S3 deletes them permanently; at AWS's prices. */
  readonly noncurrent: number;
  /** Requests to S3; at AWS's prices. */
  readonly requests: number;
  readonly total: number;
}

/** The report for programs. Amounts are US dollars, dates UTC. Keys are never renamed or removed. */
export interface CostJson {
  readonly period: { readonly since: string; readonly until: string; readonly label: string };
  /** The price book: `guide` or `aws`. */
  readonly prices: string;
  /** Uploads with data in the period. */
  readonly operations: number;
  readonly staged_bytes: number;
  readonly cost: Dollars;
  /** `direct`: the cost of direct downloads. `share` is relative to it, and `null` if it is zero. */
  readonly savings: { readonly direct: number; readonly saved: number; readonly share: number | null };
  /** The most expensive first. */
  readonly entries: readonly {
    readonly staging_id: string;
    readonly filename: string;
    readonly sweep_id: string | null;
    readonly size_bytes: number;
    readonly regions: readonly string[];
    readonly uploaded_at: string;
    /** `null` while the data exist. */
    readonly ended_at: string | null;
    readonly operations: number;
    readonly staged_bytes: number;
    readonly cost: Dollars;
    readonly remote_instances: number;
    readonly direct: number;
  }[];
  readonly by_region: readonly { readonly region: string; readonly cost: Dollars }[];
  readonly by_sweep: readonly {
    /** `null`: no sweep. */
    readonly sweep_id: string | null;
    readonly entries: number;
    readonly cost: Dollars;
    readonly direct: number;
  }[];
  readonly by_day: readonly { readonly date: string; readonly cost: Dollars }[];
  /** Current charges of S3 that are in no total: unfinished uploads. `null` if the report did not search for them. */
  readonly unfinished: {
    readonly count: number;
    readonly bytes: number;
    readonly cost_per_day: number;
    /** The largest first. */
    readonly entries: readonly {
      readonly staging_id: string;
      readonly regions: readonly string[];
      readonly bytes: number;
      readonly open_uploads: number;
      readonly cost_per_day: number;
    }[];
  } | null;
}

export function toCostJson(report: CostReport): CostJson {
  const { period, compared } = report;
  return {
    period: { since: isoSeconds(period.since), until: isoSeconds(period.until), label: period.label },
    prices: report.prices,
    operations: report.operations,
    staged_bytes: report.stagedBytes,
    cost: inDollars(report),
    savings: {
      direct: toDollars(compared.direct),
      saved: toDollars(compared.saved),
      share: compared.share ?? null,
    },
    entries: report.entries.map((entry) => ({
      staging_id: entry.stagingId,
      filename: entry.filename,
      sweep_id: entry.sweepId ?? null,
      size_bytes: entry.sizeBytes,
      regions: entry.regions,
      uploaded_at: isoSeconds(entry.uploadedAt),
      ended_at: entry.endedAt === undefined ? null : isoSeconds(entry.endedAt),
      operations: entry.operations,
      staged_bytes: entry.stagedBytes,
      cost: inDollars(entry),
      remote_instances: entry.remoteInstances,
      direct: toDollars(entry.direct),
    })),
    by_region: report.regions.map((cost) => ({ region: cost.region, cost: inDollars(cost) })),
    by_sweep: report.sweeps.map((cost) => ({
      sweep_id: cost.sweepId ?? null,
      entries: cost.entries,
      cost: inDollars(cost),
      direct: toDollars(cost.direct),
    })),
    by_day: report.days.map((cost) => ({ date: cost.date, cost: inDollars(cost) })),
    unfinished: unfinishedJson(report.unfinished),
  };
}

function unfinishedJson(unfinished: UnfinishedCost | undefined): CostJson["unfinished"] {
  if (unfinished === undefined) return null;
  const { entries, bytes, perDay } = unfinished;
  return {
    ...{ count: entries.length, bytes, cost_per_day: toDollars(perDay) },
    entries: entries.map((entry) => ({
      staging_id: entry.stagingId,
      ...{ regions: entry.regions, bytes: entry.bytes, open_uploads: entry.openUploads },
      cost_per_day: toDollars(entry.perDay),
    })),
  };
}

function inDollars(cost: Cost): Dollars {
  return {
    replication: toDollars(cost.replication),
    storage: toDollars(cost.storage),
    noncurrent: toDollars(cost.noncurrent),
    requests: toDollars(cost.requests),
    total: toDollars(totalOf(cost)),
  };
}
