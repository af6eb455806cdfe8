import { InputError } from "./errors.ts";
import { exclusionOf } from "./exclude.ts";
import { ID_PREFIX } from "./ids.ts";
import { entryPrefix } from "./manifest.ts";
import { isPrefix, isS3Url, parseS3Url } from "./s3-url.ts";

/** What an upload reads, and the entry that it writes. */
export interface OverlapCase {
  /** A path, or an `s3://` URL. */
  readonly source: string;
  readonly exclude?: readonly string[] | undefined;
  /** The staging ID under which the upload writes. */
  readonly id: string;
}

/**
 * Refuses a source on S3 that would contain the objects of its own entry: the upload would copy its copies without end.
 * Another entry's prefix in the same bucket is a valid source, and so is a prefix of the user's own.
 * @param buckets in which the upload writes, or S3 replicates what it writes
 * @throws InputError that names the bucket and the ways out
 */
export function refuseOverlap({ source, exclude = [], id }: OverlapCase, buckets: Iterable<string>): void {
  if (!isS3Url(source)) return;
  const place = parseS3Url(source);
  if (![...buckets].includes(place.bucket)) return;
  const own = entryPrefix(id);
  if (place.key.startsWith(own))
    throw overlaps(source, place.bucket, "It names the entry that is to be made.");
  if (!isPrefix(place) || !own.startsWith(place.key)) return;
  if (exclusionOf(exclude, { locations: [source.replace(/\/$/, "")] }).excludes(own.slice(place.key.length)))
    return;
  throw overlaps(source, place.bucket, "The upload would copy its own copies without end.");
}

/** Whether the bucket of a URL is the alias of an access point, behind which any bucket may be. */
export const isAccessPointAlias = (bucket: string): boolean => bucket.endsWith("-s3alias");

/** A source that holds what its upload writes. */
export class OverlapError extends InputError {}

/** The error for a source that holds, or leads to, what its upload writes. */
export const overlaps = (source: string, bucket: string, why: string): OverlapError =>
  new OverlapError(`${source} overlaps the entry that is to be made from it`, {
    why: `${bucket} is a staging bucket of this environment. ${why}`,
    fix: `To stage one entry again: s3://${bucket}/${ID_PREFIX}…/. To stage the rest of the bucket: --exclude '/${ID_PREFIX}*/'`,
  });
