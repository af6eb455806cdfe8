import type { UserError } from "../../../staging/errors.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import type { SweepMeta } from "../../../staging/sweep/meta-item.ts";
import { isoSeconds } from "../../../staging/ttl.ts";
import { withOrderedProblems } from "../common/ordered-problems.ts";
import { metaPages } from "./all-sweeps.ts";
import { CorruptSweepItem } from "./corrupt-item.ts";
import { findRegions } from "./items.ts";
import { progressOf, type SweepProgress, type SweepState } from "./progress.ts";
import type { SweepTable } from "./tables.ts";

export interface SweepFilter {
  /** Only sweeps in one of these states; none: all. */
  readonly states: readonly SweepState[];
  /** At most this number of sweeps. @default all */
  readonly limit?: number | undefined;
}

/** Concurrent reads of counters. */
const CONCURRENCY = 25;

/**
 * The sweeps of the environment, newest first, a page at a time. Progress comes from the counters, because counting running indices would
 * read every index.
 * @param onProblem called for a corrupt sweep, which is left out
 */
export async function* listSweeps(
  table: SweepTable,
  { states, limit = Number.POSITIVE_INFINITY }: SweepFilter,
  onProblem: (error: UserError) => void,
): AsyncGenerator<SweepProgress[]> {
  let left = limit;
  for await (const metas of metaPages(table, onProblem)) {
    for (let at = 0; at < metas.length && left > 0; at += CONCURRENCY) {
      const some = metas.slice(at, at + CONCURRENCY);
      const found = await withOrderedProblems(some, onProblem, (meta, problem) =>
        progressIn(table, meta, problem),
      );
      const page = found
        .filter((progress) => progress !== undefined)
        .filter(({ state }) => states.length === 0 || states.includes(state))
        .slice(0, left);
      left -= page.length;
      yield page;
    }
    if (left <= 0) return;
  }
}

async function progressIn(
  table: SweepTable,
  meta: SweepMeta,
  onProblem: (error: UserError) => void,
): Promise<SweepProgress | undefined> {
  try {
    return progressOf(meta, await findRegions(table, meta.sweepId), undefined, serverClock.now());
  } catch (error) {
    if (!(error instanceof CorruptSweepItem)) throw error;
    onProblem(error);
    return undefined;
  }
}

/** A sweep for programs, in `sweep list` and `sweep info`. Keys are never renamed or removed. */
export type SweepJson = ReturnType<typeof toSweepJson>;

export function toSweepJson({ meta, state, total }: SweepProgress) {
  const time = (date: Date | undefined): string | null => (date === undefined ? null : isoSeconds(date));
  return {
    sweep_id: meta.sweepId,
    name: meta.name,
    state,
    count: meta.count,
    /** Indices that have not ended. With the next three they add up to `count`. */
    open: total.pending + total.running,
    done: total.done,
    failed: total.failed,
    cancelled: total.cancelled,
    /** In the order of their indices. */
    regions: meta.regions,
    /** IDs of the staged data. */
    entries: meta.entries,
    /** 0; each retry increments it. */
    generation: meta.generation,
    created_at: isoSeconds(meta.createdAt),
    started_at: time(meta.startedAt),
    deadline_at: isoSeconds(meta.deadlineAt),
    cancelled_at: time(meta.cancelledAt),
    stack: meta.stack,
  };
}
