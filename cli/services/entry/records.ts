import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { plainItem } from "../../../provider/plain-item.ts";
import type { EnvironmentSettings } from "../../../staging/environment.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { type LedgerRow, parseLedgerRow } from "../../../staging/ledger.ts";
import {
  CorruptRecordError,
  parseRecord,
  RECORD_KEY,
  RECORD_KIND,
  RECORD_KIND_ATTRIBUTE,
  type StagingRecord,
  SWEEP_INDEX,
  UPLOADED_INDEX,
} from "../../../staging/record.ts";
import { disagreementOf, type NamingSettings, type OtherBuckets } from "../../../staging/record-names.ts";
import type { Region } from "../../../staging/regions.ts";
import { shellQuoted } from "../../../staging/shell.ts";
import { parseUsageRow, USAGE_KEY, type UsageRow } from "../../../staging/usage.ts";
import { commandLine } from "../../command-line.ts";
import { itemPages, parsedRows } from "../common/items.ts";

/** The tables with the records and the usage rows of an environment. */
export interface Tables {
  readonly client: DynamoDBClient;
  readonly settings: NamingSettings &
    Pick<EnvironmentSettings, "recordsTable" | "usageTable" | "tableRegion">;
  /**
   * Further buckets that can hold an entry, from sources that the user controls: the entry's settings file on this machine and its
   * stack's state. Called only if a record names another bucket than the settings.
   */
  readonly otherBuckets?: (record: StagingRecord) => Promise<OtherBuckets>;
}

export interface RecordFilter {
  readonly sweepId?: string | undefined;
  /** Only entries with data in this region. */
  readonly region?: Region | undefined;
}

/** The records to read, and their order. */
interface RecordQuery extends RecordFilter {
  /** @default false: the newest first */
  readonly oldestFirst?: boolean;
  /** Maximum number that the caller reads, which limits the size of a page. @default all */
  readonly limit?: number;
}

/** Records per page. It bounds memory and the time to the first record on a server without its own limit. */
const PAGE = 1000;
/** Attribute of {@link SWEEP_INDEX}'s hash key. */
const SWEEP_ATTRIBUTE = "sweep_id";

/**
 * Reads a record from an item. No other function does: see `staging/record-names.ts`.
 * @throws CorruptRecordError if the item is malformed or names resources of another entry
 */
export async function readRecord(
  tables: Tables,
  item: Readonly<Record<string, AttributeValue>>,
): Promise<StagingRecord> {
  const plain = plainItem(item);
  let record: StagingRecord;
  try {
    record = parseRecord(plain);
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error;
    const { stagingId: id, message, why = "" } = error;
    const fix = id === undefined ? removeItem(tables, plain[RECORD_KEY]) : removeEntry(tables, id);
    throw new CorruptRecordError(id, message, { why, fix });
  }
  const { settings } = tables;
  let wrong = disagreementOf(record, settings);
  if (wrong?.attribute === "buckets" && tables.otherBuckets !== undefined)
    wrong = disagreementOf(record, settings, await tables.otherBuckets(record));
  if (wrong === undefined) return record;
  const { attribute, recorded, expected } = wrong;
  const moved = attribute === "buckets" ? ", or the environment's settings name another bucket now" : "";
  throw new CorruptRecordError(
    record.stagingId,
    `the record of ${record.stagingId} is corrupt: ${attribute} is ${shown(recorded)} instead of ${shown(expected)}`,
    {
      why: `The item in the table ${settings.recordsTable} was changed by hand${moved}. No command uses such a name.`,
      fix: removeEntry(tables, record.stagingId),
    },
  );
}

/** The buckets that hold an entry, the primary region first. */
export const bucketsOfRecord = ({ regions, buckets }: Pick<StagingRecord, "regions" | "buckets">) =>
  regions.map((region, at) => ({ region, bucket: buckets[at] ?? "" }));

/** A text of unknown length and characters, for an error. */
const shown = (text: string): string => JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);

/** A deletion needs the ID only. */
const removeEntry = ({ settings }: Tables, id: StagingId): string =>
  commandLine(`spawn stage delete ${id} --yes`, settings.name);

/** The command that removes an item under a key that no entry can have. */
function removeItem({ settings: { recordsTable, tableRegion } }: Tables, key: unknown): string {
  if (typeof key !== "string") return `Look at the items of the table ${recordsTable} in ${tableRegion}.`;
  const json = JSON.stringify({ [RECORD_KEY]: { S: key } });
  return `aws dynamodb delete-item --region ${tableRegion} --table-name ${recordsTable} --key ${shellQuoted(json)}`;
}

/**
 * The record of an entry, read strongly consistent, so that a new or deleted entry shows at once.
 * @throws CorruptRecordError as {@link readRecord}
 */
export async function findRecord(tables: Tables, id: StagingId): Promise<StagingRecord | undefined> {
  const { Item } = await tables.client.send(
    new GetItemCommand({
      TableName: tables.settings.recordsTable,
      Key: { [RECORD_KEY]: { S: id } },
      ConsistentRead: true,
    }),
  );
  return Item === undefined ? undefined : await readRecord(tables, Item);
}

/** The record, or why it is corrupt. */
export const catchCorrupt = <T>(record: Promise<T>): Promise<T | CorruptRecordError> =>
  record.catch((error: unknown) => {
    if (error instanceof CorruptRecordError) return error;
    throw error;
  });

