import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { errorName } from "../../connection/errors/failure.ts";
import type { SweepId } from "../../staging/sweep/id.ts";
import { parseSweepReading, READING_ATTRIBUTES, type SweepReading } from "../../staging/sweep/meta-item.ts";
import { findRegions } from "./items.ts";
import { allSweeps, type OnCorrupt, parsedItems, queryPages } from "./queries.ts";

/** The table of an environment's sweeps. */
interface SweepsTable {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** The server's time after the first response. */
  now(): Date;
  readonly signal?: AbortSignal;
}

/**
 * The unfinished sweeps of the environment: starting or running. A query of the index finds those that were not cancelled. The deadline
 * excludes most of them, and the counters of their regions decide. A sweep that was created a moment ago may be missing.
 * @param onCorrupt called for corrupt items, whose sweeps may read any entry
 */
export async function findOpenSweeps(access: SweepsTable, onCorrupt: OnCorrupt): Promise<SweepReading[]> {
  const { client, table, now, signal } = access;
  const all = allSweeps(table);
  const query = {
    ...all,
    FilterExpression: "attribute_not_exists(#cancelled)",
    ProjectionExpression: READING_ATTRIBUTES.map((name) => `#${name}`).join(", "),
    ExpressionAttributeNames: {
      ...all.ExpressionAttributeNames,
      ...Object.fromEntries(READING_ATTRIBUTES.map((name) => [`#${name}`, name])),
      "#cancelled": "cancelled_at",
    },
  };
  const found: SweepReading[] = [];
  try {
    for await (const page of queryPages(client, query, signal)) {
      // After the response, whose time sets the clock: a fast clock of this machine must not end a sweep.
      const sweeps = parsedItems(page, parseSweepReading, onCorrupt).filter(
        ({ deadlineAt }) => deadlineAt > now(),
      );
      const open = await Promise.all(sweeps.map(({ sweepId }) => isOpen({ ...access, sweepId }, onCorrupt)));
      found.push(...sweeps.filter((_, place) => open[place]));
    }
  } catch (error) {
    // An environment of an older version has no such table, and so no sweep.
    if (errorName(error) !== "ResourceNotFoundException") throw error;
  }
  return found;
}

/** The items of the regions are written before the start, so a sweep without them is starting. */
async function isOpen(access: SweepsTable & { sweepId: SweepId }, onCorrupt: OnCorrupt): Promise<boolean> {
  const regions = await findRegions(access, onCorrupt);
  return regions.length === 0 || regions.some(({ open }) => open > 0);
}
