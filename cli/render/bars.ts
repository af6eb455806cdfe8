import { displayWidth, padColumns } from "./text.ts";

/** One bar of a chart: its name, its length in any unit, and the text after it. */
interface Bar {
  readonly name: string;
  readonly value: number;
  readonly label: string;
}

const MAX_BAR = 50;
const MIN_BAR = 10;
/** Eighths of a column, from the left. */
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/**
 * A bar chart with one scale, in at most `columns` columns. Every value above zero is visible. Without colours, so
 * that it can be piped.
 */
export function renderBars(bars: readonly Bar[], columns: number): string[] {
  const widest = (texts: readonly string[]) => Math.max(0, ...texts.map(displayWidth));
  const names = widest(bars.map(({ name }) => name));
  const labels = widest(bars.map(({ label }) => label));
  const length = Math.min(MAX_BAR, Math.max(MIN_BAR, columns - names - labels - 4));
  const longest = Math.max(...bars.map(({ value }) => value));
  return bars.map(({ name, value, label }) => {
    const eighths = longest === 0 ? 0 : Math.round((value / longest) * length * 8);
    const filled = value > 0 ? Math.max(1, eighths) : 0;
    const bar = "█".repeat(Math.floor(filled / 8)) + EIGHTHS[filled % 8];
    return `${padColumns(name, names)}  ${padColumns(bar, length)}  ${label}`;
  });
}
