import type { Progress } from "../../staging/progress.ts";
import { formatBytes, formatInteger } from "../../staging/units.ts";

/** Four reports per second: enough for a smooth bar, few enough for the engine. */
const INTERVAL_MS = 250;

export interface ProgressTotals {
  readonly phase: Progress["phase"];
  readonly region: string;
  /** Bytes or objects, see {@link Progress}. */
  readonly total: number;
  readonly objectsTotal: number;
}

/** Counts completed work and reports it at intervals, and always at the start and the end. */
export class ProgressReporter {
  readonly #totals: ProgressTotals;
  readonly #send: (text: string, progress: Progress) => void;
  readonly #now: () => number;
  #done = 0;
  #objectsDone = 0;
  #lastSent = Number.NEGATIVE_INFINITY;

  /** @param send shows a report as text and as numbers; must not throw */
  constructor(
    totals: ProgressTotals,
    send: (text: string, progress: Progress) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#totals = totals;
    this.#send = send;
    this.#now = now;
    this.#report(false);
  }

  add(amount: number): void {
    this.#done += amount;
    if (this.#now() - this.#lastSent >= INTERVAL_MS) this.#report(false);
  }

  objectDone(): void {
    this.#objectsDone += 1;
  }

  finish(): void {
    this.#report(true);
  }

  #report(finished: boolean): void {
    this.#lastSent = this.#now();
    const { phase, region, total, objectsTotal } = this.#totals;
    const [done, objectsDone] = [this.#done, this.#objectsDone];
    // If the totals were unknown, the final counts replace them.
    const unknownTotals = finished && total === 0 ? { total: done, objectsTotal: objectsDone } : {};
    const progress: Progress = {
      ...{ phase, region, done, total, objectsDone, objectsTotal, finished },
      ...unknownTotals,
    };
    this.#send(describe(progress), progress);
  }
}

const VERBS: Readonly<Record<Progress["phase"], string>> = {
  upload: "Uploading to",
  download: "Downloading from",
  copy: "Replicating to",
  wait: "Waiting for",
  verify: "Verifying",
  delete: "Deleting from",
  tag: "Tagging in",
};

const COUNTS_BYTES: ReadonlySet<Progress["phase"]> = new Set(["upload", "download", "copy", "verify"]);

/** `Uploading to us-east-1: 45 % of 1.2 GB` */
function describe(progress: Progress): string {
  const head = `${VERBS[progress.phase]} ${progress.region}`;
  if (progress.finished) return `${head}: done`;
  if (progress.total === 0) {
    return progress.done === 0 ? `${head}...` : `${head}: ${formatInteger(progress.done)} objects`;
  }
  const percent = `${Math.floor((100 * progress.done) / progress.total)} %`;
  const isBytes = COUNTS_BYTES.has(progress.phase);
  return `${head}: ${percent} of ${isBytes ? formatBytes(progress.total) : `${formatInteger(progress.total)} objects`}`;
}
