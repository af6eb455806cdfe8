import type { TransactWriteItem } from "@aws-sdk/client-dynamodb";
import type { AttributeValue } from "../../staging/attribute-value.ts";
import { ITEM_KEY } from "../../staging/sweep/item-keys.ts";
import { MIB } from "../../staging/units.ts";
import { forEachParallel } from "../transfer/flow/parallel.ts";
import type { SweepAccess } from "./access.ts";
import type { Item } from "./new-items.ts";
import { isUnmet, MAX_ACTIONS, transact } from "./transact.ts";

/**
 * Transactions at a time. An item of 1 KB takes 2 write units in one, and all items of a sweep are in one partition, which takes 1,000 a
 * second until DynamoDB has split it: more would only be throttled.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
const CONCURRENCY = 4;

/** A transaction has at most 4 MB; as JSON an item may be larger than DynamoDB counts it. */
const MAX_BATCH_BYTES = MIB;

/**
 * Writes items that are not there yet, and touches none that is. An index may have been claimed already: by a worker of an earlier try that
 * was killed after the groups had got their capacity, or while another process creates the same sweep. So each item is written on
 * condition that it is not there, which BatchWriteItem cannot do. Transactions of 100 are seven times as fast as single writes.
 * @param onWritten told how many items are there
 */
export async function writeNewItems(
  access: SweepAccess,
  items: AsyncIterable<Item> | Iterable<Item>,
  onWritten: (count: number) => void = () => undefined,
): Promise<void> {
  let written = 0;
  await forEachParallel(
    () => batchesOf(items),
    CONCURRENCY,
    access.signal,
    async (batch, signal) => {
      await writeBatch({ ...access, signal }, batch);
      written += batch.length;
      onWritten(written);
    },
  );
}

async function writeBatch({ client, table, signal }: SweepAccess, batch: readonly Item[]): Promise<void> {
  let missing = batch;
  while (missing.length > 0) {
    const reasons = await transact(
      client,
      missing.map((item) => putIfAbsent(table, item)),
      signal,
    );
    if (reasons === undefined) return;
    missing = missing.filter((_item, place) => !isUnmet(reasons[place] ?? {}));
  }
}

const putIfAbsent = (TableName: string, Item: Item): TransactWriteItem => ({
  Put: {
    TableName,
    Item,
    ConditionExpression: "attribute_not_exists(#item)",
    ExpressionAttributeNames: { "#item": ITEM_KEY },
  },
});

async function* batchesOf(items: AsyncIterable<Item> | Iterable<Item>): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  let bytes = 0;
  for await (const item of items) {
    const size = sizeOf(item);
    if (batch.length === MAX_ACTIONS || (batch.length > 0 && bytes + size > MAX_BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Bytes of an item as it is sent. */
const sizeOf = (item: Readonly<Record<string, AttributeValue>>): number =>
  Buffer.byteLength(JSON.stringify(item));
