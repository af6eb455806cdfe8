import { type AccessPoint, type AccountId, parseAccountList } from "./accounts.ts";
import { type Destination, parseDestination } from "./destination.ts";
import { isRecord, isStringArray } from "./environment.ts";
import { InputError, UserError } from "./errors.ts";
import { parseStagingId, type StagingId } from "./ids.ts";
import { parseRegionList, REGIONS, type Region, type RegionList } from "./regions.ts";
import type { SourceKind } from "./resources.ts";
import { expiresAt, isoSeconds, parseTtlDays, type TtlDays } from "./ttl.ts";

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
  readonly stack: string;
  /** For an entry of the environment's configuration: the item's name. */
  readonly declaredAs: string | undefined;
  /** Accounts that may read the data, beside the one that they are in. */
  readonly allowAccounts: readonly AccountId[];
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

/** DynamoDB's wire form of the values that records use. */
export type AttributeValue =
  | { S: string }
  | { N: string }
  | { L: AttributeValue[] }
  | { M: Record<string, AttributeValue> };

const S = (text: string): AttributeValue => ({ S: text });
const N = (value: number): AttributeValue => ({ N: String(value) });

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
    ...(record.accessPoints.size === 0 ? {} : { access_points: accessPointsItem(record.accessPoints) }),
  };
}

function accessPointsItem(points: StagingRecord["accessPoints"]): AttributeValue {
  const items = [...points].map(
    ([region, { arn, alias }]) => [region, { M: { arn: S(arn), alias: S(alias) } }] as const,
  );
  return { M: Object.fromEntries(items) };
}

/**
 * Parses an item, unmarshalled to plain values.
 * @throws UserError when an attribute is missing or of another form; it names the item and the attribute
 */
export function parseRecord(item: unknown): StagingRecord {
  const id = isRecord(item) && typeof item[RECORD_KEY] === "string" ? item[RECORD_KEY] : "?";
  const fail = (attribute: string): never => {
    throw new UserError(
      `the record of ${id} cannot be read: attribute ${attribute} is missing or malformed`,
      {
        why: "The item in DynamoDB was changed by hand or by another version of spawn.",
      },
    );
  };
  if (!isRecord(item)) return fail(RECORD_KEY);
  const text = (attribute: string, from: Record<string, unknown> = item): string => {
    const value = from[attribute];
    return typeof value === "string" ? value : fail(attribute);
  };
  const number = (attribute: string, from: Record<string, unknown> = item): number => {
    const value = from[attribute];
    return typeof value === "number" && Number.isFinite(value) ? value : fail(attribute);
  };
  const optional = (attribute: string) => (item[attribute] === undefined ? undefined : text(attribute));
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
  const accessPoints = (value: unknown): ReadonlyMap<Region, AccessPoint> => {
    if (!isRecord(value)) return fail("access_points");
    const points = new Map<Region, AccessPoint>();
    for (const [name, point] of Object.entries(value)) {
      const region = REGIONS.find((known) => known === name);
      if (region === undefined || !isRecord(point)) return fail("access_points");
      points.set(region, { arn: text("arn", point), alias: text("alias", point) });
    }
    return points;
  };
  const kind = text("kind");
  if (kind !== "file" && kind !== "directory") return fail("kind");
  const uploadedAt = new Date(text("uploaded_at"));
  if (Number.isNaN(uploadedAt.getTime())) return fail("uploaded_at");
  const cost = item["cost"];
  if (!isRecord(cost)) return fail("cost");
  return {
    stagingId: parse(RECORD_KEY, () => parseStagingId(text(RECORD_KEY))),
    filename: text("filename"),
    kind,
    key: text("key"),
    sizeBytes: number("size_bytes"),
    fileCount: number("file_count"),
    sha256: text("sha256"),
    manifestKey: text("manifest_key"),
    manifestSha256: text("manifest_sha256"),
    regions: parse("regions", () => parseRegionList(list("regions"))),
    buckets: list("buckets"),
    destination: parse("destination", () => parseDestination(text("destination"))),
    uploadedAt,
    ttl: parse("ttl_days", () => parseTtlDays(number("ttl_days"))),
    sweepId: optional("sweep_id"),
    stack: text("stack"),
    declaredAs: optional("declared_as"),
    // Absent in records of entries that are not shared.
    allowAccounts:
      item["allow_accounts"] === undefined
        ? []
        : parse("allow_accounts", () => parseAccountList(list("allow_accounts"))),
    accessPoints: accessPoints(item["access_points"] ?? {}),
    cost: { replication: number("replication", cost), storagePerDay: number("storage_per_day", cost) },
  };
}
