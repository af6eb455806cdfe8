import { InputError } from "../errors.ts";
import { formatBytes, GIB } from "../units.ts";
import { MAX_DISK_BYTES, MIN_DISK_BYTES } from "./keys.ts";

/** Space for the system, logs and the command's own files, beside the data. */
const SPARE_GIB = 16;

/**
 * The size of a worker's root volume in GiB: the data × 1.1 + 16 GiB, or the user's size.
 * @throws InputError if the data do not fit beside the system, or need more than the largest volume
 */
export function diskGib(dataBytes: number, chosenBytes: number | undefined): number {
  if (chosenBytes !== undefined) {
    if (chosenBytes >= dataBytes + MIN_DISK_BYTES) return Math.ceil(chosenBytes / GIB);
    throw new InputError(
      `disk: ${formatBytes(chosenBytes)} is too small for ${formatBytes(dataBytes)} of data`,
      {
        why: `The system needs ${formatBytes(MIN_DISK_BYTES)} beside the data.`,
        fix: `Leave disk out, or write disk: ${defaultGib(dataBytes)} GB`,
      },
    );
  }
  const gib = defaultGib(dataBytes);
  if (gib * GIB <= MAX_DISK_BYTES) return gib;
  throw new InputError(`${formatBytes(dataBytes)} of data do not fit on a volume`, {
    why: `A gp3 volume has at most ${formatBytes(MAX_DISK_BYTES)}.`,
    fix: "Stage the data in parts, for several sweeps.",
  });
}

/** In whole numbers, because 0.1 has no exact form. */
const defaultGib = (bytes: number): number => Math.ceil((bytes * 11) / (10 * GIB)) + SPARE_GIB;
