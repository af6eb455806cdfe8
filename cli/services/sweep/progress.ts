import type { Region } from "../../../staging/regions.ts";
import type { SweepMeta } from "../../../staging/sweep/meta-item.ts";
import type { RegionItem } from "../../../staging/sweep/region-item.ts";
import type { RunningCounts } from "./items.ts";

/**
 * `starting`: its items are being written. `running`: indices are open. `succeeded`: every index is done. `failed`: all have ended, and one
 * failed. `cancelled`: by the user. `overdue`: the deadline has passed, and open indices have no worker.
 */
export const SWEEP_STATES = ["starting", "running", "succeeded", "failed", "cancelled", "overdue"] as const;
export type SweepState = (typeof SWEEP_STATES)[number];

/** The progress of a region. The five counts add up to `end` - `start`. */
export interface RegionProgress {
  readonly region: Region;
  readonly start: number;
  readonly end: number;
  readonly workers: number;
  readonly alive: number;
  readonly pending: number;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** The progress of a sweep. */
export interface SweepProgress {
  readonly meta: SweepMeta;
  readonly state: SweepState;
  /** In the order of their indices. */
  readonly regions: readonly RegionProgress[];
  /** All regions together. */
  readonly total: Counts;
}

export type Counts = Pick<RegionProgress, "pending" | "running" | "done" | "failed" | "cancelled">;

/** Whether the sweep is over, unless the user retries it. */
export const hasEnded = ({ state }: Pick<SweepProgress, "state">): boolean =>
  state !== "starting" && state !== "running";

/**
 * @param running counted from the indices. If undefined, each live worker counts as one running index
 * @param now the server's time
 */
export function progressOf(
  meta: SweepMeta,
  items: readonly RegionItem[],
  running: RunningCounts | undefined,
  now: Date,
): SweepProgress {
  const regions = items.map((item) => regionProgress(item, running));
  const sum = (name: keyof Counts): number => regions.reduce((all, region) => all + region[name], 0);
  const total: Counts = {
    pending: sum("pending"),
    running: sum("running"),
    done: sum("done"),
    failed: sum("failed"),
    cancelled: sum("cancelled"),
  };
  return { meta, state: stateOf(meta, total, now), regions, total };
}

function regionProgress(item: RegionItem, counted: RunningCounts | undefined): RegionProgress {
  const { region, start, end, workers, alive, open, done, failed, cancelled } = item;
  // The indices are read before the counters: an index that ended in between is not open.
  const running = Math.min(open, counted === undefined ? alive : (counted.get(region) ?? 0));
  return { region, start, end, workers, alive, pending: open - running, running, done, failed, cancelled };
}

function stateOf(
  { startedAt, cancelledAt, deadlineAt, count }: SweepMeta,
  { pending, running, done }: Counts,
  now: Date,
): SweepState {
  if (cancelledAt !== undefined) return "cancelled";
  const isOpen = pending + running > 0;
  if (isOpen && now >= deadlineAt) return "overdue";
  if (startedAt === undefined) return "starting";
  if (isOpen) return "running";
  return done === count ? "succeeded" : "failed";
}
