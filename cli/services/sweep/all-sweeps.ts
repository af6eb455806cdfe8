import type { QueryCommandInput } from "@aws-sdk/client-dynamodb";
import { allSweeps, parsedItems, queryPages } from "../../../provider/sweep/queries.ts";
import { isSweepId, type SweepId } from "../../../staging/sweep/id.ts";
import { SWEEP_KEY } from "../../../staging/sweep/item-keys.ts";
import { parseMetaItem, type SweepMeta } from "../../../staging/sweep/meta-item.ts";
import { type CorruptSweepItem, corruptItem } from "./corrupt-item.ts";
import type { SweepTable } from "./tables.ts";

/*
 * Reads of the index of all sweeps. It is eventually consistent, so a new sweep may be missing.
 */

/**
 * The sweeps of the environment, newest first, a page at a time.
 * @param onCorrupt called for a corrupt item, which is left out
 */
export async function* metaPages(
  table: SweepTable,
  onCorrupt: (error: CorruptSweepItem) => void,
): AsyncGenerator<SweepMeta[]> {
  for await (const page of queryPages(table.client, allSweeps(table.name)))
    yield parsedItems(page, parseMetaItem, (error, plain) => onCorrupt(corruptItem(table, error, plain)));
}

/** The IDs and names of all sweeps, a page at a time. Items whose key is not a sweep's ID are left out. */
export async function* sweepNames(table: SweepTable): AsyncGenerator<(readonly [SweepId, string])[]> {
  const all = allSweeps(table.name);
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
