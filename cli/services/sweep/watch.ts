import { setTimeout as sleep } from "node:timers/promises";
import { InputError } from "../../../staging/errors.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { countRunning, findMeta, findRegions } from "./items.ts";
import { passing } from "./passing.ts";
import { hasEnded, progressOf, type SweepProgress } from "./progress.ts";
import { type SweepTable, sweepTable } from "./tables.ts";

/** Sweeps of at most so many indices are counted index by index; of larger ones the counters of the regions alone are read. */
const COUNTED_INDICES = 3_000;
/** Milliseconds between two looks. */
const INTERVAL = 2_000;
/** Milliseconds for which nothing may answer. Longer than it takes to start the local cloud again, or to change a network. */
const OUTAGE = 10 * 60_000;
/** Milliseconds between two looks while nothing answers, or while the table is throttled. */
const MAX_INTERVAL = 30_000;

export interface SweepWatch {
  /** Ends the watching, not the sweep. */
  readonly signal: AbortSignal;
  readonly onUpdate?: (progress: SweepProgress) => void;
  /** Told when a look fails and is tried again, in words such as `no answer`. */
  readonly onTrouble?: (text: string) => void;
}

/** Clocks and reads, which tests replace. */
export interface WatchDeps {
  readonly look: (signal: AbortSignal) => Promise<SweepProgress>;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds on a clock that does not jump. */
  readonly steady: () => number;
}

/**
 * Follows a sweep until it has ended. It survives throttling, and an outage of ten minutes.
 * @returns how it ended; undefined where `signal` ended the watching first
 * @throws InputError when there is no such sweep (any more)
 */
export async function watchSweep(
  context: Context,
  id: SweepId,
  watch: SweepWatch,
): Promise<SweepProgress | undefined> {
  const table = await sweepTable(context);
  return await follow(watch, {
    look: (signal) => lookAtSweep(table, id, signal),
    pause: async (ms, signal) => void (await sleep(ms, undefined, { signal })),
    steady: () => performance.now(),
  });
}

/** {@link watchSweep} on given clocks. */
export async function follow(
  { signal, onUpdate, onTrouble }: SweepWatch,
  { look, pause, steady }: WatchDeps,
): Promise<SweepProgress | undefined> {
  let answeredAt = steady();
  let interval = INTERVAL;
  try {
    for (;;) {
      signal.throwIfAborted();
      try {
        const progress = await look(signal);
        answeredAt = steady();
        interval = INTERVAL;
        onUpdate?.(progress);
        if (hasEnded(progress)) return progress;
      } catch (error) {
        const trouble = passing(error);
        if (trouble === undefined || steady() - answeredAt > OUTAGE) throw error;
        onTrouble?.(trouble);
        interval = Math.min(MAX_INTERVAL, interval * 2);
      }
      await pause(interval, signal);
    }
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** How far a sweep is now. @throws InputError when there is no such sweep */
export async function lookAtSweep(
  table: SweepTable,
  id: SweepId,
  signal?: AbortSignal,
): Promise<SweepProgress> {
  const meta = await findMeta(table, id);
  if (meta === undefined) throw noSweep(table.environment, id);
  const running = meta.count <= COUNTED_INDICES ? await countRunning(table, id, signal) : undefined;
  return progressOf(meta, await findRegions(table, id), running, serverClock.now());
}

/** The error of an id that no sweep has. */
export const noSweep = (environment: string, id: string): InputError =>
  new InputError(`there is no sweep ${id} in environment ${environment}`, {
    why: "It was deleted, its items have expired, or it belongs to another environment.",
    fix: commandLine("spawn sweep list", environment),
  });
