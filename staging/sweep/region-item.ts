import { type AttributeValue, N, S } from "../attribute-value.ts";
import type { Region } from "../regions.ts";
import type { SweepId } from "./id.ts";
import { ITEM_KEY, regionItemKey, SWEEP_KEY } from "./item-keys.ts";
import { ItemReader } from "./item-reader.ts";
import { MAX_INDICES } from "./row-checks.ts";

/** The counters of a region. Workers change them by atomic additions. */
export interface RegionItem {
  readonly sweepId: SweepId;
  readonly region: Region;
  /** The region's indices are `start` to `end` - 1. */
  readonly start: number;
  readonly end: number;
  /** Workers at a time. */
  readonly workers: number;
  /** Unfinished indices. */
  readonly open: number;
  /** Finished indices by result. With `open` they add up to `end` - `start`. */
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Workers that the group should keep alive; one that ends in good order decrements it. */
  readonly alive: number;
  /** The next ticket. After the last index, workers look for reopened indices. */
  readonly nextTicket: number;
  readonly generation: number;
}

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
  const read = new ItemReader(value);
  if (read.name.kind !== "region") throw read.error(ITEM_KEY);
  const start = read.whole("start", 0, MAX_INDICES);
  const end = read.whole("end", start, MAX_INDICES);
  const workers = read.whole("workers", 0, MAX_INDICES);
  return {
    sweepId: read.sweepId,
    region: read.name.region,
    start,
    end,
    workers,
    open: read.whole("open", 0, end - start),
    done: read.whole("done", 0, end - start),
    failed: read.whole("failed", 0, end - start),
    cancelled: read.whole("cancelled", 0, end - start),
    alive: read.whole("alive", 0, workers),
    nextTicket: read.whole("next_ticket"),
    generation: read.whole("generation"),
  };
}
