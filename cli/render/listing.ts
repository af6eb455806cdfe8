import type { StagingRecord } from "../../staging/record.ts";
import type { CheckedRecord } from "../services/entry/listing/list-presence.ts";
import type { ListedMetadata } from "../services/entry/listing/listing.ts";
import { statusOf } from "../services/entry/metadata.ts";
import { describeState, isWhole, type RegionPresence } from "../services/entry/presence.ts";
import { type CsvColumns, type CsvForm, writeCsv } from "./csv.ts";
import type { Write } from "./streams.ts";
import type { Column } from "./table.ts";
import { compactBytes, formatUtcDay } from "./text.ts";

/**
 * The columns of `stage list`, with the guide's spacing.
 * @param now called for each row, after the server's time is known
 */
export function listingColumns(
  now: () => Date,
  deleting: ReadonlySet<string> = new Set(),
): Column<StagingRecord>[] {
  return [
    { title: "STAGING ID", value: (record) => record.stagingId, minWidth: 18 },
    { title: "SIZE", value: (record) => compactBytes(record.sizeBytes), minWidth: 6 },
    { title: "REGIONS", value: (record) => String(record.regions.length) },
    { title: "UPLOADED", value: (record) => formatUtcDay(record.uploadedAt), minWidth: 10 },
    { title: "TTL", value: (record) => ttl(record, now(), deleting.has(record.stagingId)), minWidth: 4 },
    { title: "SWEEP ID", value: (record) => record.sweepId ?? "-" },
  ];
}

/** The state of the regions, in the last column of `stage list --verify`. */
export const DATA_COLUMN: Column<CheckedRecord> = {
  title: "DATA",
  value: ({ presence }) =>
    isWhole(presence)
      ? "whole"
      : presence
          .filter(({ state }) => state !== "whole")
          .map(damageOf)
          .join(", "),
};

/** Shows the reason if it does not follow from the data. */
function damageOf({ region, state, why }: RegionPresence): string {
  const text = `${describeState(state)} in ${region}`;
  return state === "unreachable" && why !== undefined ? `${text}: ${why}` : text;
}

/** DynamoDB removes expired records within days, not at once; until then they are listed as expired. */
function ttl(record: StagingRecord, now: Date, isDeleting: boolean): string {
  const status = statusOf(record, now, isDeleting);
  if (status === "expired" || status === "deleting") return status;
  return status === "expiring" ? `${record.ttl}d expiring` : `${record.ttl}d`;
}

/** Amounts are US dollars, dates UTC; lists are separated by spaces, the primary region first. */
const CSV_COLUMNS: CsvColumns<ListedMetadata> = {
  staging_id: (entry) => entry.staging_id,
  filename: (entry) => entry.filename,
  size_bytes: (entry) => entry.size_bytes,
  sha256: (entry) => entry.sha256,
  regions: (entry) => entry.regions.join(" "),
  destination: (entry) => entry.destination,
  uploaded_at: (entry) => entry.uploaded_at,
  expires_at: (entry) => entry.expires_at,
  sweep_id: (entry) => entry.sweep_id,
  instance_count: (entry) => entry.instance_count,
  download_count: (entry) => entry.download_count,
  replication_usd: (entry) => entry.cost.replication,
  storage_per_day_usd: (entry) => entry.cost.storage_per_day,
  kind: (entry) => entry.kind,
  file_count: (entry) => entry.file_count,
  ttl_days: (entry) => entry.ttl_days,
  status: (entry) => entry.status,
  declared_as: (entry) => entry.declared_as,
  allow_accounts: (entry) => entry.allow_accounts.join(" "),
};

export const LISTING_CSV_COLUMNS: readonly string[] = Object.keys(CSV_COLUMNS);

/** The state of each region, as `us-east-1=whole us-west-2=missing`: the last column with --verify. */
const presenceCell = ({ presence = {} }: ListedMetadata): string =>
  Object.entries(presence)
    .map(([region, { state }]) => `${region}=${state}`)
    .join(" ");

/** Writes the list as CSV, page by page. Writes nothing before the first page. */
export async function writeListingCsv(
  pages: AsyncIterable<readonly ListedMetadata[]>,
  write: Write,
  { hasPresence = false, form }: { readonly hasPresence?: boolean; readonly form?: CsvForm } = {},
): Promise<void> {
  await writeCsv(hasPresence ? { ...CSV_COLUMNS, presence: presenceCell } : CSV_COLUMNS, pages, write, form);
}
