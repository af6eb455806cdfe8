import type { Progress } from "../../staging/progress.ts";
import { formatBytes, formatDuration, formatInteger } from "../../staging/units.ts";
import { cutColumns, displayWidth, formatRate, padColumns } from "./text.ts";

/** The progress of one region, as pure data, so that a line is a function of it. */
export interface RegionState {
  readonly region: string;
  readonly label: string;
  readonly progress: Progress;
  /** Units per second; undefined while unknown. */
  readonly rate: number | undefined;
  /** Seconds since the phase began; at its end, its duration. */
  readonly seconds: number;
}

/** Columns of a full bar, as in the guide. */
const BAR = 40;
const MIN_BAR = 8;

const COUNTS_BYTES: readonly Progress["phase"][] = ["upload", "download", "copy", "verify"];

/** The completed share, 0 to 1; undefined if nothing can be counted. */
function shareDone({ done, total, finished }: Progress): number | undefined {
  if (total <= 0) return undefined;
  return finished ? 1 : Math.min(1, Math.max(0, done / total));
}

/** Whole per cent, rounded down: 100 only at the end. */
const percent = (share: number): number => Math.floor(share * 100);

function formatUnits(progress: Progress, units: number): string {
  return COUNTS_BYTES.includes(progress.phase) ? formatBytes(units) : formatInteger(units);
}

function rateText({ progress, rate }: RegionState): string | undefined {
  if (rate === undefined || progress.total === 0) return undefined;
  return COUNTS_BYTES.includes(progress.phase)
    ? formatRate(rate)
    : `${rate.toFixed(rate < 10 ? 1 : 0)} objects/s`;
}

function etaText({ progress, rate }: RegionState): string | undefined {
  if (progress.finished) return "0s";
  if (rate === undefined || progress.total === 0) return undefined;
  return rate > 0 ? formatDuration((progress.total - progress.done) / rate) : "?";
}

interface LineWidths {
  readonly columns: number;
  /** Widest region and label of all lines, so that the bars align. */
  readonly region: number;
  readonly label: number;
}

/**
 * One region's line on a terminal. On a narrow terminal the bytes are dropped first, then the label and the rate;
 * then the bar is shortened, and finally the line is cut. It never wraps.
 */
export function barLine(state: RegionState, widths: LineWidths): string {
  const region = padColumns(state.region, widths.region);
  const label = padColumns(state.label, widths.label);
  const share = shareDone(state.progress);
  if (share === undefined) {
    const time = formatDuration(state.seconds);
    return cutColumns(
      `${region}  ${label}  ${state.progress.finished ? `done in ${time}` : time}`,
      widths.columns,
    );
  }
  const { done, total } = state.progress;
  const bytes = `${formatUnits(state.progress, done)} of ${formatUnits(state.progress, total)}`;
  const rate = rateText(state);
  const eta = etaText(state);
  const tail = (...fields: (string | undefined)[]) =>
    fields.map((field) => (field === undefined ? "" : ` | ${field}`)).join("");
  const etaField = eta === undefined ? undefined : `ETA: ${eta}`;
  const number = ` ${String(percent(share)).padStart(3)}%`;
  const forms = [
    { head: `${region}  ${label}  `, end: number + tail(bytes, rate, etaField), bar: BAR },
    { head: `${region}  ${label}  `, end: number + tail(rate, etaField), bar: BAR / 2 },
    { head: `${region}  `, end: number + tail(rate, etaField), bar: BAR / 2 },
    { head: `${region}  `, end: number + tail(rate, etaField), bar: MIN_BAR },
    { head: `${region}  `, end: number + tail(etaField), bar: MIN_BAR },
  ];
  for (const { head, end, bar } of forms) {
    const room = widths.columns - displayWidth(head) - displayWidth(end);
    if (room >= bar) return head + drawBar(share, Math.min(BAR, room)) + end;
  }
  return cutColumns(`${state.region}${number}`, widths.columns);
}

function drawBar(share: number, columns: number): string {
  const full = Math.floor(share * columns);
  return "█".repeat(full) + "░".repeat(columns - full);
}

/** One region's line in a log: `us-east-1  Uploading  45 %  120.0 MB/s  ETA 4s`. */
export function logLine(state: RegionState): string {
  const { progress, seconds } = state;
  const share = shareDone(progress);
  const start = `${state.region}  ${state.label}`;
  if (progress.finished) {
    const amount = progress.total > 0 ? `  ${formatUnits(progress, progress.total)}` : "";
    return `${start}  done${amount}  in ${formatDuration(seconds)}`;
  }
  if (share === undefined) return `${start}  ${formatDuration(seconds)}`;
  const rate = rateText(state);
  const eta = etaText(state);
  return [start, `${percent(share)} %`, rate, eta === undefined ? undefined : `ETA ${eta}`]
    .filter((field) => field !== undefined)
    .join("  ");
}
