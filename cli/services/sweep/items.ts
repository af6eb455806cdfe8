import { GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { conditionMet } from "../../../provider/conditional-write.ts";
import { plainItem } from "../../../provider/plain-item.ts";
import { itemKey, itemsWithPrefix, parsedItems, queryPages } from "../../../provider/sweep/queries.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import { type IndexItem, parseIndexItem } from "../../../staging/sweep/index-item.ts";
import {
  DEADLINE_GENERATION,
  INDEX_ITEM_PREFIX,
  META_ITEM,
  REGION_ITEM_PREFIX,
  SWEEP_KIND_ATTRIBUTE,
} from "../../../staging/sweep/item-keys.ts";
import { SweepItemError } from "../../../staging/sweep/item-reader.ts";
import { parseMetaItem, type SweepMeta } from "../../../staging/sweep/meta-item.ts";
import { parseRegionItem, type RegionItem } from "../../../staging/sweep/region-item.ts";
import { type CorruptSweepItem, corruptItem } from "./corrupt-item.ts";
import type { SweepTable } from "./tables.ts";

/*
 * Reads of the items of one sweep for users: a corrupt item is an error with a fix. All reads are strongly consistent.
 */

/** The sweep's `meta` item; undefined if there is none. @throws CorruptSweepItem */
export async function findMeta(table: SweepTable, id: SweepId): Promise<SweepMeta | undefined> {
  const item = await metaItem(table, id);
  if (item === undefined) return undefined;
  const plain = plainItem(item);
  try {
    return parseMetaItem(plain);
  } catch (error) {
    throw error instanceof SweepItemError ? corruptItem(table, error, plain) : error;
  }
}

/** Whether lists show the sweep: it exists and was not deleted. */
export async function isListed(table: SweepTable, id: SweepId): Promise<boolean> {
  return (await metaItem(table, id, SWEEP_KIND_ATTRIBUTE))?.[SWEEP_KIND_ATTRIBUTE] !== undefined;
}

/** The generation that the last retry has begun; 0 without one. Higher than the sweep's while a retry is running, or if it was interrupted. */
export async function generationBegun(table: SweepTable, id: SweepId): Promise<number> {
  const item = await metaItem(table, id, DEADLINE_GENERATION);
  return Number(item?.[DEADLINE_GENERATION]?.N ?? 0);
}

/** The `meta` item of a sweep; undefined if there is none. @param only the one attribute to read */
async function metaItem(table: SweepTable, id: SweepId, only?: string) {
  const { Item } = await table.client.send(
    new GetItemCommand({
      TableName: table.name,
      Key: itemKey(id, META_ITEM),
      ConsistentRead: true,
      ...(only && { ProjectionExpression: "#only", ExpressionAttributeNames: { "#only": only } }),
    }),
  );
  return Item;
}

/** Removes a sweep from the index of all sweeps. Its items stay until they expire. */
export async function unlist(table: SweepTable, id: SweepId): Promise<void> {
  const command = new UpdateItemCommand({
    TableName: table.name,
    Key: itemKey(id, META_ITEM),
    ConditionExpression: "attribute_exists(#kind)",
    UpdateExpression: "REMOVE #kind",
    ExpressionAttributeNames: { "#kind": SWEEP_KIND_ATTRIBUTE },
  });
  await conditionMet(() => table.client.send(command));
}

/** The counters of all regions, in the order of their indices. @throws CorruptSweepItem */
export async function findRegions(table: SweepTable, id: SweepId): Promise<RegionItem[]> {
  const regions: RegionItem[] = [];
  const query = itemsWithPrefix(table.name, id, REGION_ITEM_PREFIX);
  for await (const page of queryPages(table.client, query))
    regions.push(
      ...parsedItems(page, parseRegionItem, (error, plain) => {
        throw corruptItem(table, error, plain);
      }),
    );
  return regions.sort((a, b) => a.start - b.start);
}

/**
 * The indices of a sweep in their order, a page at a time.
 * @param onCorrupt called for an item that cannot be read; the item is left out
 */
export async function* indexPages(
  table: SweepTable,
  id: SweepId,
  onCorrupt: (error: CorruptSweepItem) => void,
): AsyncGenerator<IndexItem[]> {
  const query = itemsWithPrefix(table.name, id, INDEX_ITEM_PREFIX);
  for await (const page of queryPages(table.client, query))
    yield parsedItems(page, parseIndexItem, (error, plain) => onCorrupt(corruptItem(table, error, plain)));
}

/** Running indices by region. A region without any may be missing. */
export type RunningCounts = ReadonlyMap<string, number>;

/** Counts the running indices of a sweep. DynamoDB reads, and charges for, all index items, but returns only the regions of the running ones. */
export async function countRunning(
  table: SweepTable,
  id: SweepId,
  signal?: AbortSignal,
): Promise<RunningCounts> {
  const counts = new Map<string, number>();
  const all = itemsWithPrefix(table.name, id, INDEX_ITEM_PREFIX);
  const query = {
    ...all,
    FilterExpression: "#state = :running",
    ProjectionExpression: "#region",
    ExpressionAttributeNames: { ...all.ExpressionAttributeNames, "#region": "region", "#state": "state" },
    ExpressionAttributeValues: { ...all.ExpressionAttributeValues, ":running": { S: "running" } },
  };
  for await (const page of queryPages(table.client, query, signal)) {
    for (const { region } of page) {
      if (region?.S !== undefined) counts.set(region.S, (counts.get(region.S) ?? 0) + 1);
    }
  }
  return counts;
}
