import { InputError } from "./errors.ts";

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** The regular expression of a duration: whole numbers with units, the largest unit first. */
export const DURATION_PATTERN = "^(?=\\d)(\\d{1,7}d)?(\\d{1,7}h)?(\\d{1,7}m)?(\\d{1,7}s)?$";

const PATTERN = new RegExp(DURATION_PATTERN);

/**
 * Parses `24h`, `90m`, `1h30m`, `45s` or `2d`.
 * @returns seconds
 * @throws InputError if `text` does not have this form, or is not from `least` to `most` seconds
 */
export function parseDuration(text: string, least = 1, most = Number.MAX_SAFE_INTEGER): number {
  const match = PATTERN.exec(text);
  if (match === null) {
    throw new InputError(`"${text}" is not a duration`, {
      why: "A duration is whole numbers with units (d, h, m, s), such as 24h, 90m or 1h30m.",
      ...(/^\d{1,7}$/.test(text) ? { fix: `For seconds: ${text}s` } : {}),
    });
  }
  const seconds = UNITS.reduce((sum, [, size], place) => {
    const part = match[place + 1];
    return sum + (part === undefined ? 0 : Number.parseInt(part, 10) * size);
  }, 0);
  if (seconds >= least && seconds <= most) return seconds;
  throw new InputError(`the duration ${text} is out of range`, {
    why: `It must be from ${durationText(least)} to ${durationText(most)}.`,
  });
}

/** The form that {@link parseDuration} reads: `1h30m`. */
export function durationText(seconds: number): string {
  let rest = seconds;
  const parts = UNITS.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? "" : `${count}${unit}`;
  });
  return parts.join("") || "0s";
}
