import type { AccessPoint } from "../../../staging/accounts.ts";
import { NO_SHA256 } from "../../../staging/manifest.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { expiresAt, isoSeconds, MS_PER_DAY } from "../../../staging/ttl.ts";
import type { UsageRow } from "../../../staging/usage.ts";

/**
 * An entry in the JSON output of `list` and `info`: the guide's metadata schema, then further keys. Keys are never renamed or removed.
 */
export interface StagingMetadata {
  readonly staging_id: string;
  readonly filename: string;
  readonly size_bytes: number;
  /** Lower-case hex: of the file, or of a directory's manifest. `null` if it was not computed. */
  readonly sha256: string | null;
  /** The primary region first. */
  readonly regions: readonly string[];
  readonly destination: string;
  /** UTC to the second. */
  readonly uploaded_at: string;
  readonly expires_at: string;
  readonly sweep_id: string | null;
  readonly instance_count: number;
  readonly download_count: number;
  /** US dollars, under the guide's prices. */
  readonly cost: { readonly replication: number; readonly storage_per_day: number };
  readonly kind: "file" | "directory";
  readonly file_count: number;
  readonly primary_region: string;
  /** The data in each region. */
  readonly locations: Readonly<Record<string, string>>;
  readonly ttl_days: number;
  readonly stack: string;
  /** The item's name, for an entry of the environment's configuration. */
  readonly declared_as: string | null;
  /** Other accounts that may read it. */
  readonly allow_accounts: readonly string[];
  /** The accounts among them that may also use the buckets' names. */
  readonly bucket_readers: readonly string[];
  /** Access points of these accounts, by region; empty for an entry that is not shared. */
  readonly access_points: Readonly<Record<string, AccessPoint>>;
  readonly status: EntryStatus;
}

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
): StagingMetadata {
  return {
    staging_id: record.stagingId,
    filename: record.filename,
    size_bytes: record.sizeBytes,
    sha256: record.sha256 === NO_SHA256 ? null : record.sha256,
    regions: record.regions,
    destination: record.destination,
    uploaded_at: isoSeconds(record.uploadedAt),
    expires_at: isoSeconds(expiresAt(record.uploadedAt, record.ttl)),
    sweep_id: record.sweepId ?? null,
    instance_count: usage?.instanceCount ?? 0,
    download_count: usage?.downloadCount ?? 0,
    cost: { replication: record.cost.replication, storage_per_day: record.cost.storagePerDay },
    kind: record.kind,
    file_count: record.fileCount,
    primary_region: record.regions[0],
    locations: Object.fromEntries(record.regions.map((region) => [region, location(record, region)])),
    ttl_days: record.ttl,
    stack: record.stack,
    declared_as: record.declaredAs ?? null,
    allow_accounts: record.allowAccounts,
    bucket_readers: record.bucketReaders,
    access_points: Object.fromEntries(record.accessPoints),
    status: statusOf(record, now, isDeleting),
  };
}

/** Where the data are in `region`: `s3://bucket/stage-…/name`; a directory's ends in `/`. */
export function location(record: StagingRecord, region: string): string {
  const at = (record.regions as readonly string[]).indexOf(region);
  return `s3://${record.buckets[at] ?? "?"}/${record.key}`;
}
