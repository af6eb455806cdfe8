import { errorName } from "../../../connection/errors/failure.ts";
import type { ObjectPlace } from "../../store/stored-object.ts";

/** An uploaded part in the server's listing. */
export interface UploadedPart {
  readonly size: number;
  /** Without quotes. Usually the MD5 of the part in hex, but not if the bucket encrypts with KMS keys. */
  readonly etag: string;
  /** Base64; undefined if the server stores none. */
  readonly crc32: string | undefined;
}

/** A multipart upload that is neither completed nor aborted. */
export interface OpenUpload {
  readonly id: string;
  /** Whether the server stores a full-object checksum; otherwise it stores a composite of the parts' checksums, or none. */
  readonly fullObject: boolean;
  /** The uploaded parts by number. */
  readonly parts: ReadonlyMap<number, UploadedPart>;
}

/**
 * The open upload of a key with the most parts; undefined if there is none. S3 is the journal of the uploaded parts, so any machine
 * can resume an upload after any crash.
 */
export async function findOpenUpload(
  place: ObjectPlace,
  signal: AbortSignal,
): Promise<OpenUpload | undefined> {
  let best: OpenUpload | undefined;
  for await (const found of openUploads(place, signal)) {
    if (best === undefined || found.parts.size > best.parts.size) best = found;
  }
  return best;
}

/** All open uploads of a key. */
export async function* openUploads(
  place: ObjectPlace,
  signal: AbortSignal,
): AsyncGenerator<OpenUpload, void, void> {
  const { store, bucket, key } = place;
  for await (const upload of store.listUploads({ bucket, prefix: key }, signal)) {
    // The prefix also matches longer keys.
    if (upload.key !== key) continue;
    const found = await readUpload(place, upload.uploadId, signal);
    if (found !== undefined) yield found;
  }
}

/** The parts of one upload; undefined if it was completed or aborted after the listing. */
async function readUpload(
  { store, bucket, key }: ObjectPlace,
  id: string,
  signal: AbortSignal,
): Promise<OpenUpload | undefined> {
  const parts = new Map<number, UploadedPart>();
  let fullObject = false;
  try {
    for await (const part of store.listParts({ bucket, key, uploadId: id }, signal)) {
      const { size, etag, crc32 } = part;
      parts.set(part.number, { size, etag: etag.replaceAll('"', ""), crc32 });
      fullObject = part.fullObject;
    }
  } catch (error) {
    if (errorName(error) === "NoSuchUpload") return undefined;
    throw error;
  }
  return { id, fullObject, parts };
}
