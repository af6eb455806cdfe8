import type { StagingRecord } from "../../staging/record.ts";
import { expiresAt } from "../../staging/ttl.ts";
import type { Column } from "./table.ts";
import { compactBytes, formatUtcDay } from "./text.ts";

/** The columns of `stage list`, as the guide spaces them. */
export function listingColumns(now: Date): Column<StagingRecord>[] {
  return [
    { title: "STAGING ID", value: (record) => record.stagingId, minWidth: 18 },
    { title: "SIZE", value: (record) => compactBytes(record.sizeBytes), minWidth: 6 },
    { title: "REGIONS", value: (record) => String(record.regions.length) },
    { title: "UPLOADED", value: (record) => formatUtcDay(record.uploadedAt), minWidth: 10 },
    { title: "TTL", value: (record) => ttl(record, now), minWidth: 4 },
    { title: "SWEEP ID", value: (record) => record.sweepId ?? "-" },
  ];
}

/** DynamoDB removes expired records within days, not at once; until then they are listed as what they are. */
function ttl(record: StagingRecord, now: Date): string {
  return expiresAt(record.uploadedAt, record.ttl) <= now ? "expired" : `${record.ttl}d`;
}
