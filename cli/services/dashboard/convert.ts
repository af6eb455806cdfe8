import type {
  Cost,
  Entry,
  Failures,
  Presence,
  Problem,
  Sweep,
  Transfer,
} from "../../../dashboard/snapshot.ts";
import { UserError } from "../../../staging/errors.ts";
import { printable } from "../../../staging/printable.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { expiresAt, isoSeconds } from "../../../staging/ttl.ts";
import type { Context } from "../../context.ts";
import { errorJson, explained } from "../common/outcomes.ts";
import type { CostJson } from "../cost/json.ts";
import type { IncompleteMetadata } from "../entry/listing/incomplete-listing.ts";
import type { RegionPresence } from "../entry/presence.ts";
import type { SweepProgress } from "../sweep/progress.ts";
import type { FailedIndex } from "../sweep/report.ts";

/*
 * From the services' results to the page's. Texts of users become printable here, so that no name can reorder or fake the page's text.
 */

/** The problem of one item, or of a whole part, for the user. */
export function problemOf(context: Pick<Context, "at">, error: unknown): Problem {
  // Listings report an item that they leave out as a plain error with a complete message.
  const isPlain = error instanceof Error && error.constructor === Error && error.cause !== undefined;
  const { message, why, fix } = errorJson(isPlain ? new UserError(error.message) : explained(context, error));
  return {
    message: printable(message),
    ...(why === undefined ? {} : { why: printable(why) }),
    ...(fix === undefined ? {} : { fix: printable(fix) }),
  };
}

/** A text of several lines: other control characters become escapes. */
export const printableText = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => printable(line.replaceAll("\t", "    ")))
    .join("\n");

export const transferOf = (entry: IncompleteMetadata): Transfer => ({
  id: entry.staging_id,
  name: printable(entry.filename),
  source: printable(entry.source),
  sizeBytes: entry.size_bytes,
  fileCount: entry.file_count,
  state: entry.state,
  startedAt: entry.started_at,
  host: printable(entry.host),
  regions: entry.regions.map((region) => ({
    region,
    bytes: entry.arrived_bytes[region] ?? null,
    files: entry.arrived_files[region] ?? null,
  })),
});

export const sweepOf = ({ meta, state, regions, total }: SweepProgress): Sweep => ({
  id: meta.sweepId,
  name: printable(meta.name),
  state,
  count: meta.count,
  total,
  regions: regions.map(({ region, workers, alive, pending, running, done, failed, cancelled }) => ({
    ...{ region, workers, alive, pending, running, done, failed, cancelled },
  })),
  createdAt: isoSeconds(meta.createdAt),
  deadlineAt: isoSeconds(meta.deadlineAt),
});

export const failuresOf = (failures: readonly FailedIndex[], limit: number): Failures => ({
  failures: failures.slice(0, limit).map(({ index, region, attempt, exitCode, error, endedAt }) => ({
    ...{ index, region, attempt, exitCode: exitCode ?? null },
    error: printableText(error),
    endedAt: isoSeconds(endedAt),
  })),
  total: failures.length,
});

export const entryOf = (record: StagingRecord, isDeleting: boolean): Entry => ({
  id: record.stagingId,
  name: printable(record.filename),
  kind: record.kind,
  fileCount: record.fileCount,
  sizeBytes: record.sizeBytes,
  regions: record.regions,
  uploadedAt: isoSeconds(record.uploadedAt),
  expiresAt: isoSeconds(expiresAt(record.uploadedAt, record.ttl)),
  sweepId: record.sweepId === undefined ? null : printable(record.sweepId),
  isDeleting,
});

export const presenceOf = (presence: readonly RegionPresence[]): Presence[string] =>
  Object.fromEntries(
    presence.map(({ region, state, why }) => [
      region,
      { state, why: why === undefined ? null : printable(why) },
    ]),
  );

export const costOf = ({ prices, cost, by_day, by_region, unfinished }: CostJson): Cost => ({
  prices,
  total: cost.total,
  days: by_day.map(({ date, cost: { replication, storage, noncurrent, requests } }) => ({
    ...{ date, replication, requests },
    storage: storage + noncurrent,
  })),
  regions: Object.fromEntries(by_region.map(({ region, cost: { total } }) => [region, total])),
  unfinished: {
    count: unfinished?.count ?? 0,
    bytes: unfinished?.bytes ?? 0,
    perDay: unfinished?.cost_per_day ?? 0,
  },
});
