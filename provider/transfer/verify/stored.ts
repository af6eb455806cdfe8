import type { S3Client } from "@aws-sdk/client-s3";
import { errorName } from "../../../connection/errors/failure.ts";
import { UserError } from "../../../staging/errors.ts";
import type { Owned } from "../../store/expected-owner.ts";
import type { ObjectHead } from "../../store/object-store.ts";
import type { Billed } from "../../store/request-payer.ts";
import { storeOf } from "../../store/store-of.ts";
import type { FileDigest } from "../hash/digest.ts";
import { checksumMismatch } from "./mismatch.ts";
import { type ObjectFacts, parseObjectMetadata } from "./object-facts.ts";

/** An object as the server has it, and what this program wrote into its metadata. */
export interface StoredObject
  extends Pick<
    ObjectHead,
    | "size"
    | "etag"
    | "versionId"
    | "lastModified"
    | "headers"
    | "metadata"
    | "missingMetadata"
    | "checksums"
    | "replication"
  > {
  /** Undefined for another program's object. */
  readonly facts: ObjectFacts | undefined;
}

/** Where an object is. */
export interface ObjectPlace extends Billed, Owned {
  readonly client: S3Client;
  readonly bucket: string;
  readonly key: string;
}

/** The current version of an object; undefined when there is none, or no such bucket. */
export async function headObject(
  { client, bucket, key, requestPayer }: ObjectPlace,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  const head = await storeOf(client).head({ bucket, key, requestPayer }, signal);
  return head && { ...head, facts: parseObjectMetadata(head.metadata) };
}

/** The object's checksums, asked for separately where a HEAD does not have them. */
export async function withChecksums(
  object: StoredObject,
  { client, bucket, key, requestPayer }: ObjectPlace,
  signal: AbortSignal,
): Promise<StoredObject> {
  if (object.checksums.size > 0) return object;
  try {
    const address = { bucket, key, versionId: object.versionId, requestPayer };
    return { ...object, checksums: await storeOf(client).checksums(address, signal) };
  } catch (error) {
    // Not every server has the method, and not every role may call it; the ETag is compared then.
    if (["NotImplemented", "MethodNotAllowed", "AccessDenied"].includes(errorName(error))) return object;
    throw error;
  }
}

/** What two objects were compared by, the same; or that they differ. */
export type Comparison = "checksum" | "etag" | "differs";

/**
 * Compares an object with its source: by a checksum of the same kind that the server computed of both, else by size and
 * ETag, which agree for equal bytes in equal parts.
 */
export function compareObjects(source: StoredObject, copy: StoredObject): Comparison {
  if (source.size !== copy.size) return "differs";
  const common = [...source.checksums].filter(([kind]) => copy.checksums.has(kind));
  if (common.length > 0) {
    return common.every(([kind, value]) => copy.checksums.get(kind) === value) ? "checksum" : "differs";
  }
  return source.etag !== "" && source.etag === copy.etag ? "etag" : "differs";
}

/**
 * Whether the object holds the bytes of a file that was read, as far as the server has checksums to tell. What this program
 * did not write is never taken for it: it sends a CRC32 with everything, and says the size of the parts in the metadata.
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
 * The object after an upload. Each part was checked when it arrived; this checks that they became one object.
 * @throws UserError when it is not there or not the same
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
