import { InputError } from "./errors.ts";
import { BYTE_UNITS } from "./size.ts";
import { formatBytes, KIB, TIB } from "./units.ts";

/** The valid range of a limit, in bytes per second. */
const LEAST = KIB;
const MOST = TIB;

/** Bytes of each unit; bits are powers of 1,000. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ...Object.entries(BYTE_UNITS).filter(([unit]) => !unit.startsWith("T")),
  ...[["kbit", 1e3 / 8] as const, ["Mbit", 1e6 / 8] as const, ["Gbit", 1e9 / 8] as const],
]);

/** The form of a limit, without surrounding spaces. */
export const BANDWIDTH = /^(\d{1,9}(?:\.\d{1,6})?) ?([A-Za-z]+)\/s$/;

/**
 * Parses `--bandwidth-limit`.
 * @returns bytes per second, a whole number
 * @throws InputError if `text` is not a number with a unit, from 1 KB/s to 1 TB/s
 */
export function parseBandwidthLimit(text: string): number {
  const [, number, unit = ""] = BANDWIDTH.exec(text.trim()) ?? [];
  const bytes = Math.round(Number(number) * (UNITS.get(unit) ?? Number.NaN));
  if (bytes >= LEAST && bytes <= MOST) return bytes;
  throw new InputError(`"${text}" is not a bandwidth`, {
    why: Number.isNaN(bytes)
      ? "It is a number with a unit: KB/s, MB/s or GB/s, KiB/s, MiB/s or GiB/s for bytes, kbit/s, Mbit/s or Gbit/s for bits."
      : `It is from ${formatBytes(LEAST)}/s to ${formatBytes(MOST)}/s.`,
    fix: (spell) => spell("bandwidthLimit", "50MB/s"),
  });
}

/** Checks a limit in bytes per second. @throws InputError if it is out of range */
export function checkBandwidthLimit(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= LEAST && value <= MOST)
    return value;
  throw new InputError(`${JSON.stringify(value)} is not a bandwidth in bytes a second`);
}
