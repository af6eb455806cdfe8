import { InputError } from "../../../staging/errors.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import type { SweepMeta } from "../../../staging/sweep/meta-item.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { pause } from "../common/pause.ts";
import { countRunning, findMeta, findRegions } from "./items.ts";
import { Outage } from "./outage.ts";
import { hasEnded, progressOf, type SweepProgress } from "./progress.ts";
import { type SweepTable, sweepTable } from "./tables.ts";

/** The largest sweep whose running indices are counted. Of larger ones, only the counters of the regions are read. */
const COUNTED_INDICES = 3_000;
const POLL_INTERVAL_MS = 2_000;
/** The longest interval while the table throttles or does not respond. */
const MAX_POLL_INTERVAL_MS = 30_000;

interface SweepWatch {
  /** Ends the watch, not the sweep. */
  readonly signal: AbortSignal;
  readonly onUpdate?: (progress: SweepProgress) => void;
  /** Called before a retry with its reason, such as `no answer`. */
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
 * Follows a sweep until it has ended. It tolerates throttling, and an outage of ten minutes.
 * @returns its end; undefined if `signal` ended the watch first
 * @throws InputError if there is no such sweep
 */
export async function watchSweep(
  context: Pick<Context, "settings" | "tables">,
  id: SweepId,
  watch: SweepWatch,
): Promise<SweepProgress | undefined> {
  const table = await sweepTable(context);
  return await follow(watch, {
    look: (signal) => readSweepProgress(table, id, signal),
    pause,
    steady: () => performance.now(),
  });
}

/** {@link watchSweep} with replaceable clocks. */
export async function follow(
  { signal, onUpdate, onTrouble }: SweepWatch,
  { look, pause, steady }: WatchDeps,
): Promise<SweepProgress | undefined> {
  const outage = new Outage(steady);
  let interval = POLL_INTERVAL_MS;
  try {
    for (;;) {
      signal.throwIfAborted();
      try {
        const progress = await look(signal);
        outage.end();
        interval = POLL_INTERVAL_MS;
        onUpdate?.(progress);
        if (hasEnded(progress)) return progress;
      } catch (error) {
        const trouble = outage.tolerate(error);
        onTrouble?.(trouble);
        interval = Math.min(MAX_POLL_INTERVAL_MS, interval * 2);
      }
      await pause(interval, signal);
    }
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** The current progress of a sweep. @throws InputError if there is no such sweep */
export async function readSweepProgress(
  table: SweepTable,
  id: SweepId,
  signal?: AbortSignal,
): Promise<SweepProgress> {
  const meta = await getMeta(table, id);
  const running = meta.count <= COUNTED_INDICES ? await countRunning(table, id, signal) : undefined;
  return progressOf(meta, await findRegions(table, id), running, serverClock.now());
}

/** The sweep's `meta` item. @throws InputError if there is no such sweep */
export async function getMeta(table: SweepTable, id: SweepId): Promise<SweepMeta> {
  const meta = await findMeta(table, id);
  if (meta === undefined) throw noSweep(table.environment, id);
  return meta;
}

/** The error for an ID that no sweep has. */
export const noSweep = (environment: string, id: string): InputError =>
  new InputError(`there is no sweep ${id} in environment ${environment}`, {
    why: "It was deleted, its items have expired, or it belongs to another environment.",
    fix: commandLine("spawn sweep list", environment),
  });
