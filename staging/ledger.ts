import { isSweepId } from "./entry.ts";
import { UserError } from "./errors.ts";
import { isStagingId } from "./ids.ts";
import { isRegionList, type RegionList } from "./regions.ts";
import { isIsoTime, isoSeconds, removalMidnight, TTL_CLASSES, type TtlDays } from "./ttl.ts";
import { isRecord, isStringArray } from "./type-guards.ts";
import { parseUsageRow, USAGE_KEY, type UsageRow, wrongCounter } from "./usage.ts";

/** The regions of an upload's data from a moment on, the primary region first, and the TTL. */
export interface Placement {
  readonly from: Date;
  readonly regions: RegionList;
  readonly ttlDays: TtlDays;
}

/** One upload of an entry, from its arrival to its end. An entry that is staged again after its deletion has several. */
export interface Generation {
  readonly filename: string;
  readonly sizeBytes: number;
  /** For a directory; rows of earlier versions have one. */
  readonly fileCount: number;
  readonly uploadedAt: Date;
  /** The time of the deletion; undefined if no user has deleted it, even if it has expired. */
  readonly closedAt: Date | undefined;
  readonly sweepId: string | undefined;
  /** The arrival of the copy in each other region. Absent in rows of earlier versions, which mean the upload's time. */
  readonly arrivals?: ReadonlyMap<string, Date> | undefined;
  /** The creation of a region's youngest object, if it outlives the others: see {@link youngestAttribute}. */
  readonly youngest?: ReadonlyMap<string, Date> | undefined;
  /** The time from which a region's data are known not to expire: see {@link heldAttribute}. */
  readonly held?: ReadonlyMap<string, Date> | undefined;
  /** Oldest first, at least one. */
  readonly placements: readonly Placement[];
}

/** The ledger's data about one entry. */
export interface LedgerRow {
  readonly stagingId: string;
  /** Oldest first; the last is the current one. Empty if only workers have written to the row. */
  readonly lives: readonly Generation[];
  /** The counters have no times and continue across generations. */
  readonly usage: UsageRow;
}

/** The attributes of the row that describe its generations. The counters beside them belong to the workers. */
export const LIFE_ATTRIBUTES = [
  "filename",
  "size_bytes",
  "file_count",
  "regions",
  "uploaded_at",
  "ttl_days",
  "sweep_id",
  "opened_at",
  "closed_at",
  /** List of `{from, regions, ttl_days}`: the placements of the current generation. */
  "history",
  /** `true` if {@link arrivalAttribute} records when each region got its copy. */
  "counts_arrivals",
  /** List of the earlier generations in the same form. An item of 400 KB has room for more than a thousand. */
  "lives",
] as const;
/** The attribute with the arrival of a region's copy; one per region, because replicas are made concurrently. */
export const arrivalAttribute = (region: string): string => `${ARRIVED}${region}`;
const ARRIVED = "arrived_in_";
/**
 * The attribute with the creation time of a region's youngest object. It is set only if that object expires later
 * than the others: it was created on the last day, and the minimum of a lifecycle rule is one day.
 */
export const youngestAttribute = (region: string): string => `${YOUNGEST}${region}`;
const YOUNGEST = "youngest_in_";
/**
 * The attribute with the time at which the replication of a region's data was found to have failed. S3 does not
 * expire such data, and charges for them until a user deletes them.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html
 */
export const heldAttribute = (region: string): string => `${HELD}${region}`;
const HELD = "held_in_";
/** Increments with every write; each write is conditional on the version that it read. */
export const REVISION = "revision";

/**
 * Parses a row strictly: every worker can write to the table, and one row must neither change the cost of other
 * entries nor be slow to process.
 * @param item unmarshalled to plain values
 * @throws UserError that names the row and the attribute if an attribute is missing or malformed
 */
export function parseLedgerRow(item: unknown): LedgerRow {
  const usage = parseUsageRow(item);
  const row = isRecord(item) ? item : {};
  const read = new Reader(usage.stagingId);
  if (!isStagingId(usage.stagingId)) return read.fail(USAGE_KEY);
  const wrong = wrongCounter(row);
  if (wrong !== undefined) return read.fail(wrong);
  // A row that only workers have written to has no generation and costs nothing.
  if (row["opened_at"] === undefined) return { stagingId: usage.stagingId, lives: [], usage };
  const earlier = row["lives"] ?? [];
  if (!Array.isArray(earlier)) return read.fail("lives");
  const uploadedAt = String(row["uploaded_at"]);
  const current = {
    ...row,
    arrived: arrivalsOf(row, uploadedAt, undefined),
    youngest: notesOf(row, YOUNGEST, uploadedAt, undefined),
    held: notesOf(row, HELD, uploadedAt, undefined),
  };
  return {
    stagingId: usage.stagingId,
    lives: [...earlier, current].map((generation) => read.generation(generation)),
    usage,
  };
}

