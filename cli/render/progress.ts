import { printable } from "../../staging/printable.ts";
import type { Progress } from "../../staging/progress.ts";
import { View, type ViewOptions, type ViewStream } from "./in-place.ts";
import { barLine, logLine, type RegionState } from "./progress-lines.ts";
import { SmoothedRate } from "./rate.ts";
import { displayWidth } from "./text.ts";

/** Milliseconds between two drawings on a terminal, and between two lines of one region elsewhere. */
const DRAW_EVERY = 100;
const LINE_EVERY = 5_000;

const PHASE_LABELS: Readonly<Record<Progress["phase"], string>> = {
  upload: "Uploading",
  download: "Downloading",
  copy: "Copying",
  wait: "Waiting",
  verify: "Verifying",
  delete: "Deleting",
  tag: "Tagging",
};

/** The phases in which a region gets its data; the others verify or tag them. */
const DATA_PHASES: readonly Progress["phase"][] = ["upload", "download", "copy", "wait"];

interface Row {
  progress: Progress;
  rate: SmoothedRate;
  /** The phase's start, its last printed line, and its end. */
  startedAt: number;
  /** Units that were complete at the start of the phase: the data of a resumed upload. */
  startedWith: number;
  printedAt: number;
  endedAt: number | undefined;
}

/**
 * Shows progress reports. On a terminal: one progress bar per region, redrawn in place at most ten times a second.
 * Elsewhere (CI, a log): plain lines, one per region every few seconds and one at the end of each phase.
 */
export class ProgressView extends View {
  readonly #now: () => number;
  readonly #rows = new Map<string, Row>();
  /** The phase in which each region got its data. Its line stays on the screen. */
  readonly #dataRows = new Map<string, Row>();
  #drawnAt = Number.NEGATIVE_INFINITY;
  readonly #timer: NodeJS.Timeout;

  constructor(stream: ViewStream, options: ViewOptions = {}) {
    super(stream, options);
    this.#now = options.now ?? Date.now;
    // Redraw without new reports, because the elapsed time and the rate change. `unref` lets the process exit.
    this.#timer = setInterval(() => this.#tick(), this.isTerminal ? DRAW_EVERY : LINE_EVERY / 5);
    this.#timer.unref();
  }

  /** Accepts a report of a region; the newest replaces the previous one. */
  update(progress: Progress): void {
    if (this.isClosed) return;
    const now = this.#now();
    let row = this.#rows.get(progress.region);
    if (row === undefined || row.progress.phase !== progress.phase || row.endedAt !== undefined) {
      row = {
        progress,
        rate: new SmoothedRate(progress.done, now),
        startedAt: now,
        startedWith: progress.done,
        printedAt: now,
        endedAt: undefined,
      };
      this.#rows.set(progress.region, row);
    }
    row.rate.add(progress.done, now);
    row.progress = progress;
    if (progress.finished) row.endedAt = now;
    if (progress.finished && DATA_PHASES.includes(progress.phase)) this.#dataRows.set(progress.region, row);
    if (!this.isTerminal) this.#printIfDue(row, now);
    else if (now - this.#drawnAt >= DRAW_EVERY) this.draw();
  }

  /** Draws the final state permanently and stops. A region that got its data shows that phase. May be called twice. */
  override close(): void {
    if (this.isClosed) return;
    for (const [region, row] of this.#rows) {
      // The last tagging report may come too late.
      const isOver = row.endedAt !== undefined || !DATA_PHASES.includes(row.progress.phase);
      if (isOver) this.#rows.set(region, this.#dataRows.get(region) ?? row);
    }
    if (this.isTerminal) this.draw();
    clearInterval(this.#timer);
    super.close();
  }

  #tick(): void {
    const now = this.#now();
    if (this.isTerminal) {
      if ([...this.#rows.values()].some((row) => row.endedAt === undefined)) this.draw();
      return;
    }
    for (const row of this.#rows.values()) if (row.endedAt === undefined) this.#printIfDue(row, now);
  }

  #printIfDue(row: Row, now: number): void {
    if (row.endedAt === undefined && now - row.printedAt < LINE_EVERY) return;
    row.printedAt = now;
    this.print(logLine(this.#stateOf(row, now)));
  }

  protected override draw(): void {
    if (this.isClosed || this.#rows.size === 0) return;
    const now = this.#now();
    const states = [...this.#rows.values()].map((row) => this.#stateOf(row, now));
    const widths = {
      columns: this.screen.columns,
      region: Math.max(...states.map(({ region }) => displayWidth(region))),
      label: Math.max(...states.map(({ label }) => displayWidth(label))),
    };
    this.screen.draw(states.map((state) => barLine(state, widths)));
    this.#drawnAt = now;
  }

  #stateOf(row: Row, now: number): RegionState {
    const { progress } = row;
    const seconds = ((row.endedAt ?? now) - row.startedAt) / 1000;
    // At the end, the mean of the whole phase is the useful rate.
    const mean = seconds > 0 ? (progress.done - row.startedWith) / seconds : undefined;
    const smoothed = row.endedAt === undefined ? row.rate.perSecond : mean;
    return {
      region: printable(progress.region),
      label: PHASE_LABELS[progress.phase],
      progress,
      rate: smoothed,
      seconds,
    };
  }
}
