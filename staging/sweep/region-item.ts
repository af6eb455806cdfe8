import type * as v from "valibot";
import { type AttributeValue, N, S } from "../attribute-value.ts";
import { attributes, whole } from "../decode.ts";
import type { Region } from "../regions.ts";
import type { SweepId } from "./id.ts";
import { ITEM_KEY, regionItemKey, SWEEP_KEY } from "./item-keys.ts";
import { readItem } from "./item-reader.ts";
import { MAX_INDICES } from "./row-checks.ts";

/** The counters of a region. Workers change them by atomic additions. */
const COUNTERS = attributes({
  /** The region's indices are `start` to `end` - 1. */
  start: whole(0, MAX_INDICES),
  end: whole(0, MAX_INDICES),
  /** Workers at a time. */
  workers: whole(0, MAX_INDICES),
  /** Unfinished indices. */
  open: whole(),
  /** Finished indices by result. With `open` they add up to `end` - `start`. */
  done: whole(),
  failed: whole(),
  cancelled: whole(),
  /** Workers that the group should keep alive; one that ends in good order decrements it. */
  alive: whole(),
  /** The next ticket. After the last index, workers look for reopened indices. */
  next_ticket: whole(),
  generation: whole(),
});
export type RegionItem = { readonly sweepId: SweepId; readonly region: Region } & v.InferOutput<
  typeof COUNTERS
>;

/** The counters of a region before its first worker. */
export function newRegionItem(
  sweepId: SweepId,
  { region, start, end }: Pick<RegionItem, "region" | "start" | "end">,
  workers: number,
): RegionItem {
  return {
    sweepId,
    region,
    start,
    end,
    workers,
    open: end - start,
    done: 0,
    failed: 0,
    cancelled: 0,
    alive: workers,
    nextTicket: 0,
    generation: 0,
  };
}

/** The item for DynamoDB. */
export function regionItem(item: RegionItem): Record<string, AttributeValue> {
  return {
    [SWEEP_KEY]: S(item.sweepId),
    [ITEM_KEY]: S(regionItemKey(item.region)),
    start: N(item.start),
    end: N(item.end),
    workers: N(item.workers),
    open: N(item.open),
    done: N(item.done),
    failed: N(item.failed),
    cancelled: N(item.cancelled),
    alive: N(item.alive),
    next_ticket: N(item.nextTicket),
    generation: N(item.generation),
  };
}

/**
 * Parses an item that is unmarshalled to plain values.
 * @throws SweepItemError if an attribute is missing or malformed, or counters contradict each other
 */
export function parseRegionItem(value: unknown): RegionItem {
  const { sweepId, name, read, error } = readItem("region", value);
  const counters = read(COUNTERS);
  const size = counters.end - counters.start;
  if (size < 0) throw error("end");
  const tooMany = (["open", "done", "failed", "cancelled"] as const).find((one) => counters[one] > size);
  if (tooMany !== undefined) throw error(tooMany);
  if (counters.alive > counters.workers) throw error("alive");
  return { sweepId, region: name.region, ...counters };
}
