import { type AccessPoint, type AccountId, parseAccountList } from "./accounts.ts";
import { type AttributeValue, N, S } from "./attribute-value.ts";
import { type Destination, parseDestination } from "./destination.ts";
import { parseItemName, parseSweepId } from "./entry.ts";
import { isRecord, isStringArray, parseBucketName } from "./environment.ts";
import { InputError, UserError } from "./errors.ts";
import { parseStoredName } from "./filename.ts";
import { isStagingId, parseStagingId, type StagingId } from "./ids.ts";
import { NO_SHA256 } from "./manifest.ts";
import { parseRegionList, REGIONS, type Region, type RegionList } from "./regions.ts";
import type { SourceKind } from "./resources.ts";
import { parseStackName, type StackName } from "./stack-name.ts";
import { expiresAt, isoSeconds, parseIsoTime, parseTtlDays, type TtlDays } from "./ttl.ts";

/**
 * The record of a staging entry: its item in DynamoDB. It exists from the moment every region is verified until the
 * entry's deletion starts. The attributes are those of the guide's metadata schema and the few named below.
 */
export interface StagingRecord {
  readonly stagingId: StagingId;
  readonly filename: string;
  readonly kind: SourceKind;
  readonly key: string;
  readonly sizeBytes: number;
  readonly fileCount: number;
  readonly sha256: string;
  readonly manifestKey: string;
  readonly manifestSha256: string;
  readonly regions: RegionList;
  /** The bucket of each region, in the order of `regions`. */
  readonly buckets: readonly string[];
  readonly destination: Destination;
  readonly uploadedAt: Date;
  readonly ttl: TtlDays;
  readonly sweepId: string | undefined;
  /** The stack that holds the entry. */
  readonly stack: StackName;
  /** For an entry of the environment's configuration: the item's name. */
  readonly declaredAs: string | undefined;
  /** Accounts that may read the data, beside the one that they are in. */
  readonly allowAccounts: readonly AccountId[];
  /** Those of them that the objects' tag names, so that they may read by the buckets' names, too. */
  readonly bucketReaders: readonly AccountId[];
  /** Where those read them, by region; empty for an entry that is not shared. */
  readonly accessPoints: ReadonlyMap<Region, AccessPoint>;
  /** US dollars, under the guide's prices. */
  readonly cost: { readonly replication: number; readonly storagePerDay: number };
}

/** The table's hash key. */
export const RECORD_KEY = "staging_id";
/** Attribute by which DynamoDB expires the item: seconds since 1970. */
export const RECORD_TTL_ATTRIBUTE = "expires_epoch";
/** Index of all records by time of upload. Its hash key has one value, {@link RECORD_KIND}. */
export const UPLOADED_INDEX = "by-upload";
export const RECORD_KIND_ATTRIBUTE = "record";
export const RECORD_KIND = "staging";
/** Index of the records of a sweep by time of upload; records without a sweep are not in it. */
export const SWEEP_INDEX = "by-sweep";

/** The item as DynamoDB takes it. Its `expires_at` is the upload plus the TTL. */
export function recordItem(record: StagingRecord): Record<string, AttributeValue> {
  const expiry = expiresAt(record.uploadedAt, record.ttl);
  return {
    [RECORD_KEY]: S(record.stagingId),
    [RECORD_KIND_ATTRIBUTE]: S(RECORD_KIND),
    filename: S(record.filename),
    kind: S(record.kind),
    key: S(record.key),
    size_bytes: N(record.sizeBytes),
    file_count: N(record.fileCount),
    sha256: S(record.sha256),
    manifest_key: S(record.manifestKey),
    manifest_sha256: S(record.manifestSha256),
    regions: { L: record.regions.map(S) },
    buckets: { L: record.buckets.map(S) },
    destination: S(record.destination),
    uploaded_at: S(isoSeconds(record.uploadedAt)),
    expires_at: S(isoSeconds(expiry)),
    [RECORD_TTL_ATTRIBUTE]: N(Math.floor(expiry.getTime() / 1000)),
    ttl_days: N(record.ttl),
    stack: S(record.stack),
    cost: { M: { replication: N(record.cost.replication), storage_per_day: N(record.cost.storagePerDay) } },
    ...(record.sweepId === undefined ? {} : { sweep_id: S(record.sweepId) }),
    ...(record.declaredAs === undefined ? {} : { declared_as: S(record.declaredAs) }),
    ...(record.allowAccounts.length === 0 ? {} : { allow_accounts: { L: record.allowAccounts.map(S) } }),
    ...(record.bucketReaders.length === 0 ? {} : { bucket_readers: { L: record.bucketReaders.map(S) } }),
    ...(record.accessPoints.size === 0 ? {} : { access_points: accessPointsItem(record.accessPoints) }),
  };
}

function accessPointsItem(points: StagingRecord["accessPoints"]): AttributeValue {
  const items = [...points].map(
    ([region, { arn, alias }]) => [region, { M: { arn: S(arn), alias: S(alias) } }] as const,
  );
  return { M: Object.fromEntries(items) };
}

/** A record that cannot be read, or that names what is not its entry's. Commands that act on an entry refuse it. */
export class CorruptRecordError extends UserError {
  /** The entry; undefined where the item's key is no staging ID. */
  readonly stagingId: StagingId | undefined;