/** The record; undefined if it is corrupt. For callers that need the record as a hint only. */
export async function undefinedIfCorrupt<T>(record: Promise<T>): Promise<T | undefined> {
  const found = await catchCorrupt(record);
  return found instanceof CorruptRecordError ? undefined : found;
}

/** @throws InputError when the environment has no such entry */
export async function getRecord(tables: Tables, id: StagingId): Promise<StagingRecord> {
  const record = await findRecord(tables, id);
  if (record !== undefined) return record;
  throw new InputError(`there is no staging entry ${id} in environment ${tables.settings.name}`, {
    why: "It was deleted, it expired, or it belongs to another environment.",
    fix: (_spell, command) => command("spawn stage list"),
  });
}

/** The usage row of an entry; all counters are zero if it has no row. */
export async function getUsage(tables: Tables, id: StagingId): Promise<UsageRow> {
  return parseUsageRow((await usageItem(tables, id)) ?? { [USAGE_KEY]: id });
}

/** The ledger's row of an entry, with its generations and counters; empty if it has no row. */
export async function getLedgerRow(tables: Tables, id: StagingId): Promise<LedgerRow> {
  return parseLedgerRow((await usageItem(tables, id)) ?? { [USAGE_KEY]: id });
}

/** The item of an entry's usage row; undefined if it has none. */
export async function usageItem(
  { client, settings }: Tables,
  id: StagingId,
  isConsistent = false,
): Promise<PlainItem | undefined> {
  const { Item } = await client.send(
    new GetItemCommand({
      TableName: settings.usageTable,
      Key: { [USAGE_KEY]: { S: id } },
      ConsistentRead: isConsistent,
    }),
  );
  return Item && plainItem(Item);
}

/**
 * The records of an environment, a page at a time. It fetches the next page while the caller uses the current one.
 * @param onMalformed called with the error of a corrupt record; the others are listed
 */
export async function* listRecordPages(
  tables: Tables,
  query: RecordQuery,
  onMalformed: (error: UserError) => void,
): AsyncGenerator<StagingRecord[]> {
  const input = queryOf(tables.settings.recordsTable, query);
  const pages = itemPages((start) => tables.client.send(new QueryCommand({ ...input, ...start })));
  for await (const page of pages)
    yield await parsedRows(page, (item) => readRecord(tables, item), onMalformed);
}

function queryOf(
  table: string,
  { sweepId, region, oldestFirst = false, limit = PAGE }: RecordQuery,
): QueryCommandInput {
  return {
    TableName: table,
    IndexName: sweepId === undefined ? UPLOADED_INDEX : SWEEP_INDEX,
    KeyConditionExpression: "#hash = :hash",
    ExpressionAttributeNames: {
      "#hash": sweepId === undefined ? RECORD_KIND_ATTRIBUTE : SWEEP_ATTRIBUTE,
      ...(region === undefined ? {} : { "#regions": "regions" }),
    },
    ExpressionAttributeValues: {
      ":hash": { S: sweepId ?? RECORD_KIND },
      ...(region === undefined ? {} : { ":region": { S: region } }),
    },
    ...(region === undefined ? {} : { FilterExpression: "contains(#regions, :region)" }),
    ScanIndexForward: oldestFirst,
    // A filtered page can have any number of records.
    Limit: region === undefined ? Math.min(PAGE, limit) : PAGE,
  };
}

/** BatchGetItem takes 100 keys. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const BATCH = 100;
/** Attempts for keys that DynamoDB left unprocessed, with a growing delay. */
const BATCH_TRIES = 8;

/** The usage rows of many entries, by ID; IDs without a row are absent. */
export async function getUsages(tables: Tables, ids: readonly StagingId[]): Promise<Map<string, UsageRow>> {
  const rows = (await getUsageItems(tables, ids)).map(parseUsageRow);
  return new Map(rows.map((row) => [row.stagingId, row]));
}

/**
 * The ledger's rows of many entries; IDs without a row are absent.
 * @param onMalformed called with the error of a corrupt row
 */
export async function getLedgerRows(
  tables: Tables,
  ids: readonly StagingId[],
  onMalformed: (error: UserError) => void,
): Promise<LedgerRow[]> {
  return await parsedRows(await getUsageItems(tables, ids), parseLedgerRow, onMalformed);
}

async function getUsageItems(tables: Tables, ids: readonly StagingId[]): Promise<PlainItem[]> {
  const items: PlainItem[] = [];
  for (let at = 0; at < ids.length; at += BATCH)
    items.push(...(await getUsageBatch(tables, ids.slice(at, at + BATCH))));
  return items;
}

type PlainItem = ReturnType<typeof plainItem>;

async function getUsageBatch(tables: Tables, ids: readonly StagingId[]): Promise<PlainItem[]> {
  const table = tables.settings.usageTable;
  const rows: PlainItem[] = [];
  let keys: Record<string, AttributeValue>[] = ids.map((id) => ({ [USAGE_KEY]: { S: id } }));
  for (let attempt = 0; keys.length > 0; attempt++) {
    if (attempt === BATCH_TRIES) {
      throw new UserError("DynamoDB did not return all usage rows", {
        why: `${keys.length} of ${ids.length} were left unprocessed ${BATCH_TRIES} times: the table is throttled.`,
        fix: "Wait a minute, then run the command again.",
      });
    }
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt * Math.random()));
    const answer = await tables.client.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys } } }),
    );
    for (const item of answer.Responses?.[table] ?? []) rows.push(plainItem(item));
    keys = answer.UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return rows;
}
