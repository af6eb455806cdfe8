import { InputError } from "./errors.ts";
import { formatBytes, GIB, MIB } from "./units.ts";

/** Limits of S3. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const MAX_PARTS = 10_000;
export const MIN_PART_BYTES = 5 * MIB;
export const MAX_PART_BYTES = 5 * GIB;
export const MAX_OBJECT_BYTES = MAX_PARTS * MAX_PART_BYTES;

/** Bytes of a part, and the maximum size of a single request. */
export const DEFAULT_PART_BYTES = 16 * MIB;
/** Bytes of a part for a small object that is uploaded in parts on request. */
const SMALL_PART_BYTES = MIN_PART_BYTES;

/**
 * Bytes of each part but the last, for an object of `size` bytes; 0 for a single request. The default, up to 10,000
 * parts; then whole MiB.
 * @param multipart uploads small objects in parts, too, except empty ones
 * @throws InputError if the object is too large for S3
 */
export function partSizeFor(size: number, multipart = false): number {
  if (size > MAX_OBJECT_BYTES) {
    throw new InputError(`${formatBytes(size)} is more than S3 can hold in one object`, {
      why: `An object has at most ${MAX_PARTS} parts of at most ${formatBytes(MAX_PART_BYTES)}.`,
    });
  }
  if (size <= DEFAULT_PART_BYTES) return multipart && size > 0 ? SMALL_PART_BYTES : 0;
  return Math.max(DEFAULT_PART_BYTES, Math.ceil(size / MAX_PARTS / MIB) * MIB);
}

/** Bytes of a part of a server-side copy, and the maximum size of a single request. */
const COPY_PART_BYTES = 32 * MIB;

/** Bytes of each part but the last, for a server-side copy; 0 for a single request. */
export function copyPartSize(size: number): number {
  return size <= COPY_PART_BYTES ? 0 : Math.max(COPY_PART_BYTES, partSizeFor(size));
}

/** Part copies in flight: the bytes pass between S3's regions, not through this machine. */
export const COPIED_PARTS_IN_FLIGHT = 16;

/**
 * Bytes of a copied part, if parts may differ from the source's: few requests for large objects, and more than {@link
 * COPIED_PARTS_IN_FLIGHT} parts as early as possible.
 */
export const SMALLEST_COPIED_PART = 64 * MIB;
const LARGEST_COPIED_PART = 256 * MIB;

/** Bytes of each part but the last, for a copy that need not keep its source's parts. */
export function copiedPartSize(size: number, sourcePartSize: number): number {
  const wanted = Math.ceil(size / (4 * COPIED_PARTS_IN_FLIGHT) / MIB) * MIB;
  return Math.max(SMALLEST_COPIED_PART, Math.min(wanted, LARGEST_COPIED_PART), sourcePartSize);
}
