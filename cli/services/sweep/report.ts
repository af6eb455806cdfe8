import type { UserError } from "../../../staging/errors.ts";
import { type MicroDollars, toDollars } from "../../../staging/money.ts";
import type { Region } from "../../../staging/regions.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import type { IndexItem } from "../../../staging/sweep/index-item.ts";
import { isoSeconds } from "../../../staging/ttl.ts";
import { findRegions, indexPages, type RunningCounts } from "./items.ts";
import { toSweepJson } from "./listing.ts";
import { progressOf, type RegionProgress, type SweepProgress } from "./progress.ts";
import type { SweepTable } from "./tables.ts";
import { getMeta } from "./watch.ts";

/** An index that failed, with the reason. */
export interface FailedIndex {
  readonly index: number;
  readonly region: Region;
  /** The number of the attempt, which has its log. */
  readonly attempt: number;
  readonly exitCode: number | undefined;
  readonly error: string;
  readonly endedAt: Date;
}

/** The content of `sweep info`. */
export interface SweepReport {
  readonly progress: SweepProgress;
  /** In their order. */
  readonly indices: Readonly<Record<IndexItem["state"], readonly number[]>>;
  /** In the order of their indices. */
  readonly failures: readonly FailedIndex[];
  /** Attempts that ended with their instance, in this generation. */
  readonly interruptions: number;
  /** The end of each region's last index; undefined for a region with open indices. */
  readonly endedAt: ReadonlyMap<Region, Date | undefined>;
  readonly now: Date;
}

/**
 * @param onProblem called for an item that cannot be read; it is left out
 * @throws InputError if there is no such sweep
 */
export async function reportSweep(
  table: SweepTable,
  id: SweepId,
  onProblem: (error: UserError) => void,
): Promise<SweepReport> {
  const meta = await getMeta(table, id);
  const seen = new IndexSummary();
  for await (const page of indexPages(table, id, onProblem)) for (const item of page) seen.add(item);
  const now = serverClock.now();
  const progress = progressOf(meta, await findRegions(table, id), seen.running, now);
  const endedAt = new Map(
    progress.regions.map(({ region, pending, running }) => [
      region,
      pending + running > 0 ? undefined : seen.lastEnd.get(region),
    ]),
  );
  const { indices, failures, interruptions } = seen;
  return { progress, indices, failures, interruptions, endedAt, now };
}

/** The indices of a sweep, summarised while they are read. */
class IndexSummary {
  readonly indices: Record<IndexItem["state"], number[]> = {
    pending: [],
    running: [],
    done: [],
    failed: [],
    cancelled: [],
  };
  readonly failures: FailedIndex[] = [];
  interruptions = 0;
  readonly lastEnd = new Map<Region, Date>();
  readonly #running = new Map<string, number>();

  get running(): RunningCounts {
    return this.#running;
  }

  add(item: IndexItem): void {
    const { index, region, state, attempt, exitCode, error } = item;
    this.indices[state].push(index);
    this.interruptions += item.interruptions;
    if (state === "running") this.#running.set(region, (this.#running.get(region) ?? 0) + 1);
    if (!("endedAt" in item)) return;
    const { endedAt } = item;
    const last = this.lastEnd.get(region);
    if (last === undefined || endedAt > last) this.lastEnd.set(region, endedAt);
    if (state === "failed")
      this.failures.push({ index, region, attempt, exitCode, error: error ?? "", endedAt });
  }
}

/** A sweep for programs, as `info` prints it. Keys are never renamed or removed. */
export type SweepReportJson = ReturnType<typeof toSweepReportJson>;

export function toSweepReportJson(
  { progress, indices, failures, interruptions }: SweepReport,
  cost: MicroDollars | undefined,
) {
  const { meta, total, regions } = progress;
  return {
    ...toSweepJson(progress),
    pending: total.pending,
    running: total.running,
    command: meta.command,
    results: meta.results ?? null,
    timeout_seconds: meta.timeoutSeconds ?? null,
    retries: { interrupted: meta.retries.interrupted, error: meta.retries.error },
    interruptions,
    /** The maximum cost of the instances so far, at list prices; null if this machine does not know their types. */
    cost_usd_at_most: cost === undefined ? null : toDollars(cost),
    by_region: regions.map(regionJson),
    indices,
    failures: failures.map(({ index, region, attempt, exitCode, error, endedAt }) => ({
      ...{ index, region, attempt, exit_code: exitCode ?? null, error },
      ended_at: isoSeconds(endedAt),
    })),
  };
}

/** The region's indices are `start` to `end` - 1. */
function regionJson(progress: RegionProgress) {
  const { region, start, end, workers, pending, running, done, failed, cancelled } = progress;
  return { region, start, end, workers, pending, running, done, failed, cancelled };
}
