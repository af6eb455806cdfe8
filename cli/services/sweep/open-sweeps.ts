import { errorName } from "../../../connection/errors/failure.ts";
import { InputError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import type { SweepMeta } from "../../../staging/sweep/meta-item.ts";
import { isoSeconds } from "../../../staging/ttl.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { metaPages } from "./all-sweeps.ts";
import { findRegions } from "./items.ts";
import { type SweepTable, sweepTable } from "./tables.ts";

/**
 * The sweeps of the environment that have not ended: starting or running. A query of the index finds those whose deadline has not passed,
 * few at any time, and the counters of their regions tell the rest. A sweep that was made within the last moments may be missed.
 */
export async function openSweeps(context: Pick<Context, "settings" | "tables">): Promise<SweepMeta[]> {
  const table = await sweepTable(context);
  const found: SweepMeta[] = [];
  const candidates = metaPages(table, () => undefined, {
    // Times of one form sort as texts do.
    FilterExpression: "attribute_not_exists(#cancelled) AND #deadline > :now",
    ExpressionAttributeNames: { "#cancelled": "cancelled_at", "#deadline": "deadline_at" },
    ExpressionAttributeValues: { ":now": { S: isoSeconds(serverClock.now()) } },
  });
  try {
    for await (const page of candidates) {
      const open = await Promise.all(page.map(({ sweepId }) => isOpen(table, sweepId)));
      found.push(...page.filter((_, place) => open[place]));
    }
  } catch (error) {
    // An environment that an older version made has no such table, and so no sweep.
    if (errorName(error) !== "ResourceNotFoundException") throw error;
  }
  return found;
}

/** Its regions' items come before its start, so none at all means that it is starting. */
async function isOpen(table: SweepTable, id: SweepId): Promise<boolean> {
  const regions = await findRegions(table, id);
  return regions.length === 0 || regions.some(({ open }) => open > 0);
}

/** By entry, the sweeps that read it and have not ended; entries that no sweep reads are absent. */
export async function sweepsReading(
  context: Pick<Context, "settings" | "tables">,
  ids: readonly StagingId[],
): Promise<ReadonlyMap<StagingId, readonly SweepId[]>> {
  const reading = new Map<StagingId, SweepId[]>();
  if (ids.length === 0) return reading;
  const wanted = new Set(ids);
  for (const { sweepId, entries } of await openSweeps(context)) {
    for (const id of entries) {
      if (wanted.has(id)) reading.set(id, [...(reading.get(id) ?? []), sweepId]);
    }
  }
  return reading;
}

/**
 * The error of an entry that sweeps read: without it, workers that start from now on fail.
 * @param what was to be done: `deleted`
 */
export function inUse(
  id: StagingId,
  sweeps: readonly SweepId[],
  environment: string,
  what: "deleted" | "removed",
): InputError {
  const [first = "ID"] = sweeps;
  return new InputError(
    `${id} cannot be ${what}: ${sweeps.join(", ")} ${sweeps.length === 1 ? "reads" : "read"} it`,
    {
      why: "The sweep has not ended; its workers would not find the data.",
      fix: `Wait for its end: ${commandLine(`spawn sweep watch ${first}`, environment)}, or end it: ${commandLine(`spawn sweep cancel ${first}`, environment)}`,
    },
  );
}
