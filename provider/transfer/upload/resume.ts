import { createHash } from "node:crypto";
import { MAX_PARTS, MIN_PART_BYTES } from "../../../staging/part-size.ts";
import type { FileBody } from "../../store/file-body.ts";
import type { CompletedPart } from "../../store/object-store.ts";
import { encodeCrc32 } from "../hash/crc32.ts";
import type { HashedPart } from "../hash/parts.ts";
import type { ArrivedPart, OpenUpload } from "./open-uploads.ts";

/**
 * The bytes of each part but the last with which an upload was begun: the size that a new upload would have now, where
 * the parts that arrived fit it, else the one that they tell. Of a source that had another size then, some parts may still
 * be of the usual size. Undefined where no part can be used.
 * @param usual what a new upload of `size` bytes would have
 */
export function partSizeOf(arrived: OpenUpload["arrived"], size: number, usual: number): number | undefined {
  const fits = (partSize: number): boolean =>
    partSize >= MIN_PART_BYTES &&
    Math.ceil(size / partSize) <= MAX_PARTS &&
    [...arrived].every(([number, part]) => part.size === lengthOf(number, size, partSize));
  if (fits(usual)) return usual;
  const largest = [...arrived.values()].reduce((most, part) => Math.max(most, part.size), 0);
  if (fits(largest)) return largest;
  // Part sizes come from the object's size: a whole part of the usual size tells that this one was used then, too.
  return largest === usual ? usual : undefined;
}

/** Bytes of part `number`; 0 where the object ends before. */
const lengthOf = (number: number, size: number, partSize: number): number =>
  Math.max(0, Math.min(partSize, size - (number - 1) * partSize));

/**
 * The entry for the completion of a part that has arrived with the very bytes that were just read; undefined where it
 * has to be sent, because it did not arrive or because the server gives nothing to compare it by.
 *
 * S3 checked every part against its checksum when it took it, so a difference is no damage on the way: the source has
 * changed, and the part is sent again in place of the one that arrived.
 */
export async function arrivedAs(
  part: HashedPart,
  body: FileBody,
  arrived: OpenUpload["arrived"],
  signal: AbortSignal,
): Promise<CompletedPart | undefined> {
  const found = arrived.get(part.number);
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

/** An ETag that differs says nothing: with KMS keys it is no MD5. */
async function hasMd5({ etag }: ArrivedPart, body: FileBody, signal: AbortSignal): Promise<boolean> {
  if (!/^[0-9a-f]{32}$/.test(etag)) return false;
  const md5 = createHash("md5");
  const read = async (): Promise<void> => {
    for await (const piece of body.pieces(false, signal)) md5.update(piece);
  };
  await body.withMemory(read, signal);
  return md5.digest("hex") === etag;
}
