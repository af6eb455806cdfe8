import { createHash } from "node:crypto";
import { MAX_PARTS, MIN_PART_BYTES } from "../../../staging/part-size.ts";
import type { FileBody } from "../../store/file-body.ts";
import type { CompletedPart } from "../../store/object-store.ts";
import { encodeCrc32 } from "../hash/crc32.ts";
import type { HashedPart } from "../hash/parts.ts";
import type { OpenUpload, UploadedPart } from "./open-uploads.ts";

/**
 * The part size of an open upload: the bytes of each part but the last. It is the usual size if the uploaded parts match it, otherwise
 * the size of the largest part. If the source had another size at that time, some parts may still have the usual size.
 * @param usual the part size of a new upload of `size` bytes
 * @returns undefined if no part is usable
 */
export function partSizeOf(uploaded: OpenUpload["parts"], size: number, usual: number): number | undefined {
  const fits = (partSize: number): boolean =>
    partSize >= MIN_PART_BYTES &&
    Math.ceil(size / partSize) <= MAX_PARTS &&
    [...uploaded].every(([number, part]) => part.size === lengthOf(number, size, partSize));
  if (fits(usual)) return usual;
  const largest = [...uploaded.values()].reduce((most, part) => Math.max(most, part.size), 0);
  if (fits(largest)) return largest;
  // The part size follows from the object's size, so a whole part of the usual size shows that the upload used that size.
  return largest === usual ? usual : undefined;
}

/** Bytes of part `number`; 0 if the object ends earlier. */
const lengthOf = (number: number, size: number, partSize: number): number =>
  Math.max(0, Math.min(partSize, size - (number - 1) * partSize));

/**
 * The completion entry of an uploaded part that equals the bytes just read. Undefined if the part must be sent: it is missing,
 * differs, or has no checksum to compare.
 *
 * S3 verified the checksum of every part that it accepted, so a mismatch is no transfer error: the source has changed, and the new
 * part replaces the uploaded one.
 */
export async function findUploadedPart(
  part: HashedPart,
  body: FileBody,
  uploaded: OpenUpload["parts"],
  signal: AbortSignal,
): Promise<CompletedPart | undefined> {
  const found = uploaded.get(part.number);
  if (found === undefined || found.size !== part.length) return undefined;
  if (found.crc32 === undefined) {
    if (!(await hasMd5(found, body, signal))) return undefined;
    body.arrived();
    return { number: part.number, etag: `"${found.etag}"`, crc32: undefined };
  }
  if (found.crc32 !== encodeCrc32(part.crc)) return undefined;
  body.arrived();
  return { number: part.number, etag: `"${found.etag}"`, crc32: found.crc32 };
}

/** Whether the ETag is the body's MD5. With KMS keys an ETag is no MD5, so `false` does not prove a difference. */
async function hasMd5({ etag }: UploadedPart, body: FileBody, signal: AbortSignal): Promise<boolean> {
  if (!/^[0-9a-f]{32}$/.test(etag)) return false;
  const md5 = createHash("md5");
  const read = async (): Promise<void> => {
    for await (const piece of body.pieces(false, signal)) md5.update(piece);
  };
  await body.withMemory(read, signal);
  return md5.digest("hex") === etag;
}
