import { errorName } from "../../../connection/errors/failure.ts";
import { storeOf } from "../../store/store-of.ts";
import type { ObjectPlace } from "../verify/stored.ts";

/** A part that has arrived, as the server lists it. */
export interface ArrivedPart {
  readonly size: number;
  /** Without quotes. Usually the MD5 of the part in hex, but not where the bucket encrypts with KMS keys. */
  readonly etag: string;
  /** Base64; undefined where the server keeps none. */
  readonly crc32: string | undefined;
}

/** A multipart upload that was begun and neither completed nor aborted. */
export interface OpenUpload {
  readonly id: string;
  /** Whether the server keeps a checksum of the whole object; otherwise one made of the parts' checksums, or none. */
  readonly fullObject: boolean;
  /** By number. */
  readonly arrived: ReadonlyMap<number, ArrivedPart>;
}

/**
 * The open upload of a key that has the most parts; undefined where there is none. S3 itself is the journal of what has
 * arrived, so that an upload is resumed from any machine and after any crash.
 * @param pageSize parts to ask for at once; S3 gives at most 1,000
 */
export async function findOpenUpload(
  place: ObjectPlace,
  signal: AbortSignal,
  pageSize?: number,
): Promise<OpenUpload | undefined> {
  let best: OpenUpload | undefined;
  for await (const found of openUploads(place, signal, pageSize)) {
    if (best === undefined || found.arrived.size > best.arrived.size) best = found;
  }
  return best;
}

/** All open uploads of a key. @param pageSize parts to ask for at once */
export async function* openUploads(
  place: ObjectPlace,
  signal: AbortSignal,
  pageSize?: number,
): AsyncGenerator<OpenUpload, void, void> {
  for await (const id of uploadIds(place, signal)) {
    const found = await readUpload(place, id, signal, pageSize);
    if (found !== undefined) yield found;
  }
}

async function* uploadIds(place: ObjectPlace, signal: AbortSignal): AsyncGenerator<string, void, void> {
  const { client, bucket, key } = place;
  for await (const upload of storeOf(client).listUploads({ bucket, prefix: key }, signal)) {
    // The prefix also finds the keys that only begin like this one.
    if (upload.key === key) yield upload.uploadId;
  }
}

/** The parts of one upload; undefined where it was completed or aborted since it was listed. */
async function readUpload(
  { client, bucket, key }: ObjectPlace,
  id: string,
  signal: AbortSignal,
  pageSize: number | undefined,
): Promise<OpenUpload | undefined> {
  const arrived = new Map<number, ArrivedPart>();
  let fullObject = false;
  try {
    for await (const part of storeOf(client).listParts({ bucket, key, uploadId: id, pageSize }, signal)) {
      const { size, etag, crc32 } = part;
      arrived.set(part.number, { size, etag: etag.replaceAll('"', ""), crc32 });
      fullObject = part.fullObject;
    }
  } catch (error) {
    if (errorName(error) === "NoSuchUpload") return undefined;
    throw error;
  }
  return { id, fullObject, arrived };
}
