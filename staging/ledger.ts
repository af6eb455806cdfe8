import * as v from "valibot";
import { attributes, decode, MAPPING, parsed, text, whole } from "./decode.ts";
import { parseSweepId } from "./entry.ts";
import { UserError } from "./errors.ts";
import { isStagingId } from "./ids.ts";
import { omitUndefined } from "./omit.ts";
import { isRegionList, type RegionList } from "./regions.ts";
import { isIsoTime, isoSeconds, parseIsoTime, parseTtlDays, removalMidnight, TTL_CLASSES } from "./ttl.ts";
import { isRecord, isStringArray } from "./type-guards.ts";
import { parseUsageRow, USAGE_KEY, type UsageRow, wrongCounter } from "./usage.ts";

const TIME = text(parseIsoTime);

/** The regions of an upload's data from a moment on, the primary region first, and the TTL. */
const PLACEMENT = v.pipe(
  attributes({
    from: TIME,
    regions: v.custom<RegionList>((value) => isStringArray(value) && isRegionList(value)),
    ttl_days: parsed(v.number(), parseTtlDays),
  }),
  v.readonly(),
);
export type Placement = v.InferOutput<typeof PLACEMENT>;

const TIMES = v.optional(
  v.pipe(
    MAPPING,
    v.record(v.string(), TIME),
    v.transform((times): ReadonlyMap<string, Date> => new Map(Object.entries(times))),
  ),
);

/** One upload of an entry, from its arrival to its end. An entry that is staged again after its deletion has several. */
const GENERATION = v.pipe(
  MAPPING,
  // Rows of versions without a history have one placement for the whole generation.
  v.transform(
    (row): Readonly<Record<string, unknown>> => ({
      ...row,
      history: row["history"] ?? [{ ...row, from: row["uploaded_at"] }],
    }),
  ),
  attributes({
    /** In characters; S3's keys have at most 1,024 bytes. */
    filename: v.pipe(v.string(), v.maxLength(1024)),
    size_bytes: whole(),
    /** For a directory; rows of earlier versions have one. */
    file_count: v.optional(whole(), 1),
    uploaded_at: TIME,
    /** The time of the deletion; undefined if no user has deleted it, even if it has expired. */
    closed_at: v.optional(TIME),
    sweep_id: v.optional(text(parseSweepId)),
    /** The arrival of the copy in each other region. Absent in rows of earlier versions, which mean the upload's time. */
    arrived: TIMES,
    /** The creation of a region's youngest object, if it outlives the others: see {@link youngestAttribute}. */
    youngest: TIMES,
    /** The time from which a region's data are known not to expire: see {@link heldAttribute}. */
    held: TIMES,
    /** Oldest first, at least one. */
    history: v.pipe(v.array(PLACEMENT), v.nonEmpty(), v.readonly()),
  }),
  v.forward(
    v.check(({ uploadedAt, history }) =>
      history.every(({ from }, at) => from >= (history[at - 1]?.from ?? uploadedAt)),
    ),
    ["history"],
  ),
  v.transform(({ arrived: arrivals, youngest, held, history: placements, ...others }) => ({
    ...others,
    placements,
    ...omitUndefined({ arrivals, youngest, held }),
  })),
  v.readonly(),
);
export type Generation = v.InferOutput<typeof GENERATION>;

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
  const { stagingId } = usage;
  const row = isRecord(item) ? item : {};
  const refusal = (attribute: string): UserError =>
    new UserError(
      `the usage row of ${isStagingId(stagingId) ? stagingId : "?"} cannot be read: attribute ${attribute} is missing or malformed`,
      { why: "The item in DynamoDB was changed by hand or by another version of spawn." },
    );
  const wrong = isStagingId(stagingId) ? wrongCounter(row) : USAGE_KEY;
  if (wrong !== undefined) throw refusal(wrong);
  // A row that only workers have written to has no generation and costs nothing.
  if (row["opened_at"] === undefined) return { stagingId, lives: [], usage };
  const uploadedAt = String(row["uploaded_at"]);
  const current = {
    ...row,
    arrived: arrivalsOf(row, uploadedAt, undefined),
    youngest: notesOf(row, YOUNGEST, uploadedAt, undefined),
    held: notesOf(row, HELD, uploadedAt, undefined),
  };
  const earlier = decode(v.object({ lives: v.optional(v.array(GENERATION), []) }), row, ({ path }) =>
    refusal(path),
  );
  const last = decode(GENERATION, current, ({ path }) => refusal(path));
  return { stagingId, lives: [...earlier.lives, last], usage };
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
      ...omitUndefined({ counts_arrivals: known["counts_arrivals"] }),
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
    uploaded_at,
    history: history ?? [{ from: uploaded_at, regions, ttl_days }],
    ...omitUndefined({ file_count, sweep_id, closed_at: closed, arrived, youngest, held }),
  };
}

/** Expired data are charged slightly longer, whatever is uploaded then. */
function hasExpired({ uploaded_at, ttl_days }: Readonly<Record<string, unknown>>, now: string): boolean {
  const ttl = TTL_CLASSES.find((days) => days === ttl_days);
  if (ttl === undefined || !isIsoTime(uploaded_at)) return false;
  return removalMidnight(new Date(uploaded_at), ttl) <= new Date(now);
}
