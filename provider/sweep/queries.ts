import {
  type AttributeValue,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
} from "@aws-sdk/client-dynamodb";
import type { SweepId } from "../../staging/sweep/id.ts";
import {
  ITEM_KEY,
  SWEEP_KEY,
  SWEEP_KIND,
  SWEEP_KIND_ATTRIBUTE,
  SWEEPS_INDEX,
} from "../../staging/sweep/item-keys.ts";
import { SweepItemError } from "../../staging/sweep/item-reader.ts";
import { plainItem } from "../plain-item.ts";

type Item = Record<string, AttributeValue>;

/** Receives the error of an item that cannot be parsed, and its plain values. */
export type OnCorrupt = (error: SweepItemError, plain: Readonly<Record<string, unknown>>) => void;

/** The key of an item of the sweeps table. */
export const itemKey = (sweepId: SweepId, item: string) => ({
  [SWEEP_KEY]: { S: sweepId },
  [ITEM_KEY]: { S: item },
});

/** A strongly consistent query for the items of a sweep whose range keys begin with `prefix`. */
export const itemsWithPrefix = (table: string, sweepId: SweepId, prefix: string) => ({
  TableName: table,
  KeyConditionExpression: "#sweep = :sweep AND begins_with(#item, :prefix)",
  ExpressionAttributeNames: { "#sweep": SWEEP_KEY, "#item": ITEM_KEY },
  ExpressionAttributeValues: { ":sweep": { S: sweepId }, ":prefix": { S: prefix } },
  ConsistentRead: true,
});

/** A query for the `meta` items of all sweeps, newest first. The index is eventually consistent, so a new sweep may be missing. */
export const allSweeps = (table: string) => ({
  TableName: table,
  IndexName: SWEEPS_INDEX,
  KeyConditionExpression: "#kind = :kind",
  ExpressionAttributeNames: { "#kind": SWEEP_KIND_ATTRIBUTE },
  ExpressionAttributeValues: { ":kind": { S: SWEEP_KIND } },
  ScanIndexForward: false,
});

/** The items that a query finds, one page (at most 1 MB) at a time. */
export async function* queryPages(
  client: DynamoDBClient,
  query: QueryCommandInput,
  signal?: AbortSignal,
): AsyncGenerator<Item[]> {
  let start: QueryCommandOutput["LastEvaluatedKey"];
  do {
    const page: QueryCommandOutput = await client.send(
      new QueryCommand({ ...query, ...(start === undefined ? {} : { ExclusiveStartKey: start }) }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    yield page.Items ?? [];
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}

/** Parses the items of a page. Omits items that cannot be parsed. */
export function parsedItems<T>(
  page: readonly Item[],
  parse: (plain: unknown) => T,
  onCorrupt: OnCorrupt,
): T[] {
  return page.flatMap((item) => {
    const plain = plainItem(item);
    try {
      return [parse(plain)];
    } catch (error) {
      if (!(error instanceof SweepItemError)) throw error;
      onCorrupt(error, plain);
      return [];
    }
  });
}
