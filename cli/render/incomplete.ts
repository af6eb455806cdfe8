import { hostname } from "node:os";
import type { IncompleteMetadata } from "../services/entry/listing/incomplete-listing.ts";
import { type CsvColumns, type CsvForm, csvHead, csvRows } from "./csv.ts";
import type { Column } from "./table.ts";
import { compactBytes } from "./text.ts";

/** The columns of `stage list --incomplete`. */
export const INCOMPLETE_COLUMNS: readonly Column<IncompleteMetadata>[] = [
  { title: "STAGING ID", value: (entry) => entry.staging_id, minWidth: 18 },
  { title: "SIZE", value: (entry) => compactBytes(entry.size_bytes), minWidth: 6 },
  { title: "ARRIVED", value: arrived },
  { title: "STARTED", value: (entry) => `${entry.started_at.slice(0, 16).replace("T", " ")} UTC` },
  { title: "STATE", value: stateOf },
  { title: "SOURCE", value: (entry) => entry.source },
];

/** `interrupted`; for another machine with its name. */
function stateOf({ state, host }: IncompleteMetadata): string {
  return host === "" || host === hostname() ? state : `${state} on ${host}`;
}

/** `us-east-1 45%, us-west-2 0%`; for a directory also its files. */
function arrived(entry: IncompleteMetadata): string {
  return entry.regions
    .map((region) => {
      const bytes = entry.arrived_bytes[region];
      const files = entry.arrived_files[region];
      if (bytes === undefined || bytes === null) return `${region} ?`;
      // Without bytes, only empty files can be counted.
      const [done, all] = entry.size_bytes > 0 ? [bytes, entry.size_bytes] : [files ?? 0, entry.file_count];
      const percent = `${Math.min(100, Math.floor((100 * done) / all))}%`;
      return entry.file_count > 1
        ? `${region} ${percent} (${files}/${entry.file_count} files)`
        : `${region} ${percent}`;
    })
    .join(", ");
}

/** Lists are separated by spaces. */
const CSV_COLUMNS: CsvColumns<IncompleteMetadata> = {
  staging_id: (entry) => entry.staging_id,
  filename: (entry) => entry.filename,
  source: (entry) => entry.source,
  size_bytes: (entry) => entry.size_bytes,
  file_count: (entry) => entry.file_count,
  regions: (entry) => entry.regions.join(" "),
  /** In the order of the regions; `?` if one does not respond. */
  arrived_bytes: (entry) => entry.regions.map((region) => entry.arrived_bytes[region] ?? "?").join(" "),
  arrived_files: (entry) => entry.regions.map((region) => entry.arrived_files[region] ?? "?").join(" "),
  state: (entry) => entry.state,
  started_at: (entry) => entry.started_at,
  destination: (entry) => entry.destination,
  ttl_days: (entry) => entry.ttl_days,
  sweep_id: (entry) => entry.sweep_id,
  host: (entry) => entry.host,
};

export const renderIncompleteCsv = (entries: readonly IncompleteMetadata[], form?: CsvForm): string =>
  csvHead(CSV_COLUMNS) + csvRows(CSV_COLUMNS, entries, form);
