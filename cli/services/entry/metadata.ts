import { NO_SHA256 } from "../../../staging/manifest.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { expiresAt, isoSeconds, MS_PER_DAY } from "../../../staging/ttl.ts";
import type { UsageRow } from "../../../staging/usage.ts";

/**
 * An entry in the JSON output of `list` and `info`: the guide's metadata schema, then further keys. Keys are never renamed or removed.
 */
export type StagingMetadata = Readonly<ReturnType<typeof toMetadata>>;

/** `expiring`: within a day. `deleting`: its deletion has begun and has not ended, for example because of locked objects. */
type EntryStatus = "active" | "expiring" | "expired" | "deleting";

export function statusOf(
  { uploadedAt, ttl }: Pick<StagingRecord, "uploadedAt" | "ttl">,
  now: Date,
  isDeleting = false,
): EntryStatus {
  if (isDeleting) return "deleting";
  const left = expiresAt(uploadedAt, ttl).getTime() - now.getTime();
  if (left <= 0) return "expired";
  return left <= MS_PER_DAY ? "expiring" : "active";
}

export function toMetadata(
  record: StagingRecord,
  usage: UsageRow | undefined,
  now: Date = serverClock.now(),
  isDeleting = false,
) {
  return {
    staging_id: record.stagingId,
    filename: record.filename,
    size_bytes: record.sizeBytes,
    /** Lower-case hex: of the file, or of a directory's manifest. `null` if it was not computed. */
    sha256: record.sha256 === NO_SHA256 ? null : record.sha256,
    /** The primary region first. */
    regions: record.regions,
    destination: record.destination,
    /** UTC to the second. */
    uploaded_at: isoSeconds(record.uploadedAt),
    expires_at: isoSeconds(expiresAt(record.uploadedAt, record.ttl)),
    sweep_id: record.sweepId ?? null,
    instance_count: usage?.instanceCount ?? 0,
    download_count: usage?.downloadCount ?? 0,
    /** US dollars, under the guide's prices. */
    cost: { replication: record.cost.replication, storage_per_day: record.cost.storagePerDay },
    kind: record.kind,
    file_count: record.fileCount,
    primary_region: record.regions[0],
    /** The data in each region. */
    locations: Object.fromEntries(record.regions.map((region) => [region, location(record, region)])),
    ttl_days: record.ttl,
    stack: record.stack,
    /** The item's name, for an entry of the environment's configuration. */
    declared_as: record.declaredAs ?? null,
    /** Other accounts that may read it. */
    allow_accounts: record.allowAccounts,
    /** The accounts among them that may also use the buckets' names. */
    bucket_readers: record.bucketReaders,
    /** Access points of these accounts, by region; empty for an entry that is not shared. */
    access_points: Object.fromEntries(record.accessPoints),
    status: statusOf(record, now, isDeleting),
  };
}

/** Where the data are in `region`: `s3://bucket/stage-…/name`; a directory's ends in `/`. */
export function location(record: StagingRecord, region: string): string {
  const at = (record.regions as readonly string[]).indexOf(region);
  return `s3://${record.buckets[at] ?? "?"}/${record.key}`;
}