/** The arrivals in a row between the upload of a generation and the next upload; undefined if it records none. */
function arrivalsOf(
  row: Readonly<Record<string, unknown>>,
  from: string,
  until: string | undefined,
): Record<string, string> | undefined {
  if (row["counts_arrivals"] !== true) return undefined;
  // A copy of the next upload has overwritten the time, so this generation's copy counts from its upload.
  return timesIn(row, ARRIVED, from, (at) => (until !== undefined && at >= until ? from : at));
}

function notesOf(
  row: Readonly<Record<string, unknown>>,
  prefix: string,
  from: string,
  until: string | undefined,
): Record<string, string> | undefined {
  const times = timesIn(row, prefix, from, (at) => (until !== undefined && at >= until ? undefined : at));
  return Object.keys(times).length > 0 ? times : undefined;
}

/** The times of attributes with this prefix, by region; times before `from` belong to an earlier generation. */
function timesIn(
  row: Readonly<Record<string, unknown>>,
  prefix: string,
  from: string,
  time: (at: string) => string | undefined,
): Record<string, string> {
  const found = Object.entries(row).flatMap(([name, at]): [string, string][] => {
    if (!name.startsWith(prefix) || typeof at !== "string" || at < from) return [];
    const known = time(at);
    return known === undefined ? [] : [[name.slice(prefix.length), known]];
  });
  return Object.fromEntries(found);
}

/** Characters; S3's keys have at most 1,024 bytes. */
const MAX_NAME = 1024;

class Reader {
  readonly #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  generation(value: unknown): Generation {
    if (!isRecord(value)) return this.fail("lives");
    const { filename, sweep_id: sweepId } = value;
    if (typeof filename !== "string" || filename.length > MAX_NAME) return this.fail("filename");
    if (sweepId !== undefined && !(typeof sweepId === "string" && isSweepId(sweepId)))
      return this.fail("sweep_id");
    const uploadedAt = this.#date(value, "uploaded_at");
    const history = value["history"];
    if (history !== undefined && !(Array.isArray(history) && history.length > 0)) return this.fail("history");
    // Rows of versions without a history have one placement for the whole generation.
    const placements = (history ?? [{ ...value, from: value["uploaded_at"] }]).map((one: unknown) =>
      this.#placement(one),
    );
    placements.reduce((before, { from }) => (from < before ? this.fail("history") : from), uploadedAt);
    return {
      filename,
      sizeBytes: this.#count(value, "size_bytes"),
      fileCount: value["file_count"] === undefined ? 1 : this.#count(value, "file_count"),
      uploadedAt,
      closedAt: value["closed_at"] === undefined ? undefined : this.#date(value, "closed_at"),
      sweepId,
      arrivals: this.#times(value, "arrived"),
      youngest: this.#times(value, "youngest"),
      held: this.#times(value, "held"),
      placements,
    };
  }

  #times(generation: Record<string, unknown>, attribute: string): ReadonlyMap<string, Date> | undefined {
    const times = generation[attribute];
    if (times === undefined) return undefined;
    if (!isRecord(times)) return this.fail(attribute);
    return new Map(Object.keys(times).map((region) => [region, this.#date(times, region)]));
  }

  #placement(value: unknown): Placement {
    if (!isRecord(value)) return this.fail("history");
    const { regions } = value;
    const ttl = TTL_CLASSES.find((days) => days === value["ttl_days"]);
    return {
      from: this.#date(value, "from"),
      regions: isStringArray(regions) && isRegionList(regions) ? regions : this.fail("regions"),
      ttlDays: ttl ?? this.fail("ttl_days"),
    };
  }

  #date(from: Record<string, unknown>, attribute: string): Date {
    const value = from[attribute];
    return isIsoTime(value) ? new Date(value) : this.fail(attribute);
  }

  #count(from: Record<string, unknown>, attribute: string): number {
    const value = from[attribute];
    return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : this.fail(attribute);
  }

  fail(attribute: string): never {
    throw new UserError(
      `the usage row of ${isStagingId(this.#id) ? this.#id : "?"} cannot be read: attribute ${attribute} is missing or malformed`,
      { why: "The item in DynamoDB was changed by hand or by another version of spawn." },
    );
  }
}

