import { formatMoney, type MicroDollars, ZERO } from "../../staging/money.ts";
import { formatBytes } from "../../staging/units.ts";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const ZERO_WIDTH = /^[\p{Mark}\p{Default_Ignorable_Code_Point}\p{Control}]+$/u;
/** East Asian wide and fullwidth blocks, https://www.unicode.org/reports/tr11/ */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;
const EMOJI = /\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u;

/** Columns of `text` on a terminal: wide characters and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) {
    if (ZERO_WIDTH.test(segment)) continue;
    width += WIDE.test(segment) || EMOJI.test(segment) ? 2 : 1;
  }
  return width;
}

/** Fills `text` with spaces on its right up to `width` columns. */
export function padColumns(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** Cuts `text` to at most `width` columns. */
export function cutColumns(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let cut = "";
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += displayWidth(segment);
    if (used > width) break;
    cut += segment;
  }
  return cut;
}

/** `100GB`, `1.5GB`: a size in a table or a formula. */
export function compactBytes(bytes: number): string {
  return formatBytes(bytes)
    .replace(/\.0(?= )/, "")
    .replace(" ", "");
}

/** `2.5 GB/s` */
export const formatRate = (bytesPerSecond: number): string => `${formatBytes(Math.round(bytesPerSecond))}/s`;

/** `1 region`, `2 regions` @param nouns the plural. @default `noun` and an s */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? noun : nouns}`;
}

/** `2024-01-22 10:30:15 UTC` */
export function formatUtc(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** `2024-01-22`, in UTC */
export const formatUtcDay = (date: Date): string => date.toISOString().slice(0, 10);

const DOLLAR = 1_000_000;

/** Like `formatMoney`, with three decimals below a dollar: `$0.153`. For rates, for which two decimals are too coarse. */
export function formatFineMoney(amount: MicroDollars): string {
  if (amount >= DOLLAR || amount === ZERO || amount < 0) return formatMoney(amount);
  if (amount < 500) return "<$0.001";
  const text = (amount / DOLLAR).toFixed(3);
  return `$${text.endsWith("0") ? text.slice(0, -1) : text}`;
}

/** `96.6%`, `99%`: a share of 0 to 1, with a decimal unless it is a whole per cent. Never rounds up to 100%. */
export function formatShare(share: number): string {
  const tenths = Math.min(Math.round(share * 1000), share < 1 ? 999 : 1000) / 10;
  return `${Number.isInteger(tenths) ? tenths.toFixed(0) : tenths.toFixed(1)}%`;
}

/** `$0.02`, or `$0.02 to $0.086` if the regions' prices differ, for use before `/GB`. */
export function priceRange(prices: readonly MicroDollars[]): string {
  const sorted = prices.toSorted((a, b) => a - b);
  const [lowest = ZERO] = sorted;
  const highest = sorted.at(-1) ?? lowest;
  return lowest === highest ? formatPrice(lowest) : `${formatPrice(lowest)} to ${formatPrice(highest)}`;
}

/** A price in full, with two decimals at least: `$0.02`, `$0.0245`. */
const formatPrice = (price: MicroDollars): string =>
  `$${(price / DOLLAR).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 6 })}`;