  constructor(
    stagingId: StagingId | undefined,
    message: string,
    detail: { readonly why: string; readonly fix?: string },
  ) {
    super(message, detail);
    this.stagingId = stagingId;
  }
}

/** US dollars; amounts above are not exact. */
const MAX_COST = 8_000_000_000;
const SHA256 = /^[0-9a-f]{64}$/;
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html */
const ACCESS_POINT_ARN = /^arn:aws[a-z-]*:s3:[a-z0-9-]+:\d{12}:accesspoint\/[a-z0-9-]{3,50}$/;
/** Empty where S3 did not tell it. */
const ACCESS_POINT_ALIAS = /^(?:[a-z0-9-]{1,100}-s3alias)?$/;

/**
 * Parses an item, unmarshalled to plain values. Other programs can write to the table, so nothing of it is trusted: each value must
 * have the form that {@link recordItem} gives it. Unknown attributes are ignored. Whether the names are those of the entry is
 * checked by `record-names.ts`.
 * @throws CorruptRecordError when an attribute is missing or of another form; it names the item and the attribute
 */
export function parseRecord(item: unknown): StagingRecord {
  const key = isRecord(item) ? item[RECORD_KEY] : undefined;
  const id = typeof key === "string" && isStagingId(key) ? key : undefined;
  const fail = (attribute: string): never => {
    throw new CorruptRecordError(
      id,
      `the record of ${id ?? "?"} cannot be read: attribute ${attribute} is missing or malformed`,
      { why: "Somebody changed the item in DynamoDB, or another version of spawn wrote it." },
    );
  };
  if (!isRecord(item)) return fail(RECORD_KEY);
  const text = (attribute: string, from: Record<string, unknown> = item): string => {
    const value = from[attribute];
    return typeof value === "string" ? value : fail(attribute);
  };
  const count = (attribute: string): number => {
    const value = item[attribute];
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : fail(attribute);
  };
  const cost = (name: string): number => {
    const value = isRecord(item["cost"]) ? item["cost"][name] : undefined;
    return typeof value === "number" && value >= 0 && value <= MAX_COST ? value : fail("cost");
  };
  const matching = (attribute: string, pattern: RegExp, from?: Record<string, unknown>): string => {
    const value = text(attribute, from);
    return pattern.test(value) ? value : fail(attribute);
  };
  const list = (attribute: string): string[] => {
    const value = item[attribute];
    return isStringArray(value) ? value : fail(attribute);
  };
  const parse = <T>(attribute: string, run: () => T): T => {
    try {
      return run();
    } catch (error) {
      if (error instanceof InputError) return fail(attribute);
      throw error;
    }
  };
  const parsed = <T>(attribute: string, read: (value: string) => T): T =>
    parse(attribute, () => read(text(attribute)));
  const optional = <T>(attribute: string, read: (value: string) => T): T | undefined =>
    item[attribute] === undefined ? undefined : parsed(attribute, read);
  // Absent in records of entries that are not shared.
  const accounts = (attribute: string): readonly AccountId[] =>
    item[attribute] === undefined ? [] : parse(attribute, () => parseAccountList(list(attribute)));
  const accessPoints = (value: unknown): ReadonlyMap<Region, AccessPoint> => {
    if (!isRecord(value)) return fail("access_points");
    const points = new Map<Region, AccessPoint>();
    for (const [name, point] of Object.entries(value)) {
      const region = REGIONS.find((known) => known === name);
      if (region === undefined || !isRecord(point)) return fail("access_points");
      points.set(region, {
        arn: matching("arn", ACCESS_POINT_ARN, point),
        alias: matching("alias", ACCESS_POINT_ALIAS, point),
      });
    }
    return points;
  };
  const kind = text("kind");
  if (kind !== "file" && kind !== "directory") return fail("kind");
  const sha256 = text("sha256");
  if (sha256 !== NO_SHA256 && !SHA256.test(sha256)) return fail("sha256");
  if (!isRecord(item["cost"])) return fail("cost");
  return {
    stagingId: parsed(RECORD_KEY, parseStagingId),
    filename: parsed("filename", parseStoredName),
    kind,
    key: text("key"),
    sizeBytes: count("size_bytes"),
    fileCount: count("file_count"),
    sha256,
    manifestKey: text("manifest_key"),
    manifestSha256: matching("manifest_sha256", SHA256),
    regions: parse("regions", () => parseRegionList(list("regions"))),
    buckets: parse("buckets", () => list("buckets").map(parseBucketName)),
    destination: parsed("destination", parseDestination),
    uploadedAt: parsed("uploaded_at", parseIsoTime),
    ttl: parse("ttl_days", () => parseTtlDays(count("ttl_days"))),
    sweepId: optional("sweep_id", parseSweepId),
    stack: parsed("stack", parseStackName),
    declaredAs: optional("declared_as", parseItemName),
    allowAccounts: accounts("allow_accounts"),
    bucketReaders: accounts("bucket_readers"),
    accessPoints: accessPoints(item["access_points"] ?? {}),
    cost: { replication: cost("replication"), storagePerDay: cost("storage_per_day") },
  };
}
