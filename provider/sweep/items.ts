import {
  type AttributeValue,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
} from "@aws-sdk/client-dynamodb";
import type { Region } from "../../staging/regions.ts";
import { type IndexItem, parseIndexItem } from "../../staging/sweep/index-item.ts";
import {
  ITEM_KEY,
  indexItemKey,
  META_ITEM,
  REGION_ITEM_PREFIX,
  regionItemKey,
  SWEEP_KEY,
} from "../../staging/sweep/item-keys.ts";
import { SweepItemError } from "../../staging/sweep/item-reader.ts";
import { parseRegionItem, type RegionItem } from "../../staging/sweep/region-item.ts";
import { plainItem } from "../plain-item.ts";
import type { SweepAccess } from "./access.ts";

type Access = Pick<SweepAccess, "client" | "table" | "sweepId" | "signal">;

/** The key of an item. */
export const keyOf = ({ sweepId }: Pick<SweepAccess, "sweepId">, item: string) => ({
  [SWEEP_KEY]: { S: sweepId },
  [ITEM_KEY]: { S: item },
});

/** The sweep's own item as plain values, read strongly consistent; undefined where there is none. */
export async function findMeta(access: Access): Promise<Record<string, unknown> | undefined> {
  const { client, table, signal } = access;
  const command = new GetItemCommand({
    TableName: table,
    Key: keyOf(access, META_ITEM),
    ConsistentRead: true,
  });
  const { Item } = await client.send(command, { abortSignal: signal });
  return Item && plainItem(Item);
}

/**
 * The counters of all regions, read strongly consistent.
 * @param onCorrupt told of an item that cannot be read. @default the error is thrown
 */
export async function findRegions(
  access: Access,
  onCorrupt: (error: SweepItemError) => void = (error) => {
    throw error;
  },
): Promise<RegionItem[]> {
  const regions: RegionItem[] = [];
  const query = {
    KeyConditionExpression: "#sweep = :sweep AND begins_with(#item, :prefix)",
    ExpressionAttributeNames: { "#sweep": SWEEP_KEY, "#item": ITEM_KEY },
    ExpressionAttributeValues: { ":sweep": { S: access.sweepId }, ":prefix": { S: REGION_ITEM_PREFIX } },
  };
  for await (const page of pages(access, query)) regions.push(...readable(page, parseRegionItem, onCorrupt));
  return regions;
}

/** What of an index decides about its transitions: all but its row, which may be long. */
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

/**
 * The indices `start` to `end` - 1 that exist, without their rows, a page at a time, read strongly consistent.
 * @param onCorrupt told of an item that cannot be read; the others are given all the same
 */
export async function* indexPages(
  access: Access,
  { start, end }: Pick<RegionItem, "start" | "end">,
  onCorrupt: (error: SweepItemError) => void,
): AsyncGenerator<IndexItem[]> {
  const query = {
    KeyConditionExpression: "#sweep_id = :sweep AND #item BETWEEN :first AND :last",
    ...STATE_PROJECTION,
    ExpressionAttributeValues: {
      ":sweep": { S: access.sweepId },
      ":first": { S: indexItemKey(start) },
      ":last": { S: indexItemKey(end - 1) },
    },
  };
  for await (const page of pages(access, query)) yield readable(page, parseIndexItem, onCorrupt);
}

function readable<T>(
  page: readonly Record<string, AttributeValue>[],
  parse: (plain: unknown) => T,
  onCorrupt: (error: SweepItemError) => void,
): T[] {
  return page.flatMap((item) => {
    try {
      return [parse(plainItem(item))];
    } catch (error) {
      if (!(error instanceof SweepItemError)) throw error;
      onCorrupt(error);
      return [];
    }
  });
}

/** The counters of a region, read strongly consistent. @throws SweepItemError where they are missing or cannot be read */
export async function findRegion(access: Access, region: Region): Promise<RegionItem> {
  const { client, table, signal } = access;
  const key = keyOf(access, regionItemKey(region));
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }),
    { abortSignal: signal },
  );
  return parseRegionItem(plainItem(Item ?? key));
}

/** An index without its row, read strongly consistent; undefined where there is none. @throws SweepItemError */
export async function findIndex(access: Access, index: number): Promise<IndexItem | undefined> {
  const { client, table, signal } = access;
  const command = new GetItemCommand({
    TableName: table,
    Key: keyOf(access, indexItemKey(index)),
    ...STATE_PROJECTION,
    ConsistentRead: true,
  });
  const { Item } = await client.send(command, { abortSignal: signal });
  return Item && parseIndexItem(plainItem(Item));
}

async function* pages(
  { client, table, signal }: Access,
  query: Partial<QueryCommandInput>,
): AsyncGenerator<Record<string, AttributeValue>[]> {
  let start: QueryCommandOutput["LastEvaluatedKey"];
  do {
    const page: QueryCommandOutput = await client.send(
      new QueryCommand({
        ...query,
        TableName: table,
        ConsistentRead: true,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
      { abortSignal: signal },
    );
    yield page.Items ?? [];
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}
