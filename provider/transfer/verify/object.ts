import { NO_SHA256 } from "../../../staging/manifest.ts";
import {
  compareObjects,
  type ObjectPlace,
  type StoredObject,
  withChecksums,
} from "../../store/stored-object.ts";
import type { Fault } from "./region.ts";

/** The recorded properties of one object. */
export interface ExpectedObject {
  /** Undefined if the record has no size, as for the manifest. */
  readonly size: number | undefined;
  /** Lower-case hex; absent or `none` if it was not computed. */
  readonly sha256?: string;
}

/** A correct object in another region. */
export interface Reference {
  readonly place: ObjectPlace;
  readonly object: StoredObject;
  readonly region: string;
}

/**
 * Compares one object with the staged one without reading it: by its size, by the SHA-256 and spawn's mark in its metadata, and by
 * the checksums or the ETag of the same object in another region.
 * @returns undefined if they are equal
 */
export async function faultOf(
  place: ObjectPlace,
  object: StoredObject | undefined,
  { size, sha256 }: ExpectedObject,
  reference: Reference | undefined,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  if (object === undefined) return missing(place);
  if (size !== undefined && object.size !== size) return wrongSize(place, object.size, size);
  if (reference !== undefined && object.etag !== "" && object.etag === reference.object.etag)
    return undefined;
  if (object.facts === undefined)
    return { state: "different", why: `another program wrote ${urlOf(place)}`, key: place.key };
  const known = sha256 === NO_SHA256 ? undefined : sha256;
  const stored = object.facts.sha256;
  if (known !== undefined && stored !== undefined && stored !== known) {
    return different(place, "another SHA-256 in its metadata than was recorded");
  }
  if (reference === undefined) return undefined;
  const [other, own] = await Promise.all([
    withChecksums(reference.object, reference.place, signal),
    withChecksums(object, place, signal),
  ]);
  if (compareObjects(other, own) !== "differs") return undefined;
  return different(place, `another checksum and another ETag than the object in ${reference.region}`);
}

const urlOf = ({ bucket, key }: Omit<ObjectPlace, "store">): string => `s3://${bucket}/${key}`;

export const missing = (place: Omit<ObjectPlace, "store">): Fault => ({
  state: "missing",
  why: `${urlOf(place)} is missing`,
  key: place.key,
});

const different = (place: Omit<ObjectPlace, "store">, how: string): Fault => ({
  state: "different",
  why: `${urlOf(place)} has ${how}`,
  key: place.key,
});

export const wrongSize = (place: Omit<ObjectPlace, "store">, size: number, expected: number): Fault =>
  different(place, `${size} bytes instead of ${expected}`);

export const wrongSha256 = (place: Omit<ObjectPlace, "store">): Fault =>
  different(place, "another SHA-256 than was recorded");

/** Listings and HEAD responses have times of different precision. */
export const wholeSecond = (time: Date): number => Math.floor(time.getTime() / 1000);