/** The current generation in the row, in plain values. */
export interface LifeFacts {
  readonly filename: string;
  readonly size_bytes: number;
  /** Undefined in stacks of versions that did not record it. */
  readonly file_count?: number | undefined;
  readonly regions: readonly string[];
  readonly uploaded_at: string;
  readonly ttl_days: number;
  readonly sweep_id: string | undefined;
}

type Attributes = Readonly<Partial<Record<(typeof LIFE_ATTRIBUTES)[number], unknown>>>;

/**
 * The attributes of a row whose current generation is `facts`; an undefined one is to be removed. The same upload
 * continues its generation: changes of regions or TTL extend its history. Another upload starts a generation, and the
 * previous one moves to `lives`.
 * @param row the current row in plain values; undefined if there is none
 * @param countsArrivals whether the row records the arrival of each copy of a new upload
 */
export function rowWith(
  row: Readonly<Record<string, unknown>> | undefined,
  facts: LifeFacts,
  now: Date,
  countsArrivals = false,
): Attributes {
  const known = row?.["opened_at"] === undefined ? undefined : row;
  if (known?.["uploaded_at"] === facts.uploaded_at) {
    return {
      ...facts,
      opened_at: known["opened_at"],
      ...(known["counts_arrivals"] === undefined ? {} : { counts_arrivals: known["counts_arrivals"] }),
      ...(Array.isArray(known["lives"]) ? { lives: known["lives"] } : {}),
      history: historyOf(known, facts, now),
    };
  }
  const lives = [...listIn(known, "lives"), ...(known ? [endedGeneration(known, facts)] : [])];
  return {
    ...facts,
    opened_at: isoSeconds(now),
    history: [placementOf(facts, facts.uploaded_at)],
    ...(countsArrivals ? { counts_arrivals: true } : {}),
    ...(lives.length > 0 ? { lives } : {}),
  };
}

/** A list in a row; empty if another writer stored another value. */
const listIn = (row: Readonly<Record<string, unknown>> | undefined, name: "lives" | "history"): unknown[] => {
  const value = row?.[name];
  return Array.isArray(value) ? value : [];
};

const placementOf = ({ regions, ttl_days }: LifeFacts, from: string) => ({ from, regions, ttl_days });

function historyOf(row: Readonly<Record<string, unknown>>, facts: LifeFacts, now: Date): unknown[] {
  const before = { ...facts, regions: row["regions"], ttl_days: row["ttl_days"] } as LifeFacts;
  const known = listIn(row, "history");
  const history = known.length > 0 ? known : [placementOf(before, facts.uploaded_at)];
  const last = history.at(-1);
  const from = isRecord(last) ? String(last["from"]) : "";
  const same = JSON.stringify(placementOf(before, "")) === JSON.stringify(placementOf(facts, ""));
  // A clock that goes backwards must not reverse the order.
  return same ? history : [...history, placementOf(facts, [isoSeconds(now), from].sort().at(-1) ?? "")];
}

/** A generation without a recorded end ended with the next upload, or with its expiry if that was earlier. */
function endedGeneration(row: Readonly<Record<string, unknown>>, next: LifeFacts): Record<string, unknown> {
  const { filename, size_bytes, file_count, uploaded_at, sweep_id, regions, ttl_days, history } = row;
  const arrived = arrivalsOf(row, String(uploaded_at), next.uploaded_at);
  const youngest = notesOf(row, YOUNGEST, String(uploaded_at), next.uploaded_at);
  const held = notesOf(row, HELD, String(uploaded_at), next.uploaded_at);
  const isGone = held === undefined && hasExpired(row, next.uploaded_at);
  const closed = row["closed_at"] ?? (isGone ? undefined : next.uploaded_at);
  return {
    filename,
    size_bytes,
    ...(file_count === undefined ? {} : { file_count }),
    uploaded_at,
    ...(sweep_id === undefined ? {} : { sweep_id }),
    history: history ?? [{ from: uploaded_at, regions, ttl_days }],
    ...(closed === undefined ? {} : { closed_at: closed }),
    ...(arrived === undefined ? {} : { arrived }),
    ...(youngest === undefined ? {} : { youngest }),
    ...(held === undefined ? {} : { held }),
  };
}

/** Expired data are charged slightly longer, whatever is uploaded then. */
function hasExpired({ uploaded_at, ttl_days }: Readonly<Record<string, unknown>>, now: string): boolean {
  const ttl = TTL_CLASSES.find((days) => days === ttl_days);
  if (ttl === undefined || !isIsoTime(uploaded_at)) return false;
  return removalMidnight(new Date(uploaded_at), ttl) <= new Date(now);
}
