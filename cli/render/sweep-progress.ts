import {
  type Counts,
  hasEnded,
  type RegionProgress,
  type SweepProgress,
} from "../services/sweep/progress.ts";
import { View, type ViewOptions, type ViewStream } from "./in-place.ts";
import { cutColumns, displayWidth, padColumns } from "./text.ts";

/** Milliseconds between two lines in a pipe. */
const LINE_EVERY = 5_000;
const BAR = 40;
const MIN_BAR = 8;

/**
 * Shows the progress of a sweep. On a terminal: a bar per region, redrawn in place. Elsewhere (CI, a log): a line
 * after a change, at most every few seconds, and one at the end.
 */
export class SweepView extends View {
  readonly #now: () => number;
  #progress: SweepProgress | undefined;
  /** The last line in a pipe, and its time. */
  #line = "";
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(stream: ViewStream, options: ViewOptions = {}) {
    super(stream, options);
    this.#now = options.now ?? (() => performance.now());
  }

  update(progress: SweepProgress): void {
    this.#progress = progress;
    if (this.isTerminal) this.draw();
    else this.#printIfDue(hasEnded(progress));
  }

  override close(): void {
    if (!this.isTerminal) this.#printIfDue(true);
    super.close();
  }

  protected override draw(): void {
    if (this.#progress !== undefined) this.screen.draw(regionLines(this.#progress, this.screen.columns));
  }

  #printIfDue(isLast: boolean): void {
    if (this.#progress === undefined) return;
    const line = sweepLine(this.#progress);
    if (line === this.#line || (!isLast && this.#now() - this.#writtenAt < LINE_EVERY)) return;
    this.#line = line;
    this.#writtenAt = this.#now();
    this.print(line);
  }
}

/**
 * A bar per region: ended, running and pending indices, and their numbers. It never wraps: a narrow terminal has
 * shorter bars, or none.
 */
export function regionLines({ regions }: SweepProgress, columns: number): string[] {
  const name = Math.max(0, ...regions.map(({ region }) => region.length));
  const counts = regions.map((region) => countsText(region));
  const room = columns - name - Math.max(0, ...counts.map(displayWidth)) - 4;
  return regions.map((region, place) => {
    const bar = room < MIN_BAR ? "" : `${drawBar(region, Math.min(BAR, room))}  `;
    return cutColumns(`${padColumns(region.region, name)}  ${bar}${counts[place] ?? ""}`, columns);
  });
}

/** `6 pending, 2 running, 4 done, 0 failed`; cancelled indices only if there are any. */
export function countsText({ pending, running, done, failed, cancelled }: Counts): string {
  const texts = [`${pending} pending`, `${running} running`, `${done} done`, `${failed} failed`];
  return [...texts, ...(cancelled > 0 ? [`${cancelled} cancelled`] : [])].join(", ");
}

/** The whole sweep on one line: `6 pending, 2 running, 4 done, 0 failed (us-east-1 3 of 6, us-west-2 1 of 6 ended)`. */
function sweepLine({ total, regions }: SweepProgress): string {
  const each = regions.map((region) => `${region.region} ${endedIn(region)} of ${region.end - region.start}`);
  return `${countsText(total)}${regions.length > 1 ? ` (${each.join(", ")} ended)` : ""}`;
}

const endedIn = ({ done, failed, cancelled }: Counts): number => done + failed + cancelled;

function drawBar(region: RegionProgress, columns: number): string {
  const count = Math.max(1, region.end - region.start);
  const upTo = (indices: number): number => Math.floor((indices / count) * columns);
  const ended = upTo(endedIn(region));
  const busy = region.running === 0 ? 0 : Math.max(1, upTo(endedIn(region) + region.running) - ended);
  return "█".repeat(ended) + "▒".repeat(busy) + "░".repeat(columns - ended - busy);
}
