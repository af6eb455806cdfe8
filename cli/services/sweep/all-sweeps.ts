import type { QueryCommandInput } from "@aws-sdk/client-dynamodb";
import { parsedItems, queryPages } from "../../../provider/sweep/queries.ts";
import { isSweepId, type SweepId } from "../../../staging/sweep/id.ts";
import {
  SWEEP_KEY,
  SWEEP_KIND,
  SWEEP_KIND_ATTRIBUTE,
  SWEEPS_INDEX,
} from "../../../staging/sweep/item-keys.ts";
import { parseMetaItem, type SweepMeta } from "../../../staging/sweep/meta-item.ts";
import { type CorruptSweepItem, corruptItem } from "./corrupt-item.ts";
import type { SweepTable } from "./tables.ts";

/*
 * Reads of the index of all sweeps. It is eventually consistent, so a sweep that was launched a moment ago may be missing.
 */

/** A condition that DynamoDB checks before it returns an item. */
export type MetaFilter = Required<
  Pick<QueryCommandInput, "FilterExpression" | "ExpressionAttributeNames" | "ExpressionAttributeValues">
>;

/**
 * The sweeps of the environment, newest first, a page at a time.
 * @param onCorrupt called for an item that cannot be read; the item is left out
 */
export async function* metaPages(
  table: SweepTable,
  onCorrupt: (error: CorruptSweepItem) => void,
  filter?: MetaFilter,
): AsyncGenerator<SweepMeta[]> {
  const all = allSweeps(table);
  const query: QueryCommandInput = {
    ...all,
    ...filter,
    ExpressionAttributeNames: { ...all.ExpressionAttributeNames, ...filter?.ExpressionAttributeNames },
    ExpressionAttributeValues: { ...all.ExpressionAttributeValues, ...filter?.ExpressionAttributeValues },
  };
  for await (const page of queryPages(table.client, query))
    yield parsedItems(page, parseMetaItem, (error, plain) => onCorrupt(corruptItem(table, error, plain)));
}

/** The IDs and names of all sweeps, a page at a time. Items whose key is not a sweep's ID are left out. */
export async function* sweepNames(table: SweepTable): AsyncGenerator<(readonly [SweepId, string])[]> {
  const all = allSweeps(table);
  const query: QueryCommandInput = {
    ...all,
    ProjectionExpression: "#sweep, #name",
    ExpressionAttributeNames: { ...all.ExpressionAttributeNames, "#sweep": SWEEP_KEY, "#name": "name" },
  };
  for await (const page of queryPages(table.client, query)) {
    yield page.flatMap(({ [SWEEP_KEY]: id, name }) =>
      id?.S !== undefined && isSweepId(id.S) ? [[id.S, name?.S ?? "?"] as const] : [],
    );
  }
}

const allSweeps = ({ name }: SweepTable) => ({
  TableName: name,
  IndexName: SWEEPS_INDEX,
  KeyConditionExpression: "#kind = :kind",
  ExpressionAttributeNames: { "#kind": SWEEP_KIND_ATTRIBUTE },
  ExpressionAttributeValues: { ":kind": { S: SWEEP_KIND } },
  ScanIndexForward: false,
});
