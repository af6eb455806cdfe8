import {
  type AttributeValue,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { plainItem } from "../../../provider/plain-item.ts";
import { errorName } from "../../../provider/transfer/aws-errors.ts";
import { UserError } from "../../../staging/errors.ts";
import { isSweepId, type SweepId } from "../../../staging/sweep/id.ts";
import { INDEX_STATES, type IndexItem, parseIndexItem } from "../../../staging/sweep/index-item.ts";
import {
  INDEX_ITEM_PREFIX,
  ITEM_KEY,
  META_ITEM,
  REGION_ITEM_PREFIX,
  SWEEP_KEY,
  SWEEP_KIND,
  SWEEP_KIND_ATTRIBUTE,
  SWEEPS_INDEX,
} from "../../../staging/sweep/item-keys.ts";
import { SweepItemError } from "../../../staging/sweep/item-reader.ts";
import { parseMetaItem, type SweepMeta } from "../../../staging/sweep/meta-item.ts";
import { parseRegionItem, type RegionItem } from "../../../staging/sweep/region-item.ts";
import { commandLine } from "../../command-line.ts";
import type { SweepTable } from "./tables.ts";

type Item = Record<string, AttributeValue>;

/** An item that is no item of a sweep. A list goes on without it. */
export class CorruptSweepItem extends UserError {}

/** Reads an item by one of the parsers of `staging/sweep/`. @throws CorruptSweepItem that names the attribute and a remedy */
function readItem<T>(table: SweepTable, item: Item, parse: (plain: unknown) => T): T {
  const plain = plainItem(item);
  try {
    return parse(plain);
  } catch (error) {
    if (!(error instanceof SweepItemError)) throw error;
    throw new CorruptSweepItem(error.message, {
      why: `${error.why ?? ""} The table is ${table.name} in ${table.region}.`.trim(),
      fix: commandLine(`spawn sweep delete ${idOf(plain)} --yes`, table.environment),
      cause: error,
    });
  }
}

/** The id, for a command; a placeholder where the key is no id. */
function idOf(plain: Readonly<Record<string, unknown>>): string {
  const id = plain[SWEEP_KEY];
  return typeof id === "string" && isSweepId(id) ? id : "ID";
}

/** The sweep's own item, read strongly consistent. @throws CorruptSweepItem */
export async function findMeta(table: SweepTable, id: SweepId): Promise<SweepMeta | undefined> {
  const { Item } = await table.client.send(
    new GetItemCommand({
      TableName: table.name,
      Key: metaKey(id),
      ConsistentRead: true,
    }),
  );
  return Item === undefined ? undefined : readItem(table, Item, parseMetaItem);
}

/** Whether lists show the sweep: it exists, and was not deleted. */
export async function isListed(table: SweepTable, id: SweepId): Promise<boolean> {
  const { Item } = await table.client.send(
    new GetItemCommand({
      TableName: table.name,
      Key: metaKey(id),
      ProjectionExpression: "#kind",
      ExpressionAttributeNames: { "#kind": SWEEP_KIND_ATTRIBUTE },
      ConsistentRead: true,
    }),
  );
  return Item?.[SWEEP_KIND_ATTRIBUTE] !== undefined;
}

/** Takes a sweep out of the index of all sweeps. Its items stay until they expire. */
export async function unlist(table: SweepTable, id: SweepId): Promise<void> {
  try {
    await table.client.send(
      new UpdateItemCommand({
        TableName: table.name,
        Key: metaKey(id),
        ConditionExpression: "attribute_exists(#kind)",
        UpdateExpression: "REMOVE #kind",
        ExpressionAttributeNames: { "#kind": SWEEP_KIND_ATTRIBUTE },
      }),
    );
  } catch (error) {
    if (errorName(error) !== "ConditionalCheckFailedException") throw error;
  }
}

const metaKey = (id: SweepId) => ({ [SWEEP_KEY]: { S: id }, [ITEM_KEY]: { S: META_ITEM } });

/** The counters of all regions, read strongly consistent, in the order of their indices. @throws CorruptSweepItem */
export async function findRegions(table: SweepTable, id: SweepId): Promise<RegionItem[]> {
  const regions: RegionItem[] = [];
  for await (const page of pagesOf(table, itemsOf(id, REGION_ITEM_PREFIX)))
    for (const item of page) regions.push(readItem(table, item, parseRegionItem));
  return regions.sort((a, b) => a.start - b.start);
}

/**
 * The indices of a sweep in their order, a page at a time.
 * @param onCorrupt told of an item that cannot be read; the others are given all the same
 */
export async function* indexPages(
  table: SweepTable,
  id: SweepId,
  onCorrupt: (error: CorruptSweepItem) => void,
): AsyncGenerator<IndexItem[]> {
  for await (const page of pagesOf(table, itemsOf(id, INDEX_ITEM_PREFIX))) {
    const indices: IndexItem[] = [];
    for (const item of page) {
      try {
        indices.push(readItem(table, item, parseIndexItem));
      } catch (error) {
        if (!(error instanceof CorruptSweepItem)) throw error;
        onCorrupt(error);
      }
    }
    yield indices;
  }
}

/** How many indices of each region are in each state. */
export type StateCounts = ReadonlyMap<string, Readonly<Record<IndexItem["state"], number>>>;

/** Counts the indices of a sweep by region and state. Only these two attributes travel; DynamoDB reads, and charges for, the whole items. */
export async function countStates(
  table: SweepTable,
  id: SweepId,
  signal?: AbortSignal,
): Promise<StateCounts> {
  const counts = new Map<string, Record<IndexItem["state"], number>>();
  const query: Partial<QueryCommandInput> = {
    ...itemsOf(id, INDEX_ITEM_PREFIX),
    ProjectionExpression: "#region, #state",
  };
  query.ExpressionAttributeNames = {
    ...query.ExpressionAttributeNames,
    "#region": "region",
    "#state": "state",
  };
  for await (const page of pagesOf(table, query, signal)) {
    for (const { region, state } of page) {
      const known = INDEX_STATES.find((name) => name === state?.S);
      if (region?.S === undefined || known === undefined) continue;
      const row = counts.get(region.S) ?? { pending: 0, running: 0, done: 0, failed: 0, cancelled: 0 };
      row[known]++;
      counts.set(region.S, row);
    }
  }
  return counts;
}

/**
 * All sweeps of the environment, the newest first, a page at a time.
 * @param filter what DynamoDB leaves out itself
 * @param onCorrupt told of an item that cannot be read; the others are given all the same
 */
export async function* metaPages(
  table: SweepTable,
  onCorrupt: (error: CorruptSweepItem) => void,
  filter: Partial<QueryCommandInput> = {},
): AsyncGenerator<SweepMeta[]> {
  const query: Partial<QueryCommandInput> = {
    ...ALL_SWEEPS,
    ...filter,
    ExpressionAttributeNames: { ...ALL_SWEEPS.ExpressionAttributeNames, ...filter.ExpressionAttributeNames },
    ExpressionAttributeValues: {
      ...ALL_SWEEPS.ExpressionAttributeValues,
      ...filter.ExpressionAttributeValues,
    },
  };
  for await (const page of pagesOf(table, query)) {
    const metas: SweepMeta[] = [];
    for (const item of page) {
      try {
        metas.push(readItem(table, item, parseMetaItem));
      } catch (error) {
        if (!(error instanceof CorruptSweepItem)) throw error;
        onCorrupt(error);
      }
    }
    yield metas;
  }
}

/** The ids and the names of all sweeps, a page at a time. What is no id is left out. */
export async function* sweepNames(table: SweepTable): AsyncGenerator<(readonly [SweepId, string])[]> {
  const query: Partial<QueryCommandInput> = {
    ...ALL_SWEEPS,
    ProjectionExpression: "#sweep, #name",
    ExpressionAttributeNames: {
      ...ALL_SWEEPS.ExpressionAttributeNames,
      "#sweep": SWEEP_KEY,
      "#name": "name",
    },
  };
  for await (const page of pagesOf(table, query)) {
    yield page.flatMap(({ [SWEEP_KEY]: id, name }) =>
      id?.S !== undefined && isSweepId(id.S) ? [[id.S, name?.S ?? "?"] as const] : [],
    );
  }
}

const ALL_SWEEPS: Partial<QueryCommandInput> = {
  IndexName: SWEEPS_INDEX,
  KeyConditionExpression: "#kind = :kind",
  ExpressionAttributeNames: { "#kind": SWEEP_KIND_ATTRIBUTE },
  ExpressionAttributeValues: { ":kind": { S: SWEEP_KIND } },
  ScanIndexForward: false,
};

const itemsOf = (id: SweepId, prefix: string): Partial<QueryCommandInput> => ({
  KeyConditionExpression: "#sweep = :sweep AND begins_with(#item, :prefix)",
  ExpressionAttributeNames: { "#sweep": SWEEP_KEY, "#item": ITEM_KEY },
  ExpressionAttributeValues: { ":sweep": { S: id }, ":prefix": { S: prefix } },
  ConsistentRead: true,
});

async function* pagesOf(
  table: SweepTable,
  query: Partial<QueryCommandInput>,
  signal?: AbortSignal,
): AsyncGenerator<Item[]> {
  let start: QueryCommandOutput["LastEvaluatedKey"];
  do {
    const page: QueryCommandOutput = await table.client.send(
      new QueryCommand({
        ...query,
        TableName: table.name,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    yield page.Items ?? [];
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}
