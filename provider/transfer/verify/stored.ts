import { GetObjectAttributesCommand, HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { UserError } from "../../../staging/errors.ts";
import { errorName, isNotFound } from "../../store/aws-errors.ts";
import type { Owned } from "../../store/expected-owner.ts";
import { late } from "../../store/late-command.ts";
import { type ObjectHeaders, objectHeaders } from "../../store/object-headers.ts";
import { type Billed, paidFor } from "../../store/request-payer.ts";
import type { FileDigest } from "../hash/digest.ts";
import { checksumMismatch } from "./mismatch.ts";
import { type ObjectFacts, parseObjectMetadata } from "./object-facts.ts";

const ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;

/** A checksum that the server computed: `CRC32/FULL_OBJECT` names what it is of. */
export type Checksums = ReadonlyMap<string, string>;

/** An object as the server has it. */
export interface StoredObject {
  readonly size: number;
  readonly etag: string;
  readonly versionId: string | undefined;
  readonly lastModified: Date;
  readonly headers: ObjectHeaders;
  readonly metadata: Record<string, string>;
  /** Metadata entries that S3 cannot put into headers. */
  readonly missingMetadata: number;
  /** What this program wrote into its metadata; undefined for another program's object. */
  readonly facts: ObjectFacts | undefined;
  readonly checksums: Checksums;
  /** Of a source: PENDING, COMPLETED or FAILED, for all destinations together. Of a replica: REPLICA. */
  readonly replication: string | undefined;
}

/** Where an object is. */
export interface ObjectPlace extends Billed, Owned {
  readonly client: S3Client;
  readonly bucket: string;
  readonly key: string;
}

/** The current version of an object; undefined when there is none, or no such bucket. */
export async function headObject(place: ObjectPlace, signal: AbortSignal): Promise<StoredObject | undefined> {
  const command = late(HeadObjectCommand, {
    Bucket: place.bucket,
    Key: place.key,
    ChecksumMode: "ENABLED",
    ...paidFor(place),
  });
  try {
    const head = await place.client.send(command, { abortSignal: signal });
    return {
      size: head.ContentLength ?? 0,
      etag: head.ETag ?? "",
      versionId: head.VersionId,
      lastModified: head.LastModified ?? new Date(0),
      headers: objectHeaders(head),
      metadata: head.Metadata ?? {},
      missingMetadata: head.MissingMeta ?? 0,
      facts: parseObjectMetadata(head.Metadata),
      checksums: checksumsIn(head),
      replication: head.ReplicationStatus,
    };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The object's checksums, asked for separately where a HEAD does not have them. */
export async function withChecksums(
  object: StoredObject,
  place: ObjectPlace,
  signal: AbortSignal,
): Promise<StoredObject> {
  if (object.checksums.size > 0) return object;
  const command = new GetObjectAttributesCommand({
    Bucket: place.bucket,
    Key: place.key,
    ...(object.versionId === undefined ? {} : { VersionId: object.versionId }),
    ObjectAttributes: ["Checksum"],
    ...paidFor(place),
  });
  try {
    const { Checksum } = await place.client.send(command, { abortSignal: signal });
    return { ...object, checksums: checksumsIn(Checksum ?? {}) };
  } catch (error) {
    // Not every server has the method, and not every role may call it; the ETag is compared then.
    if (["NotImplemented", "MethodNotAllowed", "AccessDenied"].includes(errorName(error))) return object;
    throw error;
  }
}

type ChecksumFields = {
  readonly [A in (typeof ALGORITHMS)[number] as `Checksum${A}`]?: string | undefined;
} & {
  readonly ChecksumType?: string | undefined;
};

function checksumsIn(fields: ChecksumFields): Checksums {
  const found = new Map<string, string>();
  for (const algorithm of ALGORITHMS) {
    const value = fields[`Checksum${algorithm}`];
    if (value === undefined) continue;
    // Servers from before the type was invented tell by the number of parts at the end.
    const type = fields.ChecksumType ?? (/-\d+$/.test(value) ? "COMPOSITE" : "FULL_OBJECT");
    found.set(`${algorithm}/${type}`, value);
  }
  return found;
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
