import { replicationCost, storageCost } from "../../staging/cost.ts";
import { differences, type EntryState, regionChanges } from "../../staging/entry-update.ts";
import { formatMoney } from "../../staging/money.ts";
import { GUIDE_PRICES } from "../../staging/price-book.ts";
import type { StagingRecord } from "../../staging/record.ts";
import { MS_PER_DAY } from "../../staging/ttl.ts";
import { formatFineMoney, plural } from "./text.ts";

/** The text before an update that adds or removes regions; empty for any other. */
export function renderRegionPlan(record: StagingRecord, after: EntryState): string[] {
  const { sizeBytes, stagingId } = record;
  const { added, removed } = regionChanges(record, after);
  const lines: string[] = [];
  if (added.length > 0) {
    const once = formatMoney(replicationCost(sizeBytes, record.regions[0], added, GUIDE_PRICES));
    const aDay = formatFineMoney(storageCost(sizeBytes, added, MS_PER_DAY, GUIDE_PRICES));
    lines.push(`Adding ${added.join(", ")}: replication ${once}, storage ${aDay}/day`);
  }
  if (removed.length > 0) {
    lines.push(`⚠️  This will delete the data of ${stagingId} in ${removed.join(", ")}.`);
  }
  return lines;
}

/** The changes, one line per property. */
export function renderChanges(before: EntryState, after: EntryState): string[] {
  return differences(before, after).flatMap((name) => LINES[name](before, after));
}

const LINES: Readonly<Record<keyof EntryState, (before: EntryState, after: EntryState) => string[]>> = {
  ttl: (before, after) => [
    `TTL ${after.ttl > before.ttl ? "extended" : "shortened"} to ${plural(after.ttl, "day")}`,
  ],
  regions: (before, after) => {
    const { added, removed } = regionChanges(before, after);
    return [
      ...(added.length > 0 ? [`Regions added: ${added.join(", ")}`] : []),
      ...(removed.length > 0 ? [`Regions removed: ${removed.join(", ")}`] : []),
    ];
  },
  destination: (_before, { destination }) => [`Destination changed to ${destination}`],
  sweepId: (before, { sweepId }) => [
    sweepId === undefined ? `Removed from sweep ${before.sweepId}` : `Sweep ID changed to ${sweepId}`,
  ],
  allowAccounts: (_before, { allowAccounts }) => [
    allowAccounts.length === 0
      ? "No longer shared"
      : `Shared with: ${allowAccounts.join(", ")} (stage info prints their command)`,
  ],
};
