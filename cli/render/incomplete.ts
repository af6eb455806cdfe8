import type { IncompleteMetadata } from "../services/incomplete-listing.ts";
import type { Column } from "./table.ts";
import { compactBytes, printable } from "./text.ts";

/** The columns of `stage list --incomplete`. */
export const INCOMPLETE_COLUMNS: readonly Column<IncompleteMetadata>[] = [
  { title: "STAGING ID", value: (entry) => entry.staging_id, minWidth: 18 },
  { title: "SIZE", value: (entry) => compactBytes(entry.size_bytes), minWidth: 6 },
  { title: "ARRIVED", value: arrived },
  { title: "STARTED", value: (entry) => `${entry.started_at.slice(0, 16).replace("T", " ")} UTC` },
  { title: "STATE", value: (entry) => entry.state },
  { title: "SOURCE", value: (entry) => printable(entry.source) },
];

/** `us-east-1 45%, us-west-2 0%`; of a directory also its files. */
function arrived(entry: IncompleteMetadata): string {
  return entry.regions
    .map((region) => {
      const bytes = entry.arrived_bytes[region];
      const files = entry.arrived_files[region];
      if (bytes === undefined || bytes === null) return `${region} ?`;
      // Empty files are all there is to count where there are no bytes.
      const [done, all] = entry.size_bytes > 0 ? [bytes, entry.size_bytes] : [files ?? 0, entry.file_count];
      const percent = `${Math.min(100, Math.floor((100 * done) / all))}%`;
      return entry.file_count > 1
        ? `${region} ${percent} (${files}/${entry.file_count} files)`
        : `${region} ${percent}`;
    })
    .join(", ");
}
