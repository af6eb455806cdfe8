import { InputError } from "./errors.ts";
import { GIB, KIB, MIB, TIB } from "./units.ts";

/** Bytes of each unit. As in every size that spawn shows, KB, MB, GB and TB are powers of 1,024. */
export const BYTE_UNITS = {
  KB: KIB,
  MB: MIB,
  GB: GIB,
  TB: TIB,
  KiB: KIB,
  MiB: MIB,
  GiB: GIB,
  TiB: TIB,
} as const;

/** The regular expression of a size. */
export const SIZE_PATTERN = "^\\d{1,9}(\\.\\d{1,6})? ?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$";

const PATTERN = new RegExp(SIZE_PATTERN);

/**
 * Parses `200 GB` or `1.5TiB`.
 * @returns bytes, rounded up to a whole number
 * @throws InputError if `text` is not a number with a unit
 */
export function parseSize(text: string): number {
  const match = PATTERN.exec(text);
  if (match === null) {
    throw new InputError(`"${text}" is not a size`, {
      why: `A size is a number with a unit: ${Object.keys(BYTE_UNITS).join(", ")}.`,
      ...(/^\d{1,9}$/.test(text) ? { fix: `For gigabytes: ${text} GB` } : {}),
    });
  }
  return Math.ceil(Number.parseFloat(text) * BYTE_UNITS[match[2] as keyof typeof BYTE_UNITS]);
}
