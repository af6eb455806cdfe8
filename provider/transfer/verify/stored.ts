import { UserError } from "../../../staging/errors.ts";
import { headObject, type ObjectPlace, type StoredObject } from "../../store/stored-object.ts";
import type { FileDigest } from "../hash/digest.ts";
import { checksumMismatch } from "./mismatch.ts";

/**
 * Whether the object has the bytes of the digest; `unknown` if the server has no checksum to compare. An object of another program is
 * never accepted: this program sends a CRC32 with every upload, and writes the part size into the metadata.
 */
export function holds(object: StoredObject, size: number, digest: FileDigest): "yes" | "no" | "unknown" {
  if (object.size !== size) return "no";
  const full = object.checksums.get("CRC32/FULL_OBJECT");
  if (full !== undefined) return full === digest.fullCrc32 ? "yes" : "no";
  const composite = object.checksums.get("CRC32/COMPOSITE");
  if (composite !== undefined) return composite === digest.compositeCrc32 ? "yes" : "no";
  if (object.checksums.size > 0 || object.facts === undefined) return "no";
  const { sha256 } = object.facts;
  if (sha256 === undefined) return "unknown";
  return sha256 === digest.sha256 ? "yes" : "no";
}

/**
 * Verifies an object after its upload. S3 has verified each part; this verifies the complete object.
 * @throws UserError if the object is missing or differs
 */
export async function assertStored(
  place: ObjectPlace,
  size: number,
  digest: FileDigest,
  signal: AbortSignal,
): Promise<StoredObject> {
  const object = await headObject(place, signal);
  const url = `s3://${place.bucket}/${place.key}`;
  if (object === undefined) {
    throw new UserError(`${url} is missing right after its upload`, { fix: "Run the command again." });
  }
  if (holds(object, size, digest) === "no") {
    const why = "the size or checksum that S3 reports is not the one computed while reading.";
    throw checksumMismatch(place.bucket, place.key, why);
  }
  return object;
}
