import { GetItemCommand, UpdateItemCommand, type UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import type { Region } from "../../staging/regions.ts";
import { type IndexItem, parseIndexItem } from "../../staging/sweep/index-item.ts";
import {
  ITEM_KEY,
  indexItemKey,
  META_ITEM,
  REGION_ITEM_PREFIX,
  regionItemKey,
  SWEEP_KEY,
  SWEEP_TTL_ATTRIBUTE,
} from "../../staging/sweep/item-keys.ts";
import { parseRegionItem, type RegionItem } from "../../staging/sweep/region-item.ts";
import { conditionMet } from "../conditional-write.ts";
import { plainItem } from "../plain-item.ts";
import type { SweepAccess } from "./access.ts";
import { itemKey, itemsWithPrefix, type OnCorrupt, parsedItems, queryPages } from "./queries.ts";

/*
 * Strongly consistent reads, and conditional updates, of the items of one sweep. Lists omit an item that cannot be parsed and report it to `onCorrupt`.
 */

type Access = Pick<SweepAccess, "client" | "table" | "sweepId" | "signal">;

/** Reports a corrupt item instead of failing, so that every sweep can be ended. */
export const noteCorrupt =
  (access: Pick<SweepAccess, "note">): OnCorrupt =>
  (error) =>
    access.note(`${error.message}; it was left as it is`);

/** Updates an item. @returns whether the condition was met */
export function updateItem(
  { client, table, sweepId, signal }: Access,
  item: string,
  update: Omit<UpdateItemCommandInput, "TableName" | "Key">,
): Promise<boolean> {
  const command = new UpdateItemCommand({ TableName: table, Key: itemKey(sweepId, item), ...update });
  return conditionMet(() => client.send(command, { abortSignal: signal }));
}

/** The `meta` item as plain values; undefined if the sweep has none. */
export async function findMeta(access: Access): Promise<Record<string, unknown> | undefined> {
  return getItem(access, META_ITEM);
}

/** The counters of all regions. */
export async function findRegions(
  access: Pick<SweepAccess, "client" | "table" | "sweepId"> & Partial<Pick<SweepAccess, "signal">>,
  onCorrupt: OnCorrupt,
): Promise<RegionItem[]> {
  const { client, table, sweepId, signal } = access;
  const regions: RegionItem[] = [];
  for await (const page of queryPages(client, itemsWithPrefix(table, sweepId, REGION_ITEM_PREFIX), signal))
    regions.push(...parsedItems(page, parseRegionItem, onCorrupt));
  return regions;
}

/** The counters of a region, and its time of expiry. @throws SweepItemError if they are missing or cannot be parsed */
export async function findRegion(
  access: Access,
  region: Region,
): Promise<RegionItem & { readonly expires: unknown }> {
  const item = regionItemKey(region);
  const plain = (await getItem(access, item)) ?? plainItem(itemKey(access.sweepId, item));
  return { ...parseRegionItem(plain), expires: plain[SWEEP_TTL_ATTRIBUTE] };
}

/** The attributes that transitions of an index need: all except its row, which can have 32 KB. */
const STATE_ATTRIBUTES = [
  SWEEP_KEY,
  ITEM_KEY,
  "region",
  "state",
  "generation",
  "attempt",
  "interruptions",
  "errors",
  "exit_code",
  "error",
  "owner",
  "started_at",
  "lease_until",
  "ended_at",
];

const STATE_PROJECTION = {
  ProjectionExpression: STATE_ATTRIBUTES.map((name) => `#${name}`).join(", "),
  ExpressionAttributeNames: Object.fromEntries(STATE_ATTRIBUTES.map((name) => [`#${name}`, name])),
};

/** The existing indices from `start` to `end` - 1, without their rows, one page at a time. */
export async function* indexPages(
  { client, table, sweepId, signal }: Access,
  { start, end }: Pick<RegionItem, "start" | "end">,
  onCorrupt: OnCorrupt,
): AsyncGenerator<IndexItem[]> {
  const query = {
    TableName: table,
    KeyConditionExpression: "#sweep_id = :sweep AND #item BETWEEN :first AND :last",
    ...STATE_PROJECTION,
    ExpressionAttributeValues: {
      ":sweep": { S: sweepId },
      ":first": { S: indexItemKey(start) },
      ":last": { S: indexItemKey(end - 1) },
    },
    ConsistentRead: true,
  };
  for await (const page of queryPages(client, query, signal))
    yield parsedItems(page, parseIndexItem, onCorrupt);
}

/** An index without its row; undefined if it does not exist. @throws SweepItemError if it cannot be parsed */
export async function findIndex(access: Access, index: number): Promise<IndexItem | undefined> {
  const item = await getItem(access, indexItemKey(index), STATE_PROJECTION);
  return item && parseIndexItem(item);
}

async function getItem(
  access: Access,
  item: string,
  projection: Partial<typeof STATE_PROJECTION> = {},
): Promise<Record<string, unknown> | undefined> {
  const { client, table, sweepId, signal } = access;
  const command = new GetItemCommand({
    TableName: table,
    Key: itemKey(sweepId, item),
    ...projection,
    ConsistentRead: true,
  });
  const { Item } = await client.send(command, { abortSignal: signal });
  return Item && plainItem(Item);
}
