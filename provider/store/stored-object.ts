import { errorName } from "../../connection/errors/failure.ts";
import type { Owned } from "./expected-owner.ts";
import { type ObjectFacts, parseObjectMetadata } from "./object-facts.ts";
import type { Billed, ObjectHead, ObjectStore } from "./object-store.ts";

/** An object on the server, and the facts that this program stored in its metadata. */
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
  /** Undefined if another program created the object. */
  readonly facts: ObjectFacts | undefined;
}

/** The location of an object. */
export interface ObjectPlace extends Billed, Owned {
  readonly store: ObjectStore;
  readonly bucket: string;
  readonly key: string;
}

/** The current version of an object; undefined if there is none, or no such bucket. */
export async function headObject(
  { store, bucket, key, requestPayer }: ObjectPlace,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  const head = await store.head({ bucket, key, requestPayer }, signal);
  return head && { ...head, facts: parseObjectMetadata(head.metadata) };
}

/** The object with its checksums. Reads them separately if the HEAD did not return them. */
export async function withChecksums(
  object: StoredObject,
  { store, bucket, key, requestPayer }: ObjectPlace,
  signal: AbortSignal,
): Promise<StoredObject> {
  if (object.checksums.size > 0) return object;
  try {
    const address = { bucket, key, versionId: object.versionId, requestPayer };
    return { ...object, checksums: await store.checksums(address, signal) };
  } catch (error) {
    // Some servers lack the method, and some roles the permission. Then the ETags are compared.
    if (["NotImplemented", "MethodNotAllowed", "AccessDenied"].includes(errorName(error))) return object;
    throw error;
  }
}

/** The current version of an object with its checksums; undefined if there is none. */
export async function headWithChecksums(
  place: ObjectPlace,
  signal: AbortSignal,
): Promise<StoredObject | undefined> {
  const found = await headObject(place, signal);
  return found && withChecksums(found, place, signal);
}

/** How two objects were found equal, or `differs`. */
export type Comparison = "checksum" | "etag" | "differs";

/**
 * Compares an object with its source: by a kind of checksum that the server computed for both, otherwise by size and
 * ETag, which are equal for equal bytes in equal parts.
 */
export function compareObjects(source: StoredObject, copy: StoredObject): Comparison {
  if (source.size !== copy.size) return "differs";
  const isSame = sameChecksums(source, copy, "");
  if (isSame !== undefined) return isSame ? "checksum" : "differs";
  return source.etag !== "" && source.etag === copy.etag ? "etag" : "differs";
}

/** Whether all checksums are equal that both objects have as a whole; undefined if there are none. */
export const sameWholeChecksums = (one: StoredObject, other: StoredObject): boolean | undefined =>
  sameChecksums(one, other, "/FULL_OBJECT");

function sameChecksums(one: StoredObject, other: StoredObject, ending: string): boolean | undefined {
  const common = [...one.checksums].filter(([kind]) => kind.endsWith(ending) && other.checksums.has(kind));
  if (common.length === 0) return undefined;
  return common.every(([kind, value]) => other.checksums.get(kind) === value);
}

/** The SHA-256 of the whole object that S3 computed, lower-case hex; undefined if it has none. */
export function wholeSha256({ checksums }: StoredObject): string | undefined {
  const found = checksums.get("SHA256/FULL_OBJECT");
  return found === undefined ? undefined : Buffer.from(found, "base64").toString("hex");
}

/** Whether the object was created from parts: its ETag then ends in their number. */
export const isInParts = ({ etag }: { readonly etag: string }): boolean => /-\d+"?$/.test(etag);
