import * as v from "valibot";
import { type AccessPoint, parseAccountList } from "./accounts.ts";
import { type AttributeValue, N, S } from "./attribute-value.ts";
import { attributes, decode, MAPPING, matching, parsed, text, whole } from "./decode.ts";
import { parseDestination } from "./destination.ts";
import { parseItemName, parseSweepId } from "./entry.ts";
import { parseBucketName } from "./environment.ts";
import { UserError } from "./errors.ts";
import { parseStoredName } from "./filename.ts";
import { isStagingId, parseStagingId, type StagingId } from "./ids.ts";
import { NO_SHA256 } from "./manifest.ts";
import { parseRegion, parseRegionList, REGIONS, type Region } from "./regions.ts";
import { parseStackName } from "./stack-name.ts";
import { expiresAt, isoSeconds, parseIsoTime, parseTtlDays } from "./ttl.ts";
import { isRecord } from "./type-guards.ts";

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

/** The item for DynamoDB. Its `expires_at` is the upload plus the TTL. */
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

/** A record that cannot be parsed, or that names resources of another entry. Commands that act on an entry refuse it. */
export class CorruptRecordError extends UserError {
  /** The entry; undefined if the item's key is not a staging ID. */
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
const COST = v.pipe(v.number(), v.minValue(0), v.maxValue(8_000_000_000));
const SHA256 = /^[0-9a-f]{64}$/;
const ACCESS_POINT = v.object({
  /** https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html */
  arn: matching(/^arn:aws[a-z-]*:s3:[a-z0-9-]+:\d{12}:accesspoint\/[a-z0-9-]{3,50}$/),
  /** Empty where S3 did not tell it. */
  alias: matching(/^(?:[a-z0-9-]{1,100}-s3alias)?$/),
});
const ACCOUNTS = v.optional(parsed(v.array(v.string()), parseAccountList));

/**
 * The record of a staging entry: its item in DynamoDB. It exists from the moment every region is verified until the
 * entry's deletion starts. The attributes are those of the guide's metadata schema and the few named below.
 */
const RECORD = v.pipe(
  attributes({
    [RECORD_KEY]: text(parseStagingId),
    filename: text(parseStoredName),
    kind: v.picklist(["file", "directory"]),
    key: v.string(),
    size_bytes: whole(),
    file_count: whole(),
    sha256: v.union([v.literal(NO_SHA256), matching(SHA256)]),
    manifest_key: v.string(),
    manifest_sha256: matching(SHA256),
    regions: parsed(v.array(v.string()), parseRegionList),
    /** The bucket of each region, in the order of `regions`. */
    buckets: v.pipe(v.array(text(parseBucketName)), v.readonly()),
    destination: text(parseDestination),
    uploaded_at: text(parseIsoTime),
    ttl_days: parsed(v.number(), parseTtlDays),
    sweep_id: v.optional(text(parseSweepId)),
    /** The stack that holds the entry. */
    stack: text(parseStackName),
    /** For an entry of the environment's configuration: the item's name. */
    declared_as: v.optional(text(parseItemName)),
    /** Accounts that may read the data, beside the one that they are in. Absent for an entry that is not shared. */
    allow_accounts: ACCOUNTS,
    /** Those of them that the objects' tag names, so that they may read by the buckets' names, too. */
    bucket_readers: ACCOUNTS,
    /** Where those read them, by region. */
    access_points: v.optional(v.pipe(MAPPING, v.record(text(parseRegion), ACCESS_POINT))),
    /** US dollars, under the guide's prices. */
    cost: attributes({ replication: COST, storage_per_day: COST }),
  }),
  v.transform(
    ({ ttlDays: ttl, allowAccounts = [], bucketReaders = [], accessPoints: points = {}, ...record }) => {
      const accessPoints: ReadonlyMap<Region, AccessPoint> = new Map(
        REGIONS.flatMap((region) => (points[region] === undefined ? [] : [[region, points[region]]])),
      );
      return { ...record, ttl, allowAccounts, bucketReaders, accessPoints };
    },
  ),
);
export type StagingRecord = Readonly<v.InferOutput<typeof RECORD>>;

/**
 * Parses an item, unmarshalled to plain values. Other programs can write to the table, so the parser trusts nothing:
 * each value must have the form that {@link recordItem} writes. Unknown attributes are ignored. `record-names.ts`
 * checks the names.
 * @throws CorruptRecordError that names the item and the attribute if an attribute is missing or malformed
 */
export function parseRecord(item: unknown): StagingRecord {
  const key = isRecord(item) ? item[RECORD_KEY] : undefined;
  const id = typeof key === "string" && isStagingId(key) ? key : undefined;
  return decode(RECORD, item, ({ path }) => {
    const message = `the record of ${id ?? "?"} cannot be read: attribute ${path || RECORD_KEY} is missing or malformed`;
    return new CorruptRecordError(id, message, {
      why: "The item in DynamoDB was changed, or another version of spawn wrote it.",
    });
  });
}
