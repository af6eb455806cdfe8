import { createHash } from "node:crypto";
import type { CompletedPart } from "@aws-sdk/client-s3";
import { UserError } from "../../staging/errors.ts";
import { encodeCrc32 } from "./crc32.ts";
import type { FileBody } from "./file-body.ts";
import type { HashedPart } from "./hashed-parts.ts";
import type { ArrivedPart, OpenUpload } from "./open-uploads.ts";
import { MAX_PARTS, MIN_PART_BYTES, type Part } from "./parts.ts";

/** What has arrived of an earlier attempt is not what the source holds now: it cannot be gone on with. */
export class SourceChangedSinceError extends UserError {
  /** @param key of the object, which starts with the staging ID */
  constructor(key: string, how: string) {
    const [id, ...path] = key.split("/");
    super(`${path.join("/")} has changed since its upload began`, {
      why: how,
      fix: `spawn stage delete ${id} --yes, then upload it again`,
    });
  }
}

/**
 * The bytes of each part but the last with which an upload was begun: the size that a new upload would have now, where
 * the parts that arrived fit it, else the one that they tell. Undefined where no size fits them all, since the source
 * then had another size.
 * @param usual what a new upload of `size` bytes would have
 */
export function partSizeOf(arrived: OpenUpload["arrived"], size: number, usual: number): number | undefined {
  const fits = (partSize: number): boolean =>
    partSize >= MIN_PART_BYTES &&
    Math.ceil(size / partSize) <= MAX_PARTS &&
    [...arrived].every(([number, part]) => part.size === lengthOf(number, size, partSize));
  if (fits(usual)) return usual;
  const largest = [...arrived.values()].reduce((most, part) => Math.max(most, part.size), 0);
  return fits(largest) ? largest : undefined;
}

/** Bytes of part `number`; 0 where the object ends before. */
const lengthOf = (number: number, size: number, partSize: number): number =>
  Math.max(0, Math.min(partSize, size - (number - 1) * partSize));

/**
 * The entry for the completion of a part that has arrived with the very bytes that were just read; undefined where it
 * has to be sent, because it did not arrive or because the server gives nothing to compare it by.
 *
 * S3 checked every part against its checksum when it took it, so a difference is no damage on the way: the
 * source has changed.
 * @throws SourceChangedSinceError for a part that has arrived with other bytes
 */
export async function arrivedAs(
  part: HashedPart,
  body: FileBody,
  arrived: OpenUpload["arrived"],
  key: string,
  signal: AbortSignal,
): Promise<CompletedPart | undefined> {
  const found = arrived.get(part.number);
  if (found === undefined) return undefined;
  if (found.size !== part.length) throw changedIn(part, key);
  if (found.crc32 === undefined) {
    if (!(await hasMd5(found, body, signal))) return undefined;
    body.arrived();
    return { PartNumber: part.number, ETag: `"${found.etag}"` };
  }
  if (found.crc32 !== encodeCrc32(part.crc)) throw changedIn(part, key);
  body.arrived();
  return { PartNumber: part.number, ETag: `"${found.etag}"`, ChecksumCRC32: found.crc32 };
}

/** An ETag that differs says nothing: with KMS keys it is no MD5. */
async function hasMd5({ etag }: ArrivedPart, body: FileBody, signal: AbortSignal): Promise<boolean> {
  if (!/^[0-9a-f]{32}$/.test(etag)) return false;
  const md5 = createHash("md5");
  const read = () => body.read(async (piece) => void md5.update(piece), false, signal);
  await body.withMemory(read, signal);
  return md5.digest("hex") === etag;
}

function changedIn({ offset, length }: Part, key: string): SourceChangedSinceError {
  const last = offset + length - 1;
  return new SourceChangedSinceError(key, `Its bytes ${offset} to ${last} are not those that arrived then.`);
}
