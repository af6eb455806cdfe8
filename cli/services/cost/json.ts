import { totalOf } from "../../../staging/bill.ts";
import { toDollars } from "../../../staging/money.ts";
import { isoSeconds } from "../../../staging/ttl.ts";
import type { Cost, CostReport } from "./result.ts";
import type { UnfinishedCost } from "./unfinished.ts";

/** The report for programs. Amounts are US dollars, dates UTC. Keys are never renamed or removed. */
export type CostJson = ReturnType<typeof toCostJson>;

export function toCostJson(report: CostReport) {
  const { period, compared } = report;
  // A later version may have other price books.
  const prices: string = report.prices;
  return {
    period: { since: isoSeconds(period.since), until: isoSeconds(period.until), label: period.label },
    /** The price book: `guide` or `aws`. */
    prices,
    /** Uploads with data in the period. */
    operations: report.operations,
    staged_bytes: report.stagedBytes,
    cost: inDollars(report),
    /** `direct`: the cost of direct downloads. `share` is relative to it, and `null` if it is zero. */
    savings: {
      direct: toDollars(compared.direct),
      saved: toDollars(compared.saved),
      share: compared.share ?? null,
    },
    /** The most expensive first. */
    entries: report.entries.map((entry) => ({
      staging_id: entry.stagingId,
      filename: entry.filename,
      sweep_id: entry.sweepId ?? null,
      size_bytes: entry.sizeBytes,
      regions: entry.regions,
      uploaded_at: isoSeconds(entry.uploadedAt),
      /** `null` while the data exist. */
      ended_at: entry.endedAt === undefined ? null : isoSeconds(entry.endedAt),
      operations: entry.operations,
      staged_bytes: entry.stagedBytes,
      cost: inDollars(entry),
      remote_instances: entry.remoteInstances,
      direct: toDollars(entry.direct),
    })),
    by_region: report.regions.map((cost) => ({ region: cost.region, cost: inDollars(cost) })),
    by_sweep: report.sweeps.map((cost) => ({
      /** `null`: no sweep. */
      sweep_id: cost.sweepId ?? null,
      entries: cost.entries,
      cost: inDollars(cost),
      direct: toDollars(cost.direct),
    })),
    by_day: report.days.map((cost) => ({ date: cost.date, cost: inDollars(cost) })),
    /** `null` if the report did not search for it. */
    unfinished: unfinishedJson(report.unfinished),
  };
}

/** Current charges of S3 that are in no total: unfinished uploads, the largest first. */
function unfinishedJson(unfinished: UnfinishedCost | undefined) {
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

function inDollars(cost: Cost) {
  return {
    replication: toDollars(cost.replication),
    storage: toDollars(cost.storage),
    /** Storage of expired data until S3 deletes them permanently; at AWS's prices. */
    noncurrent: toDollars(cost.noncurrent),
    /** Requests to S3; at AWS's prices. */
    requests: toDollars(cost.requests),
    total: toDollars(totalOf(cost)),
  };
}
